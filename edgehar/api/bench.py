"""`edgehar.bench`: the runtimes of a bundle side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar import extras, models
from edgehar.api.recordings import Read, Recordings, open_dataset
from edgehar.benchmark.environment import environment
from edgehar.benchmark.results import ResultFolder
from edgehar.benchmark.run import DEFAULT, QUICK, choose_rows, run
from edgehar.benchmark.targets import import_measure
from edgehar.benchmark.testset import TestSet, golden_test_set, pick_test_set
from edgehar.bundle import Bundle, open_bundle
from edgehar.claims import claimed
from edgehar.data import DataSource
from edgehar.errors import EdgeharError, MissingExtra
from edgehar.files import require_folder

if TYPE_CHECKING:
    from edgehar.benchmark.environment import EnvironmentJson
    from edgehar.benchmark.results import ResultsJson

#: In place of a data set: the windows that the bundle carries.
GOLDEN = "golden"

#: Threads of one inference: more than a machine has would only take its memory.
MOST_THREADS = 256


@dataclass(frozen=True)
class BenchResult:
    """What `bench` measured.

    Attributes:
        folder: where results.json, samples.csv and env.json are.
        results: what results.json holds.
        environment: what env.json holds.
    """

    folder: Path
    results: ResultsJson
    environment: EnvironmentJson

    @property
    def measured(self) -> bool:
        """Whether any runtime could be measured."""
        return any(row["status"] == "ok" for row in self.results["rows"])

    def to_dict(self) -> ResultsJson:
        """JSON-ready."""
        return self.results


def bench(
    bundle: str | os.PathLike[str] = "bundle",
    dataset: Recordings | None = None,
    *,
    runtimes: Sequence[str] = (),
    hops: Sequence[int] = (),
    threads: int = 1,
    quick: bool = False,
    split: str | None = None,
    targets: Sequence[str] = (),
    out: str | os.PathLike[str] = "bench-results",
    command: Sequence[str] = ("edgehar.bench",),
    read: Read = DataSource.open,
    on_progress: Callable[[int, int, str], None] = lambda done, total, doing: None,
) -> BenchResult:
    """Measure each runtime on a bundle, each in a process of its own, rounds interleaved.

    Args:
        bundle: folder that `export` wrote.
        dataset: whose test people give the accuracy; `golden` for the windows in the bundle, which need nothing but
            the base install and give agreement with the trained model alone. None for the recordings of the model's
            training, and for the golden windows where those are not here.
        runtimes: rows by name; all by default. One that is not installed keeps its row, which says how to get it.
        hops: also time a step of the incremental model of each hop in the bundle, and count the instructions of the C
            engine at that hop, samples.
        threads: of one inference.
        quick: fewer rounds, and accuracy on a stratified subset.
        split: test people by this split; by default those whom the model has not seen.
        targets: cores whose instructions are counted under emulation, such as `cortex-m4`.
        out: folder for what was measured, written case by case.
        command: kept in env.json.
        read: opens the recordings, for those who show progress.
        on_progress: called with (steps done, steps in all, what comes next).
    Raises:
        BundleError: no bundle, or one that was changed since the export.
        EdgeharError: no such runtime or core, or a tool that the cores need is not installed.
        DataError: the recordings that are asked for cannot be read.
    """
    require_folder(out)
    if not 1 <= threads <= MOST_THREADS:
        raise EdgeharError(f"expected 1 … {MOST_THREADS} threads, got {threads}")
    plan = QUICK if quick else DEFAULT
    opened = open_bundle(Path(bundle))
    rows = choose_rows(runtimes, hops)
    for row in rows:  # damage shows before a folder is made
        if row.file in opened:
            opened.file(row.file)
    measure = import_measure(targets, opened.path) if targets else None
    around = environment(command)
    on_progress(0, 1, "cutting the test windows")
    tests = _test_set(opened, dataset, split, plan.subset, read)
    with claimed(out):
        folder = ResultFolder(Path(out), around)
        results = run(opened, rows, tests, plan, threads, folder, around, on_progress)
        for target, hop in product(targets, (None, *hops)) if measure is not None else ():
            on_progress(1, 1, f"{target}: counting instructions")
            assert measure is not None
            results["targets"].append(measure(target, hop))
            folder.write(results)
    return BenchResult(Path(out), results, around)


def _test_set(bundle: Bundle, dataset: Recordings | None, split: str | None, subset: int | None, read: Read) -> TestSet:
    """Windows of the recordings that are asked for; without a word those of the training, else the golden ones."""
    asked = dataset is not None or split is not None
    named = dataset.source if isinstance(dataset, DataSource) else dataset
    if isinstance(named, str) and named == GOLDEN:
        return golden_test_set(bundle, "as asked")
    try:
        extras.require("data", "sklearn", "scipy")
    except MissingExtra as missing:
        if asked:
            raise
        return golden_test_set(bundle, f"accuracy needs scikit-learn: pip install 'edgehar[{missing.extra}]'")
    try:
        given = None if dataset is None else open_dataset(dataset, read)
        recordings = models.open_recordings(bundle.path, given, read)
    except EdgeharError as error:
        if asked:
            raise
        return golden_test_set(bundle, str(error))
    origin = models.read_origin(bundle.path)
    if split is None and origin is not None and origin.test and origin.sha256 == recordings.sha256:
        return pick_test_set(recordings, f"leave:{','.join(origin.test)}", bundle.contract, subset, rule="training's")
    return pick_test_set(recordings, split or "published", bundle.contract, subset)
