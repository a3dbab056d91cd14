"""How a phone is turned, told by walking: gravity's mean over windows that walk, and the rotation that undoes the turn.

All in integers, so that a device can compute the same (docs/spec.md, "Alignment").
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import alignable, channels_text
from edgehar.contract import DIRECTION_ONE, Contract
from edgehar.errors import DataError
from edgehar.front_end import LARGEST_INSIDE, to_q8, whole_root

#: Samples of a window that may be walking, and between two of them: 4 s and 2 s at 20 Hz.
WINDOW, STEP = 80, 40
#: Windows in a row that must walk.
IN_A_ROW = 3
#: Steps come every 0.25 … 0.8 s: lags in samples at which the length of the acceleration must be like itself.
LAGS = range(5, 17)
#: Sum of squares over a window above which it moves: a deviation of 0.8 m/s².
LEAST_MOVEMENT = WINDOW * 2048 * 2048 // 100
#: Directions are kept in Q24, the result in Q14.
_FINE, _ONE = 24, 1 << 24
#: Of a direction's parts: a device adds three of its squares in 64 bits.
_LONGEST = 1 << 30


def walks(window: NDArray[np.int64]) -> bool:
    """Whether samples (WINDOW, 3) in Q8 are of somebody walking: |a| moves, and repeats itself by 0.4 or more."""
    v = np.clip(window, -LARGEST_INSIDE, LARGEST_INSIDE)
    lengths = whole_root((v * v).sum(axis=1))
    away = lengths - int(lengths.sum()) // WINDOW
    power = int((away * away).sum())
    if power <= LEAST_MOVEMENT:
        return False
    return any(5 * WINDOW * int((away[:-lag] * away[lag:]).sum()) > 2 * (WINDOW - lag) * power for lag in LAGS)


class Walking:
    """Waits in an uninterrupted stream for `IN_A_ROW` windows in a row that walk; the same whatever the chunks.

    Attributes:
        gravity: then its direction in the phone's frame, int64 (3,) of any length; None before.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.gravity: NDArray[np.int64] | None = None
        self._halves: list[NDArray[np.int64]] = []
        self._newest = np.zeros((0, 3), np.int64)
        self._row = 0

    def push(self, values: NDArray[np.int64]) -> int | None:
        """Take samples (N, 3) in Q8; returns how many it took until gravity was known, None where it is not yet."""
        at = 0
        while at < len(values):
            part = values[at : at + STEP - len(self._newest)]
            self._newest = np.concatenate([self._newest, part])
            at += len(part)
            if len(self._newest) == STEP:
                self._halves = [*self._halves[-IN_A_ROW:], self._newest]
                self._newest = self._newest[:0]
                if self._end_window():
                    return at
        return None

    def _end_window(self) -> bool:
        """Whether gravity is known by the newest window."""
        if len(self._halves) < 2:
            return False
        self._row = self._row + 1 if walks(np.concatenate(self._halves[-2:])) else 0
        if self._row < IN_A_ROW:
            return False
        # The sum over windows, each of two halves.
        sums = np.array([half.sum(axis=0) for half in self._halves])
        total: NDArray[np.int64] = sums[:-1].sum(axis=0) + sums[1:].sum(axis=0)
        if not total.any():
            return False
        self.gravity = total
        return True


def walking_gravity(samples: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Gravity's direction in the phone's frame, int64 (3,) of any length, from the first windows in a row that walk.

    Args:
        samples: an uninterrupted stream (N, 3) at 20 Hz in m/s².
    Returns:
        None where nobody walks long enough: 8 s.
    """
    walking = Walking()
    walking.push(to_q8(samples))
    return walking.gravity


def why_unalignable(contract: Contract) -> str | None:
    """Why a model knows no direction to align to; None where it knows one."""
    if contract.walking_gravity is not None:
        return None
    if contract.front_end != "none":
        return f"the front end {contract.front_end} leaves no direction"
    if not alignable(contract.channels):
        return f"of the channels {channels_text(contract.channels)}, the acceleration cannot turn every one"
    return "its training people did not walk, or did not wear the device alike"


def require_alignable(contract: Contract) -> tuple[int, int, int]:
    """Where the model had gravity while its people walked; raises DataError where it knows no such direction."""
    if contract.walking_gravity is None:
        why = why_unalignable(contract)
        raise DataError(f"expected a model that knows where gravity is while people walk, to align to; {why}")
    return contract.walking_gravity


def shortest_turn(
    source: Sequence[int] | NDArray[np.int64], target: Sequence[int] | NDArray[np.int64]
) -> tuple[int, ...]:
    """The rotation by the least angle that turns one direction into another: 3 × 3 in Q14, row by row.

    Args:
        source, target: three whole numbers each, up to 2^30; not all zero.
    Raises:
        DataError: a direction that is none, or a larger number.
    """
    u, t = _direction(source), _direction(target)
    cosine = sum(a * b for a, b in zip(u, t, strict=True)) >> _FINE
    if _ONE + cosine < _ONE >> 12:  # opposite, to 1.3°: half a turn about any axis across
        least = min(range(3), key=lambda axis: abs(t[axis]))
        across = [-(t[axis] * t[least] >> _FINE) + (_ONE if axis == least else 0) for axis in range(3)]
        a = _direction(across)
        fine = [[(2 * a[i] * a[j] >> _FINE) - (_ONE if i == j else 0) for j in range(3)] for i in range(3)]
    else:
        w = [(u[i - 2] * t[i - 1] - u[i - 1] * t[i - 2]) >> _FINE for i in range(3)]
        cross = [[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]]
        # I + [w] + [w]²/(1 + c), where [w]² = w wᵀ − |w|² and |w|² = 1 − c².
        fine = [
            [cross[i][j] + w[i] * w[j] // (_ONE + cosine) + (cosine if i == j else 0) for j in range(3)]
            for i in range(3)
        ]
    limit, half = 1 << 14, 1 << (_FINE - 15)
    return tuple(min(limit, max(-limit, (value + half) >> (_FINE - 14))) for row in fine for value in row)


def turn_degrees(rotation: Sequence[int]) -> float:
    """The angle of a rotation in Q14, row by row."""
    trace = (rotation[0] + rotation[4] + rotation[8]) / DIRECTION_ONE
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))))


def _direction(vector: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """A vector of length 1 in Q24, scaled up before, or the whole root of its square would say too little."""
    values = [int(value) for value in vector]
    largest = max(map(abs, values))
    if not largest:
        raise DataError("expected a direction of gravity, got a vector of length 0")
    if largest > _LONGEST:
        raise DataError(f"expected a direction of gravity in numbers of up to {_LONGEST}, got {largest}")
    up = max(0, 29 - largest.bit_length())
    values = [value << up for value in values]
    length = isqrt(sum(value * value for value in values))
    return [(value << _FINE) // length for value in values]
