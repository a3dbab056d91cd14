"""From samples to what a window holds, in integers: rotation and front end (docs/spec.md, "Sample path").

Samples are integers in Q8, 1/256 m/s². The C engine computes the same to the bit (firmware_ref/src/edgehar_front.c).
The only step that must go sample by sample is the mean that gravity is told by; all else is done on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION, Channel, acceleration_at, channels_text, turnable, vectors
from edgehar.errors import EdgeharError

#: Rotations are in Q14; no entry of one is larger, so that sums of three products hold in 32 bits.
ROTATION_ONE = 1 << 14
#: Steps of 1 m/s², and the largest value, 127.996 m/s².
UNIT, LARGEST = 256, 32767
#: Inside the front end: 54.7 m/s² for each axis, so that sums of three products hold in 32 bits.
LARGEST_INSIDE = 14_000
#: Samples after which gravity's mean forgets, and the shift by which it then does.
MEAN_SAMPLES, MEAN_SHIFT = 32, 5
#: Standard gravity in Q8.
GRAVITY = 2511


def to_q8(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    """floor(v * 256 + 0.5) in float32 arithmetic, kept within ±`LARGEST`; int64 of the same shape.

    Args:
        samples: finite float32, m/s².
    """
    edge = np.float32(LARGEST / UNIT)
    kept = np.minimum(np.maximum(np.asarray(samples, np.float32), -edge), edge)
    rounded: NDArray[np.int64] = np.floor(kept * np.float32(UNIT) + np.float32(0.5)).astype(np.int64)
    return rounded


def from_q8(values: NDArray[np.int64]) -> NDArray[np.float32]:
    """Q8 as float32 in m/s², exactly."""
    return values.astype(np.float32) / np.float32(UNIT)


def rotate(values: NDArray[np.int64], rotation: Sequence[int]) -> NDArray[np.int64]:
    """Samples (N, 3) turned by a 3 × 3 matrix in Q14, given row by row; rounded half up, kept within ±`LARGEST`."""
    turned: NDArray[np.int64] = (values @ np.array(rotation, np.int64).reshape(3, 3).T + 8192) >> 14
    return np.clip(turned, -LARGEST, LARGEST)


def whole_root(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole square roots, rounded down; exact, since a float64 holds all values and roots are rounded correctly."""
    return np.sqrt(values.astype(np.float64)).astype(np.int64)


class PocketFrontEnd:
    """Along gravity, across gravity, and the tilt of the z axis, for a phone that lies in a pocket in any way.

    Gravity is the mean of the samples since the last `clear`, from 32 samples on an exponential one (1.6 s at 20 Hz).
    The result does not change by more than rounding when all samples are turned about z, turned over, or negated.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget gravity."""
        self._sums, self._count = [0, 0, 0], 0

    def push(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take samples (N, 3) in Q8; whatever the chunks, the same outputs.

        Returns:
            int64 (N, 3) in Q8: along gravity (at rest about +9.8 m/s²), across it (0 or more), tilt (0 … 9.8 m/s²).
        """
        v = np.clip(values, -LARGEST_INSIDE, LARGEST_INSIDE)
        g = self._gravity(v)
        length = np.maximum(whole_root((g * g).sum(axis=1)), 1)
        along = _truncated((v * g).sum(axis=1), length)
        across = whole_root(np.maximum((v * v).sum(axis=1) - along * along, 0))
        tilt = np.abs(g[:, 2]) * GRAVITY // length
        return np.stack([along, across, tilt], axis=1)

    def _gravity(self, v: NDArray[np.int64]) -> NDArray[np.int64]:
        """Gravity (N, 3) in Q8 after each sample."""
        fine = (v << 8).T.tolist()
        early = min(len(v), max(0, MEAN_SAMPLES - self._count))
        sums = []
        for axis, values in enumerate(fine):
            now, means = self._sums[axis], []
            for count, value in enumerate(values[:early], self._count + 1):
                away = value - now
                now += away // count if away >= 0 else -(-away // count)
                means.append(now)
            means += list(accumulate(values[early:], _follow, initial=now))[1:]
            sums.append(means)
            self._sums[axis] = means[-1] if means else now
        self._count = min(MEAN_SAMPLES, self._count + len(v))
        return (np.array(sums, np.int64) >> 8).T


def apply_front_end(name: str, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """An uninterrupted stream (N, 3) in m/s² through a contract's front end; through `none` it comes out as it is."""
    return samples if name == "none" else from_q8(PocketFrontEnd().push(to_q8(samples)))


class SamplePath:
    """A stream's samples on their way to the windows, in two steps: what forgets nothing, and what a flush clears.

    Args:
        front_end: a contract's.
        rotation: 3 × 3 in Q14, row by row, which turns every vector among the channels; None: as samples come. It may
            be set later, where the path `waits` for one.
        channels: a contract's; a front end has the acceleration alone.
    Raises:
        EdgeharError: a rotation that is none, or channels that cannot be turned.
    """

    def __init__(
        self,
        front_end: str,
        rotation: Sequence[int] | None = None,
        *,
        waits: bool = False,
        channels: Sequence[Channel] = ACCELERATION,
    ) -> None:
        if rotation is not None and (len(rotation) != 9 or max(map(abs, rotation)) > ROTATION_ONE):
            raise EdgeharError(f"expected a rotation of 9 entries of at most {ROTATION_ONE}, got {list(rotation)}")
        if rotation is not None and not turnable(channels):
            raise EdgeharError(
                "expected channels that a rotation can turn, x, y and z of each sensor one after the other, "
                f"got {channels_text(channels)}"
            )
        self._vectors = vectors(channels)
        at = acceleration_at(channels) or 0
        #: Where walking is told, in a path that waits.
        self.acceleration = slice(at, at + 3)
        self._front = None if front_end == "none" else PocketFrontEnd()
        self.rotation = rotation
        #: Whether samples do not simply pass.
        self.changes = waits or rotation is not None or self._front is not None

    def enter(self, samples: NDArray[np.float32]) -> NDArray[np.int64]:
        """Finite samples (N, channels) as Q8."""
        return to_q8(samples)

    def leave(self, values: NDArray[np.int64]) -> NDArray[np.float32]:
        """What entered, turned and through the front end, as float32; uninterrupted since the last `clear`."""
        turned = values if self.rotation is None else self._turned(values, self.rotation)
        return from_q8(turned if self._front is None else self._front.push(turned))

    def _turned(self, values: NDArray[np.int64], rotation: Sequence[int]) -> NDArray[np.int64]:
        """Every vector of the samples turned."""
        turned = values.copy()
        for at in self._vectors:
            turned[:, at : at + 3] = rotate(values[:, at : at + 3], rotation)
        return turned

    def clear(self) -> None:
        """Forget what came before."""
        if self._front is not None:
            self._front.clear()


def _follow(mean: int, value: int) -> int:
    return mean + ((value - mean) >> MEAN_SHIFT)


def _truncated(values: NDArray[np.int64], divisors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Quotients rounded towards zero, as C divides."""
    quotients: NDArray[np.int64] = np.sign(values) * (np.abs(values) // divisors)
    return quotients
