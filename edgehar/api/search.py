"""`edgehar.search`: small networks by accuracy, flash and multiply-accumulates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehar.api.recordings import Read, Recordings, open_dataset, source_of
from edgehar.claims import claimed
from edgehar.data import DataSource
from edgehar.errors import EdgeharError
from edgehar.extras import require
from edgehar.training.run import RunPlan
from edgehar.training.search import Candidate, OnCandidate, SearchPlan, study_file
from edgehar.training.search import search as run_search
from edgehar.training.search_space import read_budget

#: Options of a training that have no place in a search.
FIXED = {"arch", "refit", "teachers", "teacher", "share"}


@dataclass(frozen=True)
class SearchResult:
    """The Pareto front of macro-F1, flash and multiply-accumulates, the cheapest first, and all candidates.

    Attributes:
        folder: holds study.db, candidates.csv and front.csv.
        dataset: name of the data set.
    """

    folder: Path
    dataset: str
    front: list[Candidate]
    candidates: list[Candidate]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the front."""
        return {"dataset": self.dataset, "front": [asdict(item) for item in self.front]}


def search(
    dataset: Recordings,
    *,
    budget: str | Mapping[str, int] = "flash=24k,macs=500k",
    trials: int = 50,
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    read: Read = DataSource.open,
    on_candidate: OnCandidate | None = None,
    **options: Any,
) -> SearchResult:
    """Search the family of small networks; validation people decide, those of the test split are not touched.

    Args:
        budget: limits of `flash` and `ram` (bytes) and `macs` (multiply-accumulates of a window).
        trials: architectures to train, in all; a folder's study goes on until it has as many.
        jobs: trainings at a time.
        out: folder of the study; `runs/search-seedSEED` by default.
        options: as in `edgehar.train`; each candidate is trained by the recipe of `micro`, once, and without teachers,
            since those would cost more than it does.
    Raises:
        DataError: too few people or windows.
        EdgeharError: the folder holds another search, or nothing is within the budget.
        MissingExtra: a package is not installed.
    """
    require("search", "tensorflow", "sklearn", "optuna")
    fixed = sorted(FIXED & options.keys())
    if fixed:
        raise EdgeharError(f"expected options that a search does not decide itself, got {fixed[0]!r}")
    source = source_of(dataset)
    asked = RunPlan.of({} if source is None else source.to_dict(), "micro", {**options, "teachers": 0})
    plan = SearchPlan(asked, read_budget(budget) if isinstance(budget, str) else dict(budget))
    recordings = open_dataset(dataset, read)
    if recordings.sources or asked.match:
        raise EdgeharError("expected recordings of one set, and no match: a search neither balances sets nor matches")
    folder = default_folder(asked.recipe.seed) if out is None else Path(out)
    with claimed(folder), study_file(folder):
        front, candidates = run_search(plan, recordings, folder, trials=trials, jobs=jobs, on_candidate=on_candidate)
    return SearchResult(folder, recordings.name, front, candidates)


def default_folder(seed: int) -> Path:
    """Where a study lies for which no place was named."""
    return Path("runs") / f"search-seed{seed}"
