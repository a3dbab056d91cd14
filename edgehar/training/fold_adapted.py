"""What learning people is worth in a fold: its own int8 model, on its own people, without and with their profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import msgspec
import numpy as np

from edgehar.data import Windows
from edgehar.errors import DataError
from edgehar.evaluation import evaluate
from edgehar.personal.trial import require_room, try_profiles
from edgehar.runtimes import open_model

if TYPE_CHECKING:
    from edgehar.training.fold import FoldJson


@dataclass(frozen=True)
class Adapting:
    """What is learned of people in every fold.

    Attributes:
        each: labelled windows of each activity in a recording.
        only: activities to learn from; None for all.
    """

    each: int
    only: tuple[str, ...] | None = None

    def check(self, labels: Sequence[str]) -> None:
        """Raise DataError for an unknown activity or too many windows, before anything is trained."""
        require_room(labels, self.only, self.each)


class AdaptedJson(TypedDict):
    """What `adapt_fold` returns; `AdaptedFold` is the same read again."""

    unit: str
    units: int
    unlearned: list[str]
    used: int
    plain_accuracy: float
    plain_macro_f1: float
    accuracy: float
    macro_f1: float
    scored: list[int]
    probabilities: list[list[float]]


class AdaptedFold(msgspec.Struct, frozen=True):
    """A fold's file on what was learned; `scored` are indices of its windows, `probabilities` theirs with profiles."""

    unit: str
    units: Annotated[int, msgspec.Meta(ge=1)]
    unlearned: list[str]
    used: Annotated[int, msgspec.Meta(ge=1)]
    plain_accuracy: float
    plain_macro_f1: float
    accuracy: float
    macro_f1: float
    scored: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(min_length=1)]
    probabilities: list[list[Annotated[float, msgspec.Meta(ge=0, le=1.001)]]]

    def check(self, windows: int, classes: int, where: str) -> None:
        """Raise DataError unless every scored window is one of the fold's and has a probability of each class."""
        if len(self.scored) != len(self.probabilities) or any(len(row) != classes for row in self.probabilities):
            raise DataError(f"expected {classes} probabilities of each scored window in {where}, got other numbers")
        if max(self.scored) >= windows or len(set(self.scored)) != len(self.scored):
            raise DataError(f"expected scored windows below {windows}, each once, in {where}, got others")


def adapt_fold(path: Path, windows: Windows, adapting: Adapting) -> AdaptedJson:
    """JSON-ready: what a fold's file keeps; see `AdaptedFold`.

    Args:
        path: the fold's int8 `.tflite`.
        windows: of the fold's people; a class beyond the labels is a coarser word, and is not learned from.
    """
    opened = open_model(path)
    contract = opened.contract
    opened.close()
    labels = contract.labels
    own = np.where(windows.y < len(labels), windows.y, -1)
    whole = Windows(windows.x, own, windows.subject, windows.recording, windows.start, labels)
    trial = try_profiles(path, contract, whole, each=adapting.each, only=adapting.only)
    scored = whole.select(trial.scored)
    named = scored.y >= 0
    figures = [
        evaluate(answers[named], scored.y[named], scored.subject[named], labels)
        for answers in (trial.plain, trial.adapted)
    ]
    return {
        "unit": trial.unit,
        "units": trial.units,
        "unlearned": list(trial.unlearned),
        "used": trial.used,
        "plain_accuracy": figures[0].accuracy,
        "plain_macro_f1": figures[0].macro_f1,
        "accuracy": figures[1].accuracy,
        "macro_f1": figures[1].macro_f1,
        "scored": trial.scored.tolist(),
        "probabilities": [[float(str(value)) for value in row] for row in trial.adapted],
    }


def scored_folds(folds: Sequence[FoldJson]) -> list[FoldJson]:
    """The folds with the windows alone that nothing was learned from; none where nobody was learned.

    `int8_probabilities` are the quantised networks' own, `probabilities` those with profiles.
    """
    if not all(fold.get("adapted") for fold in folds):
        return []
    found: list[FoldJson] = []
    for fold in folds:
        scored, adapted = fold["adapted"]["scored"], fold["adapted"]["probabilities"]
        found.append(
            {
                **fold,
                "windows": len(scored),
                "truth": [fold["truth"][index] for index in scored],
                "subject": [fold["subject"][index] for index in scored],
                "int8_probabilities": [fold["int8_probabilities"][index] for index in scored],
                "probabilities": adapted,
            }
        )
    return found
