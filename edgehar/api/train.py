"""`edgehar.train`: a run folder with a model, its history, its figures on validation people, its manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehar.api.recordings import Read, Recordings, open_dataset, source_of
from edgehar.claims import claimed
from edgehar.contract import Contract
from edgehar.data import DataSource, Split
from edgehar.errors import EdgeharError
from edgehar.evaluation import Evaluation
from edgehar.extras import require
from edgehar.training import run
from edgehar.training.progress import Clock, TrainProgress
from edgehar.training.truth import Match

if TYPE_CHECKING:
    from edgehar.data import Dataset

#: Called after each batch.
OnProgress = Callable[[TrainProgress], None]


@dataclass(frozen=True)
class TrainResult:
    """A finished run.

    Attributes:
        folder: holds model.keras, history.csv, manifest.json and run.json.
        evaluation: on the validation people, or, where there are none, on the training people; never on test people.
        best_epoch: that was kept, from 1.
        history: one dictionary per epoch of the choice of epochs.
        manifest: what stands in manifest.json.
    """

    folder: Path
    contract: Contract
    evaluation: Evaluation
    split: Split
    best_epoch: int
    history: list[dict[str, float]]
    manifest: dict[str, Any]

    @property
    def model(self) -> Path:
        """The trained network with its contract."""
        return self.folder / run.MODEL

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the manifest."""
        return self.manifest


def train(
    dataset: Recordings | None = None,
    *,
    arch: str = "cnn",
    out: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    command: Sequence[str] = (),
    match: Match | None = None,
    read: Read = DataSource.open,
    on_progress: OnProgress = lambda progress: None,
    on_result: Callable[[TrainResult], None] = lambda result: None,
    **options: Any,
) -> TrainResult:
    """Train a network on recordings, split by person. A run that fails before its first epoch leaves nothing behind.

    Args:
        dataset: needed unless a run is resumed whose recordings have a name or a path.
        arch: `nano`, `micro`, `mini`, `cnn`, or blocks as in `conv16k9s2-sep32k5s2`.
        out: the run's folder; `runs/ARCH-seedSEED` by default.
        resume: folder of a run that was stopped, which goes on with its own options.
        command: for the manifest.
        match: label of the recordings -> labels of the model that it may mean, as in
            `{"stairs": ["upstairs", "downstairs"]}`: of such a window the sum of their probabilities is learned.
        read: opens the recordings, for those who show progress.
        on_result: called with the result while the run can still be resumed, for those who write more into the folder.
        options: what else decides a training: `seed`, `split` (`published`, `random:SHARE`, `leave:PERSON,…` or
            `none`), `validation`, `refit`, `input_layout`, `front_end`, `align` (`all`: each recording is turned by its
            own first walking, as a device that aligns turns it; `both`: the same recordings also as they are, in twice
            as many steps; by default `none`), and the attributes of `Recipe`,
            `Augmentation` and `Distillation`; by default those of the architecture's shipped model.
    Raises:
        DataError: too few people, windows or classes.
        EdgeharError: an unknown option, a value out of range, or a folder that holds another run or is written by
            another process.
        MissingExtra: TensorFlow is not installed, said before any work.
    """
    require("train", "tensorflow", "sklearn")
    if match:
        options["match"] = {name: tuple(labels) for name, labels in match.items()}
    folder, plan, recordings = _asked(dataset, arch, out, resume, options, read)
    prepared = run.prepare(plan, recordings)
    with claimed(folder):
        if resume is None:
            run.start(folder, plan)
        clock = Clock(run.stages(plan, prepared))
        try:
            done = run.run(
                plan, prepared, folder, command=command, on_batch=lambda *report: on_progress(clock.tell(*report))
            )
        except BaseException:
            if resume is None:
                run.abandon(folder)
            raise
        result = TrainResult(
            folder, done.contract, done.evaluation, done.split, done.fitted.best_epoch, done.fitted.history,
            done.manifest,
        )  # fmt: skip
        on_result(result)
        run.finish(folder)
    return result


def default_folder(arch: str, seed: int) -> Path:
    """Where a run lies for which no place was named."""
    return Path("runs") / f"{arch}-seed{seed}"


def _asked(
    dataset: Recordings | None,
    arch: str,
    out: str | os.PathLike[str] | None,
    resume: str | os.PathLike[str] | None,
    options: dict[str, Any],
    read: Read,
) -> tuple[Path, run.RunPlan, Dataset]:
    """The run's folder, its plan and its recordings."""
    if resume is not None:
        if options or out is not None:
            raise EdgeharError("expected no other option with resume: a run goes on with its own")
        folder = Path(resume)
        plan = run.read_plan(folder)
        if dataset is None and not plan.data:
            raise EdgeharError(f"expected the recordings of the run in {folder} again: they were in memory")
        where = str(folder / run.PLAN)
        return folder, plan, open_dataset(DataSource.from_dict(plan.data, where) if dataset is None else dataset, read)
    if dataset is None:
        raise EdgeharError("expected recordings to train on, such as 'hapt', a path or a table; got none")
    source = source_of(dataset)
    plan = run.RunPlan.of({} if source is None else source.to_dict(), arch, options)
    if plan.align == "measured":
        raise EdgeharError("expected to align all, both or none in a training: it measures nobody apart")
    run.require_architectures(plan.recipe)
    folder = default_folder(arch, plan.recipe.seed) if out is None else Path(out)
    return folder, plan, open_dataset(dataset, read)
