"""Accuracy per second, confusion and delays, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.streaming import UNSURE, Decision, Flush, SmoothingConfig, Streamer
from edgehar.streaming.score import NONE, in_force, score
from edgehar.streaming.session import Session
from edgehar.streaming.sources import Block
from tests.streaming.reference_stream import PERIOD, WINDOW, FakeInt8

SECOND = 1_000_000


def said(at_s: int, label: int) -> Decision:
    return Decision(at_s * SECOND, label, max(label, 0), (1, 2, 3), (1, 2, 3))


def test_hand_made_stream() -> None:
    t = np.arange(12, dtype=np.int64) * SECOND
    truth = np.array([0, 0, 0, 0, -1, 1, 1, 1, 2, 0, 0, 0])
    events = [said(2, 0), said(4, UNSURE), said(6, 1), Flush(9 * SECOND, "gap"), said(11, 0)]
    assert in_force(t, events).tolist() == [NONE, NONE, 0, 0, -1, -1, 1, 1, 1, NONE, NONE, 0]
    result = score(t, truth, in_force(t, events), classes=3, period_s=1.0)
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
    result = score(t, np.array([1, 1, -1, -1, 1]), in_force(t, [said(0, 1)]), classes=2, period_s=1.0)
    assert result.transitions == ()
    assert result.accuracy == 1.0


def test_no_truth_or_no_decision() -> None:
    t = np.arange(5, dtype=np.int64) * SECOND
    assert score(t, np.full(5, -1), in_force(t, [said(0, 1)]), classes=2, period_s=1.0).accuracy is None
    nothing = score(t, np.array([0, 0, 1, 1, 1]), in_force(t, []), classes=2, period_s=0.5)
    assert nothing.accuracy is None
    assert nothing.undecided_s == 2.5
    assert [c.delay_s for c in nothing.transitions] == [None]


def test_session_keeps_the_label_in_force_where_times_go_back() -> None:
    runtime = FakeInt8()
    count = 6 * WINDOW
    t = np.arange(count, dtype=np.int64) * PERIOD
    t[3 * WINDOW :] -= 2 * WINDOW * PERIOD
    x = np.random.default_rng(6).normal(0, 9, (count, 3)).astype(np.float32)
    x[5 * WINDOW] = np.nan
    config = SmoothingConfig(method="none", threshold=0, min_dwell=1)
    histories = []
    for size in (count, 5):
        session = Session(Streamer(runtime, hop=2, smoothing=config), runtime.contract, keep=True)
        blocks = [Block(x[i : i + size], t[i : i + size]) for i in range(0, count, size)]
        shown = [event for events in session.run(blocks) for event in events]
        histories.append(session.history())
        assert list(histories[-1].events) == shown
        assert session.summary().flushes == {"backward": 1, "nan": 1}
    assert np.array_equal(histories[0].label, histories[1].label)
    label = histories[0].label.reshape(6, WINDOW)
    # A window of samples has to come before the first decision, at the start and after each flush.
    assert (label[0, :-1] == NONE).all()
    assert (label[0, -1], label[3, -2]) == (histories[0].events[0].label, NONE)
    assert (label[3, -1] >= 0, label[5].tolist()) == (True, [NONE] * WINDOW)
    assert np.array_equal(histories[0].x[: 5 * WINDOW], x[: 5 * WINDOW])


def test_session_keeps_nothing_without_truth() -> None:
    runtime = FakeInt8()
    session = Session(Streamer(runtime), runtime.contract)
    x = np.zeros((500, 3), np.float32)
    assert list(session.run([Block(x, np.arange(500, dtype=np.int64) * PERIOD)]))
    assert len(session.history().x) == 0
    assert session.summary().decisions == 25
    assert sum(session.summary().label_s.values()) == pytest.approx(25.0)
