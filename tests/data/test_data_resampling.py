"""Rates through SciPy, with held edges; labels, jitter and gaps are ours."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from edgehar.data import Recording, resample, split_at_gaps
from edgehar.data.resampling import rate_ratio, to_uniform
from edgehar.errors import DataError


@pytest.mark.parametrize("library", ["scipy", "numpy"])
@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(50, 20), (20, 50), (100, 20), (25, 20), (31.25, 20), (200, 20), (26, 20)]
)
def test_usual_rates(make_recording, monkeypatch, from_hz, to_hz, library):
    if library == "numpy":
        monkeypatch.setitem(sys.modules, "scipy.signal", None)
    recording = make_recording(500, from_hz)
    result = resample(recording, to_hz)
    ratio = rate_ratio(from_hz, to_hz)
    expected = signal.resample_poly(
        recording.acc.astype(np.float64), ratio.numerator, ratio.denominator, axis=0, padtype="edge"
    )
    np.testing.assert_allclose(result.acc, expected, rtol=0, atol=2e-6)
    assert result.acc.dtype == np.float32
    assert result.rate_hz == to_hz
    np.testing.assert_allclose(np.diff(result.t), 1 / to_hz, atol=1e-12)
    assert len(result) == len(result.t) == len(result.label)


def test_what_is_above_the_new_nyquist_rate_is_taken_out(make_recording):
    t = np.arange(3000) / 50
    wave = np.stack([np.sin(2 * np.pi * 2 * t), np.sin(2 * np.pi * 18 * t), t * 0], axis=1).astype(np.float32)
    result = resample(replace(make_recording(3000, 50), acc=wave), 20).acc[100:-100]
    np.testing.assert_allclose(result[:, 0], np.sin(2 * np.pi * 2 * np.arange(100, 1100) / 20), atol=0.01)
    assert np.abs(result[:, 1]).max() < 0.01


def test_a_phone_at_rest_reads_gravity_up_to_the_edges(make_recording):
    still = replace(make_recording(100, 50), acc=np.full((100, 3), 9.8, np.float32))
    np.testing.assert_allclose(resample(still, 20).acc, 9.8, rtol=2e-3)


def test_labels_are_those_of_the_nearest_sample(make_recording):
    label = np.repeat([0, 1, -1, 2], 50)
    result = resample(make_recording(200, 50, label=label), 20)
    nearest = np.floor(np.arange(len(result)) * 2.5 + 0.5).astype(int)
    np.testing.assert_array_equal(result.label, label[np.minimum(nearest, 199)])


def test_the_same_rate_changes_nothing(make_recording):
    recording = make_recording(100, 20)
    np.testing.assert_array_equal(resample(recording, 20).acc, recording.acc)


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(20 * 2**0.5, 20), (20, 0), (0, 20), (np.nan, 20), (50, -1), (1e7, 20), (1, 2000)]
)
def test_rates_that_cannot_be_resampled_are_refused(make_recording, from_hz, to_hz):
    recording = replace(make_recording(100, 20), rate_hz=from_hz)
    with pytest.raises(DataError, match=r"cannot resample|positive rates"):
        resample(recording, to_hz)


def test_jitter_is_interpolated_on_to_a_grid(make_recording):
    rng = np.random.default_rng(0)
    t = np.arange(400) / 20 + rng.uniform(-0.015, 0.015, 400)
    wave = np.stack([np.sin(2 * np.pi * t), np.cos(2 * np.pi * t), t], axis=1).astype(np.float32)
    recording = replace(make_recording(400, 20, t=t), acc=wave)
    even = to_uniform(recording)
    np.testing.assert_allclose(np.diff(even.t), 0.05, atol=1e-12)
    np.testing.assert_allclose(even.acc[:, 0], np.sin(2 * np.pi * even.t), atol=0.02)
    np.testing.assert_allclose(even.acc[:, 2], even.t, atol=1e-5)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 200))
@settings(max_examples=50, deadline=None)
def test_a_grid_never_leaves_the_recording_and_labels_are_nearest(seed, n):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.uniform(0.02, 0.09, n))
    label = rng.integers(0, 3, n).astype(np.int16)
    even = to_uniform(Recording("r", "1", t, rng.normal(size=(n, 3)).astype(np.float32), label, 20.0))
    assert even.t[0] == t[0]
    assert even.t[-1] <= t[-1] + 1e-6
    for moment, code in zip(even.t, even.label, strict=True):
        distance = np.abs(t - moment)
        assert code in label[distance <= distance.min() + 1e-9]


def test_gaps_split_and_are_refused_inside(make_recording):
    t = np.arange(300) / 20
    t[100:] += 0.06  # 0.11 s: over two periods
    t[200:] += 0.04  # 0.09 s: within two periods
    recording = make_recording(300, 20, t=t)
    parts = split_at_gaps(recording)
    assert [(part.name, len(part)) for part in parts] == [("r#1", 100), ("r#2", 200)]
    np.testing.assert_array_equal(np.concatenate([part.acc for part in parts]), recording.acc)
    with pytest.raises(DataError, match="gap"):
        resample(recording, 10)
