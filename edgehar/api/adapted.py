"""The part of `edgehar.evaluate` that learns people: an int8 model with a last layer of each recording's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar import data, models
from edgehar.contract import Contract
from edgehar.data import Dataset, Windows
from edgehar.errors import BundleError, DataError, EdgeharError
from edgehar.evaluation import Evaluation, Matching, evaluate
from edgehar.personal.trial import try_profiles

INT8 = "model_int8.tflite"


@dataclass(frozen=True)
class Adapted:
    """What learning people did to a model's figures.

    Attributes:
        each: windows of each activity that were learned from.
        only: the activities; None for all.
        unit: what has a profile of its own, `recording` or `person`; `units` of them.
        unlearned: names of those with too few windows to learn from; the model's own answers count there.
        used: windows that were learned from.
        left_out: windows that are in no figure, since they share samples with those; `used` among them.
        figures: with profiles, of the same windows as the model's figures without.
    """

    each: int
    only: tuple[str, ...] | None
    unit: str
    units: int
    unlearned: tuple[str, ...]
    used: int
    left_out: int
    figures: Evaluation

    def notes(self) -> list[str]:
        """What a reader of the figures must know, one line each."""
        notes = [
            f"learned from {self.used} windows of {self.units - len(self.unlearned)} {self.unit}s; {self.left_out} "
            "windows are in no figure: those, and what shares samples with them"
        ]
        if self.unlearned:
            notes.append(
                f"too few windows to learn from in {len(self.unlearned)} of {self.units} {self.unit}s "
                f"({', '.join(self.unlearned[:6])}{', …' if len(self.unlearned) > 6 else ''}): the model as it was "
                "counts there"
            )
        return notes

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "windows_of_each": self.each,
            "only": None if self.only is None else list(self.only),
            "unit": self.unit,
            "units": self.units,
            "unlearned": list(self.unlearned),
            "used_windows": self.used,
            "left_out_windows": self.left_out,
            "figures": self.figures.to_dict(),
        }


def int8_of(paths: Sequence[Path], whole: bool) -> Path:
    """The one of a model's files that can learn people.

    Args:
        whole: whether they are a bundle's.
    Raises:
        BundleError: a bundle without an int8 `.tflite`.
        EdgeharError: an ONNX model.
    """
    if whole:
        found = [path for path in paths if path.name == INT8]
        if not found:
            raise BundleError(
                f"expected {INT8} in {paths[0].parent} to adapt, got {', '.join(path.name for path in paths)}; "
                "export it with --int8"
            )
        return found[0]
    if paths[0].suffix.lower() not in (".keras", ".tflite"):
        raise EdgeharError(
            f"expected an int8 .tflite, a bundle or a .keras to adapt, got {paths[0].name}; give the int8 .tflite that "
            "edgehar export --int8 writes beside it"
        )
    return paths[0]


@contextmanager
def adaptable(path: Path, recordings: Dataset, trained: Sequence[str]) -> Iterator[Path]:
    """The int8 `.tflite` to adapt: the file itself, or what an export would make of a `.keras`.

    Args:
        recordings: those that are measured.
        trained: whom of them the model was trained on; their windows calibrate.
    Raises:
        DataError: a `.keras` and none of its training people.
    """
    if path.suffix.lower() != ".keras":
        yield path
        return
    if not trained:
        raise DataError(
            f"expected an int8 model to adapt, got {path.name} and no recordings of its training people to quantise "
            f"it with in {recordings.name}; export it first (edgehar export --int8 --model {path}), evaluate the bundle"
        )
    from edgehar.convert.quantised import int8_model

    model, contract = models.load(path)
    training = data.cut_windows(recordings, contract).of_subjects(trained)
    with int8_model(model, contract, training) as own:
        yield own


def measure_adapted(
    path: Path,
    contract: Contract,
    known: Windows,
    own: NDArray[np.int64],
    matching: Matching,
    *,
    each: int,
    only: Sequence[str] | None,
    runtime: str | None,
    on_progress: Callable[[int, int], None],
) -> tuple[Evaluation, Adapted]:
    """The figures of an int8 `.tflite` without and with profiles, over the windows that nothing was learned from.

    Args:
        known: windows with the figures' labels.
        own: int64 (W,), the model's label of each, -1 where the recordings' label is a coarser one.
    Raises:
        DataError, ContractError: as `try_profiles`.
    """
    asked = tuple(dict.fromkeys(only)) if only is not None else None
    whole = Windows(known.x, own, known.subject, known.recording, known.start, contract.labels)
    trial = try_profiles(path, contract, whole, each=each, only=asked, runtime=runtime, on_progress=on_progress)
    scored = known.select(trial.scored)
    plain, adapted = (
        evaluate(matching.merge(answers), scored.y, scored.subject, scored.labels)
        for answers in (trial.plain, trial.adapted)
    )
    counts = trial.unit, trial.units, trial.unlearned, trial.used, len(known) - len(scored)
    return plain, Adapted(each, asked, *counts, adapted)
