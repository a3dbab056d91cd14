"""Samples that come when they like, on an even grid of times."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


class TimeGrid:
    """Linear interpolation between the samples that came, at the times start, start + 1/rate, start + 2/rate, …

    A clock that drifts, and jitter, do not shift the grid. Samples that come on it pass unchanged.

    Args:
        rate_hz: of the grid.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self.clear()

    def clear(self) -> None:
        """Forget the samples, as after a gap."""
        self._last: tuple[int, NDArray[np.float64]] | None = None
        self._start, self._count = 0, 0

    def push(self, x: NDArray[np.float32], t_us: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Take samples (N, 3) with rising times, µs; return those points (M, 3) of the grid that lie up to the last."""
        if not len(t_us):
            return np.zeros((0, 3)), np.zeros(0, np.int64)
        times, values = t_us.astype(np.int64), x.astype(np.float64)
        if self._last is None:
            self._start = int(times[0])
        else:
            times = np.concatenate([[self._last[0]], times])
            values = np.concatenate([self._last[1][None], values])
        self._last = int(times[-1]), values[-1]
        count = math.floor((int(times[-1]) - self._start) * self._rate / 1e6) + 2
        at = self._start + np.floor(np.arange(self._count, count) * 1e6 / self._rate + 0.5).astype(np.int64)
        at = at[at <= times[-1]]
        self._count += len(at)
        after = np.searchsorted(times, at)
        exact = times[after] == at
        before = np.where(exact, after, after - 1)
        share = np.where(exact, 0.0, (at - times[before]) / np.maximum(times[after] - times[before], 1))
        return values[before] + (values[after] - values[before]) * share[:, None], at
