"""Changing the rate of a stream as it arrives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edgehar.data.resampling import lowpass, rate_ratio
from edgehar.streaming.grid import TimeGrid
from edgehar.streaming.sources import Block
from edgehar.streaming.streamer import Flush, FlushReason


class StreamResampler:
    """`edgehar.data.resample` on a stream, in numpy alone: the same filter, whatever the chunks; SciPy is its oracle.

    An output needs the inputs on both sides of it, so it is made when the input is `reach` samples ahead
    (0.5 s from 50 Hz to 20 Hz) and carries the time at which it stands, not the time at which it was made.
    Inputs count as evenly spaced: `TimeGrid` makes them so.

    Args:
        from_hz: rate of the input.
        to_hz: rate wanted.
        channels: values of a sample.

    Raises:
        DataError: a ratio of rates with terms over 1000.
    """

    def __init__(self, from_hz: float, to_hz: float, channels: int = 3) -> None:
        ratio = rate_ratio(from_hz, to_hz)
        self._up, self._down = ratio.numerator, ratio.denominator
        taps = lowpass(self._up, self._down)
        half = len(taps) // 2
        self.reach = half // self._up + 1
        offsets = np.arange(-self.reach, self.reach + 1)
        index = half + np.arange(self._up)[:, None] - offsets * self._up
        inside = (index >= 0) & (index < len(taps))
        self._weights = np.where(inside, taps[np.clip(index, 0, len(taps) - 1)], 0.0)[:, :, None]
        self._channels = channels
        self.clear()

    def clear(self) -> None:
        """Forget the input, as after a gap."""
        self._x = np.zeros((0, self._channels))
        self._t = np.zeros(0, np.int64)
        # Row 0 of the buffers is input number `_first`; the next output is number `_next`.
        self._first, self._next = -self.reach, 0

    def push(self, x: NDArray[np.floating], t_us: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Take (N, channels) samples without gaps and their times, return those outputs that can now be made."""
        if len(x) and not len(self._t):
            # The first sample is held before the start: a phone at rest read gravity then as well.
            self._x, self._t = np.repeat(x[:1].astype(np.float64), self.reach, axis=0), np.repeat(t_us[:1], self.reach)
        self._x = np.concatenate([self._x, x])
        self._t = np.concatenate([self._t, t_us])
        samples, times = [], []
        while True:
            centre, phase = divmod(self._next * self._down, self._up)
            row = centre - self._first
            if row + self.reach >= len(self._x):
                break
            near = self._x[row - self.reach : row + self.reach + 1]
            samples.append(np.add.reduce(self._weights[phase] * near, axis=0))
            step = int(self._t[row + 1]) - int(self._t[row])
            times.append(int(self._t[row]) + step * phase // self._up)
            self._next += 1
        done = max(0, min(self._next * self._down // self._up - self._first - self.reach, len(self._x)))
        self._x, self._t, self._first = self._x[done:], self._t[done:], self._first + done
        return np.array(samples, np.float32).reshape(-1, self._channels), np.array(times, np.int64)


def resample_blocks(blocks: Iterable[Block], from_hz: float, to_hz: float, channels: int = 3) -> Iterator[Block]:
    """Unlabelled blocks at another rate, by the samples' own times: jitter and drift are evened out first.

    What is not finite or goes back, and a pause of over two periods of the slower rate, flushes and is passed on.

    Raises:
        DataError: a ratio of rates with terms over 1000.
    """
    grid, resampler = TimeGrid(from_hz), StreamResampler(from_hz, to_hz, channels)
    longest = 2 * math.floor(1e6 / min(from_hz, to_hz) + 0.5)
    kept: int | None = None
    for block in blocks:
        finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(block.x), axis=1)
        keep: list[int] = []
        for i, t in enumerate(block.t_us.tolist()):
            reason: FlushReason | None = None
            if not finite[i]:
                reason = "nan"
            elif kept is not None:
                reason = "backward" if t < kept else "gap" if t - kept > longest else None
            if reason is not None:
                if keep:
                    yield Block(*resampler.push(*grid.push(block.x[keep], block.t_us[keep])))
                    keep = []
                grid.clear()
                resampler.clear()
                yield Block(np.zeros((0, channels), np.float32), np.zeros(0, np.int64), None, Flush(t, reason))
            if finite[i] and t != kept:
                keep.append(i)
            kept = t if finite[i] else None
        yield Block(*resampler.push(*grid.push(block.x[keep], block.t_us[keep])))
