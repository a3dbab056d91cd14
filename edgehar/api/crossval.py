"""`edgehar.crossval`: what a recipe is worth on people it has not seen, fold by fold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgehar.api.recordings import Read, Recordings, open_dataset, source_of
from edgehar.claims import claimed
from edgehar.data import DataSource
from edgehar.errors import EdgeharError
from edgehar.extras import require
from edgehar.training import run
from edgehar.training.crossval import CrossPlan, CrossResult, OnFold, cross_validate, participants
from edgehar.training.fold_adapted import Adapting
from edgehar.training.truth import Match, Truth


def crossval(
    dataset: Recordings,
    *,
    folds: int | str = "loso",
    arch: str = "cnn",
    everybody: bool = False,
    int8: bool = False,
    adapt: int | None = None,
    only: Sequence[str] | None = None,
    match: Match | None = None,
    jobs: int = 1,
    dask: str | None = None,
    out: str | os.PathLike[str] | None = None,
    read: Read = DataSource.open,
    on_fold: OnFold | None = None,
    **options: Any,
) -> CrossResult:
    """Train once for each fold, each time without its people, and measure each person by a model that knows nobody.

    Each fold's result is written as it finishes; the same call again runs what is missing.

    Args:
        folds: number of folds by person, `loso` to leave one subject out at a time, or `source` to leave one set of
            pooled recordings out: its phone, its place and its people are unseen then.
        everybody: also the people of a published test split; no choices can be made by the figures after that.
        int8: measure each fold's network quantised, too.
        adapt, only: learn each recording of a fold's people from so many labelled windows of each activity, or of these
            activities, and measure the fold's quantised network without and with that; see `evaluate`. Implies `int8`.
        match: label of the figures -> labels of the model that it may mean, as in `evaluate`. A word that the
            recordings have is learned so, too, as in `train`.
        jobs: folds at a time on this machine.
        dask: address of a Dask scheduler, to run on its cluster instead.
        out: folder of the run; `runs/crossval-ARCH-seedSEED` by default.
        options: as in `edgehar.train`, without `split`; `align` may also be `measured`: the recordings of a fold's
            people are turned by their own first walking, those of training are as they were recorded.
    Raises:
        DataError: too few people or windows.
        EdgeharError: an unknown option, a folder that holds another run, or a worker that died.
        MissingExtra: a package is not installed.
    """
    require("train", "tensorflow", "sklearn")
    if "split" in options:
        raise EdgeharError("expected no split: the folds decide who is measured")
    if only is not None and adapt is None:
        raise EdgeharError("expected adapt with only: it names the activities to learn from")
    adapting = None if adapt is None else Adapting(adapt, None if only is None else tuple(dict.fromkeys(only)))
    source = source_of(dataset)
    trained = run.RunPlan.of({} if source is None else source.to_dict(), arch, options)
    run.require_architectures(trained.recipe)
    chosen = participants(open_dataset(dataset, read), everybody)
    coarse = {name: tuple(labels) for name, labels in (match or {}).items() if name not in labels}
    learned = {name: labels for name, labels in coarse.items() if name in chosen.classes}
    plan = CrossPlan(replace(trained, match=learned), folds, everybody, int8 or adapting is not None, adapting)
    if adapting is not None:
        adapting.check(Truth.of(run.labels_of(chosen), learned).labels)
    folder = default_folder(arch, plan.run.recipe.seed) if out is None else Path(out)
    with claimed(folder):
        return cross_validate(plan, chosen, folder, jobs=jobs, dask=dask, match=match, on_fold=on_fold)


def default_folder(arch: str, seed: int) -> Path:
    """Where a run lies for which no place was named."""
    return Path("runs") / f"crossval-{arch}-seed{seed}"
