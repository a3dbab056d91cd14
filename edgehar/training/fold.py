"""A fold's file: what it must hold, and reading it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypedDict, cast

import msgspec

from edgehar.errors import DataError
from edgehar.schema import LARGE, convert, read_json
from edgehar.training.fold_adapted import AdaptedFold, AdaptedJson

#: Softmax in float32 may add up to a little more than 1.
Share = Annotated[float, msgspec.Meta(ge=0, le=1.001)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class QuantisedJson(TypedDict, total=False):
    """Entries of a fold whose quantised network was measured as well, or whose recordings were aligned."""

    int8_accuracy: float
    int8_macro_f1: float
    int8_probabilities: list[list[float]]
    adapted: AdaptedJson
    unaligned: list[str]


class FoldJson(QuantisedJson):
    """What `run_fold` returns and a fold's file holds; `Fold` is what must be in it when it is read again."""

    fold: int
    people: list[str]
    train: list[str]
    validation: list[str]
    trained_on: str
    best_epoch: int
    parameters: int
    accuracy: float
    macro_f1: float
    windows: int
    labels: list[str]
    truths: list[str]
    subject: list[str]
    truth: list[int]
    probabilities: list[list[float]]


class Fold(msgspec.Struct, frozen=True):
    """The result of a fold as `run_fold` makes it; by window: who, the true class, and the probabilities.

    A true class is an index into `truths`, which are the labels and the coarser words that allow several of them.
    """

    people: tuple[str, ...]
    accuracy: Share
    macro_f1: Share
    windows: Annotated[int, msgspec.Meta(ge=1)]
    best_epoch: Count
    labels: list[str]
    truths: list[str]
    subject: list[str]
    truth: list[Count]
    probabilities: list[list[Share]]
    int8_accuracy: Share | None = None
    int8_macro_f1: Share | None = None
    int8_probabilities: list[list[Share]] | None = None
    adapted: AdaptedFold | None = None
    unaligned: list[str] | None = None

    def check(self, where: str) -> None:
        """Raise DataError unless every window has all its entries."""
        tables = [self.probabilities, *([self.int8_probabilities] if self.int8_probabilities is not None else [])]
        lengths = {len(self.subject), len(self.truth), *map(len, tables), self.windows}
        classes = len(self.labels)
        if len(lengths) > 1 or any(len(row) != classes for table in tables for row in table):
            raise DataError(
                f"expected one entry per window and one probability per label in {where}, got other numbers"
            )
        if self.truths[:classes] != self.labels:
            raise DataError(f"expected truths that begin with the labels {self.labels} in {where}, got {self.truths}")
        if max(self.truth) >= len(self.truths):
            raise DataError(f"expected classes below {len(self.truths)} in {where}, got {max(self.truth)}")
        if self.adapted is not None:
            self.adapted.check(self.windows if self.int8_probabilities else 0, classes, where)


def read_fold(path: Path, people: tuple[str, ...]) -> FoldJson:
    """The result of a fold as its file has it.

    Raises:
        DataError: damaged, or of other people; the message says to delete it.
    """
    try:
        fold = cast("FoldJson", read_json(path, dict, limit=LARGE, error=DataError))
        found = convert(fold, Fold, str(path), error=DataError)
        if found.people != people:
            raise DataError(
                f"expected the fold of {', '.join(people)} in {path}, got that of {', '.join(found.people)}"
            )
        found.check(str(path))
    except DataError as error:
        raise DataError(f"{error}; delete it to run it again") from error
    return fold
