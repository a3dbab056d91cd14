"""Smoothing and decision: from a row of probabilities to a label that does not flicker.

All in integers, as docs/spec.md defines it, so that a microcontroller decides the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from edgehar.errors import EdgeharError

#: Label of a decision whose best score is under the threshold.
UNSURE = -1

#: One in a score (Q15).
SCORE_ONE = 1 << 15

#: One in a probability, alpha, threshold and hysteresis.
UNIT = 256

METHODS = ("ema", "majority", "none")


@dataclass(frozen=True)
class SmoothingConfig:
    """How decisions follow probabilities; fractions are in units of 1/256.

    Attributes:
        method: `ema`, `majority` or `none`.
        alpha: weight of the newest probabilities in `ema`, 1 … 256.
        votes: decisions that `majority` counts, 1 … 15.
        threshold: the best score must reach it, else the label is UNSURE, 0 … 256.
        hysteresis: lead that another label needs over the present one, 0 … 256.
        min_dwell: decisions that a label stays at least, 1 or more.

    Raises:
        EdgeharError: a value that is not an integer or is out of its range.
    """

    method: str = "ema"
    alpha: int = 128
    votes: int = 5
    threshold: int = 128
    hysteresis: int = 13
    min_dwell: int = 2

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise EdgeharError(f"expected smoothing {', '.join(METHODS)}, got {self.method!r}")
        limits = {
            "alpha": (1, UNIT),
            "votes": (1, 15),
            "threshold": (0, UNIT),
            "hysteresis": (0, UNIT),
            "min_dwell": (1, (1 << 31) - 1),
        }
        for name, (low, high) in limits.items():
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise EdgeharError(f"expected an integer {low} … {high} for {name}, got {value!r}")


def probability_units(probability: float) -> int:
    """A float model's probability in units of 1/256, 0 … 255; one that is not a number counts as 0."""
    return min(255, max(0, math.floor(probability * UNIT + 0.5))) if math.isfinite(probability) else 0


class Smoother:
    """Scores from probabilities, by the method of the configuration."""

    def __init__(self, config: SmoothingConfig, classes: int) -> None:
        self._config = config
        self._classes = classes
        self._scores: list[int] = []
        self._winners: deque[int] = deque(maxlen=config.votes)

    def clear(self) -> None:
        """Forget all earlier decisions."""
        self._scores = []
        self._winners.clear()

    def push(self, p: Sequence[int]) -> list[int]:
        """Scores in units of 1/32768, one per class, after probabilities `p` in units of 1/256 (0 … 255)."""
        if self._config.method == "majority":
            self._winners.append(p.index(max(p)))
            votes = len(self._winners)
            return [(self._winners.count(index) << 15) // votes for index in range(self._classes)]
        fresh = [value << 7 for value in p]
        if self._config.method == "none":
            return fresh
        if self._scores:
            alpha = self._config.alpha
            fresh = [score + (((value - score) * alpha) >> 8) for value, score in zip(fresh, self._scores, strict=True)]
        self._scores = fresh
        return fresh


class Decider:
    """The label in force, with threshold, hysteresis and a minimum dwell."""

    def __init__(self, config: SmoothingConfig) -> None:
        self._threshold = config.threshold << 7
        self._hysteresis = config.hysteresis << 7
        self._min_dwell = config.min_dwell
        self._label: int | None = None
        self._age = 0

    def clear(self) -> None:
        """Forget the label."""
        self._label, self._age = None, 0

    def push(self, scores: Sequence[int]) -> int:
        """The label after these scores (units of 1/32768): a class index or UNSURE."""
        best = max(scores)
        choice = scores.index(best)
        label = self._label
        if best < self._threshold:
            choice = UNSURE
        elif label is not None and label != UNSURE and choice != label and best - scores[label] < self._hysteresis:
            choice = label
        if label is not None and (choice == label or (label != UNSURE and self._age < self._min_dwell)):
            self._age += 1
            return label
        self._label, self._age = choice, 1
        return choice
