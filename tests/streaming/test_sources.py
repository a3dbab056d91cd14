"""Lines on standard input, recordings in blocks, and the streaming resampler."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from edgehar.contract import Contract
from edgehar.data import Dataset, Recording, resample
from edgehar.errors import DataError
from edgehar.streaming import Flush
from edgehar.streaming.resampler import StreamResampler, resample_blocks
from edgehar.streaming.sources import Block, choose_recording, recording_blocks


def made_up(count: int, rate: float, gap_at: int | None = None) -> Recording:
    t = np.arange(count) / rate
    if gap_at is not None:
        t[gap_at:] += 0.07
    rng = np.random.default_rng(9)
    label = np.repeat([0, 2, 1, -1], -(-count // 4))[:count].astype(np.int16)
    return Recording("r1", "7", t, rng.normal(0, 5, (count, 3)).astype(np.float32), label, rate)


def test_recording_blocks_are_the_resampled_recording() -> None:
    recording = made_up(1000, 50.0)
    blocks = list(recording_blocks(recording, ("walking", "skating", "sitting"), Contract(("sitting", "walking"))))
    even = resample(recording, 20.0)
    assert np.array_equal(np.concatenate([b.x for b in blocks]), even.acc)
    assert np.array_equal(np.concatenate([b.t_us for b in blocks]), np.round(even.t * 1e6).astype(np.int64))
    # Names decide, not numbers; skating is not known to the model.
    expected = np.array([1, -1, 0, -1])[even.label]
    assert np.array_equal(np.concatenate([b.truth for b in blocks]), expected)
    assert all(b.flush is None for b in blocks)


def test_a_gap_that_the_slower_rate_would_hide_flushes() -> None:
    # 90 ms is over two periods at 50 Hz and under two at 20 Hz.
    blocks = list(recording_blocks(made_up(500, 50.0, gap_at=300), ("a", "b", "c"), Contract(("a", "b"))))
    assert [b.flush for b in blocks if b.flush] == [Flush(6_070_000, "gap")]


def test_choose_recording() -> None:
    people = [("exp01", "1"), ("exp02", "1"), ("exp03", "2")]
    recordings = tuple(
        Recording(name, subject, np.zeros(1), np.zeros((1, 3), np.float32), np.zeros(1, np.int16), 20.0)
        for name, subject in people
    )
    dataset = Dataset("some", recordings, ("a",), published_test=("2",))
    assert choose_recording(dataset).name == "exp03"
    assert choose_recording(dataset, subject="1").name == "exp01"
    assert choose_recording(dataset, recording="exp02").name == "exp02"
    for wrong, message in [
        ({"recording": "exp9"}, "no recording 'exp9' in some; there are exp01, exp02, exp03"),
        ({"subject": "8"}, "no subject '8' in some; there are 1, 2"),
        ({"recording": "exp03", "subject": "1"}, "there are exp01, exp02"),
    ]:
        with pytest.raises(DataError, match=message):
            choose_recording(dataset, **wrong)


RATES = st.sampled_from([(50.0, 20.0), (100.0, 20.0), (25.0, 20.0), (10.0, 20.0), (20.0, 20.0)])


@settings(max_examples=40, deadline=None)
@given(rates=RATES, count=st.integers(0, 300), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_streaming_resampler_is_scipys(rates, count, cuts) -> None:
    x = np.random.default_rng(count).normal(0, 9, (count, 3)).astype(np.float32)
    t = (np.arange(count) * 1e6 / rates[0]).astype(np.int64)
    resampler = StreamResampler(*rates)
    bounds = [0, *sorted(cut for cut in cuts if cut <= count), count]
    parts = [resampler.push(x[a:b], t[a:b]) for a, b in pairwise(bounds)]
    got, times = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    up, down = resampler._up, resampler._down
    assert len(got) == max(0, math.ceil((count - resampler.reach) * up / down))
    if len(got):
        expected = resample_poly(x.astype(np.float64), up, down, axis=0, padtype="edge")
        np.testing.assert_allclose(got, expected[: len(got)], rtol=0, atol=4e-6)
        assert np.abs(times - np.arange(len(got)) * 1e6 / rates[1]).max() <= 1


def test_resampled_blocks_pass_on_what_flushes() -> None:
    t = np.arange(400, dtype=np.int64) * 20_000
    x = np.random.default_rng(2).normal(0, 5, (400, 3)).astype(np.float32)
    x[100] = np.nan
    t[200:] += 90_000  # a pause of over two periods of 20 Hz; shorter ones are bridged
    t[300:] -= 10**7
    t[350] = t[349]
    expected = [Flush(int(t[100]), "nan"), Flush(int(t[200]), "gap"), Flush(int(t[300]), "backward")]
    results = []
    for size in (400, 33, 1):
        blocks = [Block(x[i : i + size], t[i : i + size]) for i in range(0, 400, size)]
        out = list(resample_blocks(blocks, 50.0, 20.0))
        assert [b.flush for b in out if b.flush] == expected
        results.append((np.concatenate([b.x for b in out]), np.concatenate([b.t_us for b in out])))
    for got in results[1:]:
        assert np.array_equal(got[0], results[0][0])
        assert np.array_equal(got[1], results[0][1])
    after = StreamResampler(50.0, 20.0).push(x[200:300], t[200:300])[0]
    start = next(i for i, value in enumerate(results[0][1]) if value >= t[200])
    assert np.array_equal(results[0][0][start : start + len(after)], after)
