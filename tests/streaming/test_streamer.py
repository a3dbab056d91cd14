"""Laws of the streamer: equal to the specification, whatever the chunks, and to cutting windows first."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.data import load, resample
from edgehar.errors import DataError, EdgeharError
from edgehar.streaming import Decision, Flush, SmoothingConfig, Streamer
from edgehar.streaming.model import open_stream_model
from edgehar.streaming.ring import SampleRing
from edgehar.streaming.sources import choose_recording
from tests.streaming.reference_stream import LABELS, PERIOD, WINDOW, FakeFloat, FakeInt8, ReferenceStream

# Steps that each set off one rule, beside the ordinary ones; the limits stand on both sides.
STEPS = st.sampled_from([PERIOD] * 12 + [1, 2 * PERIOD, 2 * PERIOD + 1, 10**9, 0, 0, -1, -PERIOD, -(10**9)])
VALUES = [0.0, 9.81, -9.81, 0.0625, -0.0625, 3.3, 1e30, -15.9]
ODD = st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e300])
CONFIGS = st.builds(
    SmoothingConfig,
    method=st.sampled_from(["ema", "majority", "none"]),
    alpha=st.integers(1, 256),
    votes=st.integers(1, 15),
    threshold=st.sampled_from([0, 60, 128, 200, 256]),
    hysteresis=st.sampled_from([0, 13, 100, 256]),
    min_dwell=st.integers(1, 5),
)


#: Microseconds of a run of steps at one rate: the model's, the last within 10 % of it, the first beyond, and far off.
RUNS = st.sampled_from([PERIOD] * 6 + [45_455, 45_454, 55_555, 55_556, 9_615, 90_000])


@st.composite
def streams(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Samples (N, 3), some not finite, and their times: runs at a rate, with irregular steps between them."""
    steps: list[int] = []
    for _ in range(draw(st.integers(0, 6))):
        steps += [draw(RUNS)] * draw(st.integers(1, 30)) + draw(st.lists(STEPS, max_size=2))
    count = len(steps)
    seed = draw(st.integers(0, 2**32 - 1))
    x = np.random.default_rng(seed).choice(VALUES, (count, 3))
    for row in draw(st.lists(st.integers(0, max(0, count - 1)), max_size=3)):
        if count:
            x[row, draw(st.integers(0, 2))] = draw(ODD)
    return x, np.cumsum(np.array(steps, np.int64)) + draw(st.sampled_from([0, 1_700_000_000_000_000]))


def chunked(streamer: Streamer, x: np.ndarray, t: np.ndarray | None, cuts: list[int]) -> list[Decision | Flush]:
    bounds = [0, *sorted(cut for cut in cuts if cut <= len(x)), len(x)]
    events: list[Decision | Flush] = []
    for start, stop in pairwise(bounds):
        events += streamer.push(x[start:stop], None if t is None else t[start:stop])
    return events


@settings(max_examples=150, deadline=None)
@given(
    stream=streams(),
    cuts=st.lists(st.integers(0, 180), max_size=12),
    hop=st.integers(1, 25),
    config=CONFIGS,
    kind=st.sampled_from([FakeInt8, FakeFloat]),
    timed=st.booleans(),
)
def test_equals_the_specification_for_any_chunks(stream, cuts, hop, config, kind, timed) -> None:
    x, t = stream
    runtime = kind()
    reference = ReferenceStream(runtime, hop, config)
    with np.errstate(over="ignore"):
        samples = x.astype(np.float32)
    expected = [event for i in range(len(x)) for event in reference.push(samples[i], int(t[i]) if timed else None)]
    streamer = Streamer(runtime, hop=hop, smoothing=config)
    assert chunked(streamer, x, t if timed else None, cuts) == expected
    streamer.reset()
    assert streamer.push(x, t if timed else None) == expected


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 200), hop=st.integers(1, 30), kind=st.sampled_from([FakeInt8, FakeFloat]))
def test_equals_windows_cut_first(count, hop, kind) -> None:
    runtime = kind()
    x = np.random.default_rng(count).normal(0, 8, (count, 3)).astype(np.float32)
    windows = [x[start : start + WINDOW] for start in range(0, count - WINDOW + 1, hop)]
    probabilities = runtime.predict(np.stack(windows)) if windows else np.zeros((0, len(LABELS)))
    p = np.minimum(255, np.floor(probabilities.astype(np.float64) * 256 + 0.5)).astype(int)
    decisions = Streamer(runtime, hop=hop).push(x, np.arange(count) * PERIOD)
    assert [d.p for d in decisions] == [tuple(row) for row in p.tolist()]
    assert [d.t_us for d in decisions] == [(start * hop + WINDOW - 1) * PERIOD for start in range(len(windows))]


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 14), min_size=20, max_size=60), window=st.integers(1, 12))
def test_ring_holds_the_last_samples(sizes, window) -> None:
    ring = SampleRing(window, 3, np.float32)
    everything = np.arange(3 * sum(sizes), dtype=np.float32).reshape(-1, 3)
    done = 0
    for size in sizes:
        ring.extend(everything[done : done + size])
        done += size
        assert np.array_equal(ring.window(), everything[max(0, done - window) : done])
        assert len(ring) == min(done, window)
        assert ring.window().flags.c_contiguous


def steady(count: int, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(3).normal(0, 5, (count, 3)), start + np.arange(count) * PERIOD


def test_times_mixed_with_none_go_on_one_period_later() -> None:
    streamer = Streamer(FakeInt8(), hop=1)
    x, t = steady(WINDOW)
    streamer.push(x, t + 123)
    (decision,) = streamer.push(x[:1])
    assert decision.t_us == t[-1] + 123 + PERIOD


@pytest.mark.parametrize(("step", "holds"), [(45_454, False), (45_455, True), (55_555, True), (55_556, False)])
def test_a_rate_is_off_from_a_tenth_on(step, holds) -> None:
    x, _ = steady(4 * WINDOW)
    events = Streamer(FakeInt8(), hop=1).push(x, np.arange(len(x)) * step)
    assert all(isinstance(event, Decision) for event in events) == holds
    assert len(events) == (3 * WINDOW + 1 if holds else (4 * WINDOW - 1) // (WINDOW // 2))
    assert holds or set(events) == {Flush(event.t_us, "rate") for event in events}


def test_a_dropped_sample_advances_the_clock_of_untimed_ones() -> None:
    x, _ = steady(2 * WINDOW)
    x[2] = np.nan
    events = Streamer(FakeInt8(), hop=1).push(x)
    assert events[0] == Flush(2 * PERIOD, "nan")
    assert events[1].t_us == (2 + WINDOW) * PERIOD


def test_flush_starts_smoothing_anew() -> None:
    x, t = steady(4 * WINDOW)
    t[2 * WINDOW :] += 10**6
    streamer = Streamer(FakeInt8(), hop=3)
    events = streamer.push(x, t)
    cut = next(i for i, event in enumerate(events) if isinstance(event, Flush))
    fresh = Streamer(FakeInt8(), hop=3).push(x[2 * WINDOW :], t[2 * WINDOW :])
    assert events[cut] == Flush(int(t[2 * WINDOW]), "gap")
    assert events[cut + 1 :] == fresh


def test_duplicates_are_counted_and_change_nothing() -> None:
    x, t = steady(3 * WINDOW)
    plain = Streamer(FakeInt8(), hop=2).push(x, t)
    streamer = Streamer(FakeInt8(), hop=2)
    assert streamer.push(np.repeat(x, 3, axis=0), np.repeat(t, 3)) == plain
    assert streamer.duplicates == 2 * len(x)


def test_times_at_the_ends_of_int64_wrap_alike_in_and_between_chunks() -> None:
    ends = np.array([-(2**63), 2**63 - 1, -(2**63), 0, 2**63 - 1, 5], np.int64)
    x = np.ones((len(ends), 3))
    whole = Streamer(FakeInt8())
    single = Streamer(FakeInt8())
    events = whole.push(x, ends)
    assert events == [event for i in range(len(x)) for event in single.push(x[i : i + 1], ends[i : i + 1])]
    assert events


def test_no_warning_on_wild_values() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in (FakeInt8, FakeFloat):
            Streamer(kind()).push(np.full((WINDOW, 3), 3e38), np.arange(WINDOW) * PERIOD)
            Streamer(kind()).push(np.full((WINDOW, 3), 1e300), np.arange(WINDOW) * PERIOD)


@pytest.mark.parametrize("hop", [0, -1, 2.5, True, "20", None])
def test_bad_hop(hop) -> None:
    with pytest.raises(EdgeharError, match="hop"):
        Streamer(FakeInt8(), hop=hop)


@pytest.mark.parametrize(
    ("samples", "times", "message"),
    [
        (np.zeros((4, 2)), None, r"shape \(N, 3\)"),
        (np.zeros(3), None, r"shape \(N, 3\)"),
        ([["a", "b", "c"]], None, "3 numbers"),
        (np.zeros((4, 3)), np.zeros(3, int), "4 integer times"),
        (np.zeros((4, 3)), np.zeros(4), "4 integer times"),
    ],
)
def test_bad_samples(samples, times, message) -> None:
    with pytest.raises(DataError, match=message):
        Streamer(FakeInt8()).push(samples, times)


def test_nothing_gives_nothing() -> None:
    streamer = Streamer(FakeInt8())
    assert streamer.push([]) == []
    assert streamer.push(np.zeros((0, 3)), np.zeros(0, np.int64)) == []


@pytest.fixture(scope="module")
def shipped(bundle):
    return open_stream_model(bundle)


def test_shipped_model_in_any_chunks_equals_windows_cut_whole(shipped) -> None:
    dataset = load("hapt")
    recording = resample(choose_recording(dataset), shipped.contract.rate_hz)
    x, hop = recording.acc[:1500], 13
    t = np.floor(recording.t[:1500] * 1e6 + 0.5).astype(np.int64)
    windows = np.stack([x[start : start + 80] for start in range(0, len(x) - 79, hop)])
    expected = shipped.outputs(windows).astype(int) + 128
    whole = Streamer(shipped, hop=hop).push(x, t)
    assert [d.p for d in whole] == [tuple(row) for row in expected.tolist()]
    cuts = np.random.default_rng(11).integers(0, len(x), 60).tolist()
    assert chunked(Streamer(shipped, hop=hop), x, t, cuts) == whole


def test_float_model_in_any_chunks_equals_windows_cut_whole(bundle) -> None:
    model = open_stream_model(bundle, "litert-float")
    x = resample(choose_recording(load("hapt")), 20.0).acc[:400]
    windows = np.stack([x[start : start + 80] for start in range(0, len(x) - 79, 20)])
    expected = np.minimum(255, np.floor(model.predict(windows).astype(np.float64) * 256 + 0.5)).astype(int)
    decisions = chunked(Streamer(model), x, None, [7, 7, 100, 333])
    assert [d.p for d in decisions] == [tuple(row) for row in expected.tolist()]
