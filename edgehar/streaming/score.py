"""How good a stream's decisions were, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehar.streaming.smoothing import UNSURE
from edgehar.streaming.streamer import Decision, Flush

#: No decision in force: before the first one since the start or a flush.
NONE = -2


@dataclass(frozen=True)
class Transition:
    """A change of the true label.

    Attributes:
        t_s: when the new activity began, seconds.
        before, after: class indices.
        delay_s: seconds to the first moment at which the right label was in force; None where the activity
            ended before that.
    """

    t_s: float
    before: int
    after: int
    delay_s: float | None


@dataclass(frozen=True)
class StreamScore:
    """Truth against the label in force, sample by sample; each sample stands for one period.

    Attributes:
        seconds: labelled time in which a decision was in force.
        undecided_s: labelled time before the first decision since the start or a flush.
        right_s: time in which the label in force was the true one.
        confusion_s: float64 (classes, classes + 1), seconds, true class by decided class; the last column is unsure.
        transitions: in order of time.
    """

    seconds: float
    undecided_s: float
    right_s: float
    confusion_s: NDArray[np.float64]
    transitions: tuple[Transition, ...]

    @property
    def accuracy(self) -> float | None:
        """Share of the decided, labelled seconds that were right; None where there are none."""
        return self.right_s / self.seconds if self.seconds else None


def add_scores(scores: Sequence[StreamScore]) -> StreamScore:
    """One or more scores of the same classes as one."""
    return StreamScore(
        seconds=sum(one.seconds for one in scores),
        undecided_s=sum(one.undecided_s for one in scores),
        right_s=sum(one.right_s for one in scores),
        confusion_s=np.sum([one.confusion_s for one in scores], axis=0),
        transitions=tuple(change for one in scores for change in one.transitions),
    )


def in_force(t_us: NDArray[np.int64], events: Sequence[Decision | Flush], before: int = NONE) -> NDArray[np.int64]:
    """The label in force at each of these times, none earlier than the one before it.

    Args:
        events: what the samples of these times brought about, in order.
        before: the label in force before the first event.
    Returns:
        int64 (N,): a class index, UNSURE, or NONE.
    """
    times = np.array([event.t_us for event in events], np.int64)
    labels = np.array([before, *[event.label if isinstance(event, Decision) else NONE for event in events]], np.int64)
    return np.asarray(labels[np.searchsorted(times, t_us, side="right")])


def score(
    t_us: NDArray[np.int64],
    truth: NDArray[np.int64],
    label: NDArray[np.int64],
    *,
    classes: int,
    period_s: float,
) -> StreamScore:
    """Compare the label in force with the truth.

    Args:
        t_us: int64 (N,), times of the samples, microseconds.
        truth: int64 (N,), class index, -1 where not known.
        label: int64 (N,), the label in force: class index, UNSURE or NONE.
    """
    known = truth >= 0
    decided = known & (label != NONE)
    confusion = np.zeros((classes, classes + 1))
    np.add.at(confusion, (truth[decided], np.where(label[decided] == UNSURE, classes, label[decided])), period_s)
    return StreamScore(
        seconds=float(decided.sum()) * period_s,
        undecided_s=float((known & ~decided).sum()) * period_s,
        right_s=float((decided & (label == truth)).sum()) * period_s,
        confusion_s=confusion,
        transitions=tuple(_transitions(t_us, truth, label)),
    )


def _transitions(t_us: NDArray[np.int64], truth: NDArray[np.int64], label: NDArray[np.int64]) -> list[Transition]:
    """Each change from one known activity to another, unlabelled samples between them left out."""
    known = np.flatnonzero(truth >= 0)
    starts = known[1:][np.diff(truth[known]) != 0]
    found = []
    for start, end in pairwise([*starts.tolist(), len(truth)]):
        before, after = int(truth[known[np.searchsorted(known, start) - 1]]), int(truth[start])
        right = np.flatnonzero((label[start:end] == after) & (truth[start:end] == after))
        delay = float(t_us[start + right[0]] - t_us[start]) / 1e6 if len(right) else None
        found.append(Transition(float(t_us[start]) / 1e6, before, after, delay))
    return found
