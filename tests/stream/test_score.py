"""Accuracy per second, confusion and delays, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.stream import UNSURE, Decision, Flush
from edgehar.stream.score import NONE, in_force, score

SECOND = 1_000_000


def said(at_s: int, label: int) -> Decision:
    return Decision(at_s * SECOND, label, max(label, 0), (1, 2, 3), (1, 2, 3))


def test_hand_made_stream() -> None:
    t = np.arange(12, dtype=np.int64) * SECOND
    truth = np.array([0, 0, 0, 0, -1, 1, 1, 1, 2, 0, 0, 0])
    events = [said(2, 0), said(4, UNSURE), said(6, 1), Flush(9 * SECOND, "gap"), said(11, 0)]
    assert in_force(t, events).tolist() == [NONE, NONE, 0, 0, -1, -1, 1, 1, 1, NONE, NONE, 0]
    result = score(t, truth, events, classes=3, period_s=1.0)
    assert result.undecided_s == 4
    assert result.seconds == 7
    assert result.right_s == 5
    assert result.accuracy == pytest.approx(5 / 7)
    assert result.confusion_s.tolist() == [[3, 0, 0, 0], [0, 2, 0, 1], [0, 1, 0, 0]]
    assert [(c.t_s, c.before, c.after, c.delay_s) for c in result.transitions] == [
        (5.0, 0, 1, 1.0),
        (8.0, 1, 2, None),
        (9.0, 2, 0, 2.0),
    ]


def test_a_pause_within_one_activity_is_no_transition() -> None:
    t = np.arange(5, dtype=np.int64) * SECOND
    result = score(t, np.array([1, 1, -1, -1, 1]), [said(0, 1)], classes=2, period_s=1.0)
    assert result.transitions == ()
    assert result.accuracy == 1.0


def test_no_truth_or_no_decision() -> None:
    t = np.arange(5, dtype=np.int64) * SECOND
    assert score(t, np.full(5, -1), [said(0, 1)], classes=2, period_s=1.0).accuracy is None
    nothing = score(t, np.array([0, 0, 1, 1, 1]), [], classes=2, period_s=0.5)
    assert nothing.accuracy is None
    assert nothing.undecided_s == 2.5
    assert [c.delay_s for c in nothing.transitions] == [None]
