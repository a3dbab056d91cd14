"""Samples on an even grid of times, whatever their own times and their chunks."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.streaming.grid import TimeGrid
from edgehar.streaming.resampler import resample_blocks
from edgehar.streaming.sources import Block


@pytest.mark.parametrize("rate", [50.0, 62.5, 60.0, 99.7])
def test_points_are_those_of_numpy_whatever_the_chunks(rate):
    rng = np.random.default_rng(1)
    t = np.cumsum(rng.integers(3_000, 40_000, 700)).astype(np.int64)
    x = rng.normal(0, 5, (700, 3)).astype(np.float32)
    whole, at = TimeGrid(rate).push(x, t)
    assert np.array_equal(at, t[0] + np.floor(np.arange(len(at)) * 1e6 / rate + 0.5).astype(np.int64))
    assert t[-1] - 1e6 / rate - 1 < at[-1] <= t[-1]
    for axis in range(3):
        np.testing.assert_allclose(whole[:, axis], np.interp(at, t, x[:, axis]), atol=1e-12)
    for size in (1, 7, 300):
        grid = TimeGrid(rate)
        parts = [grid.push(x[i : i + size], t[i : i + size]) for i in range(0, 700, size)]
        assert np.array_equal(np.concatenate([values for values, _ in parts]), whole)
        assert np.array_equal(np.concatenate([times for _, times in parts]), at)


def test_what_is_even_passes_unchanged_and_a_grid_begins_anew():
    t = np.arange(100, dtype=np.int64) * 20_000 + 7
    x = np.random.default_rng(2).normal(0, 5, (100, 3)).astype(np.float32)
    grid = TimeGrid(50.0)
    for start in (0, 5_000_000):
        values, at = grid.push(x, t + start)
        assert np.array_equal(values, x) and np.array_equal(at, t + start)
        grid.clear()


def test_a_clock_that_drifts_does_not_move_the_signal():
    """A sine of 2 Hz, told 4 % too fast with jitter: at 20 Hz it has the phase that its times say."""
    rng = np.random.default_rng(3)
    t = (np.arange(6_000) * 20_800 + rng.integers(-3_000, 3_000, 6_000)).astype(np.int64)
    x = np.repeat(np.sin(2 * np.pi * 2 * t / 1e6)[:, None], 3, axis=1).astype(np.float32)
    blocks = list(resample_blocks([Block(x, t)], 50.0, 20.0))
    got, at = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("x", "t_us"))
    assert all(block.flush is None for block in blocks) and set(np.diff(at)) == {50_000}
    late = slice(-200, -20)  # two minutes on, where counting samples would be off by 4 s
    np.testing.assert_allclose(got[late, 0], np.sin(2 * np.pi * 2 * at[late] / 1e6), atol=0.05)
