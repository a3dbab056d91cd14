"""How a phone is turned, told by walking: gravity's mean over windows that walk, and the rotation that undoes the turn.

All in integers, so that a device can compute the same (docs/spec.md, "Alignment").
"""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.front_end import LARGEST_INSIDE, to_q8

#: The rate that walking is told at.
RATE_HZ = 20.0
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


def walks(window: NDArray[np.int64]) -> bool:
    """Whether samples (WINDOW, 3) in Q8 are of somebody walking: |a| moves, and repeats itself by 0.4 or more."""
    v = np.clip(window, -LARGEST_INSIDE, LARGEST_INSIDE)
    lengths = [isqrt(int(square)) for square in (v * v).sum(axis=1)]
    away = np.array(lengths, np.int64) - sum(lengths) // WINDOW
    power = int((away * away).sum())
    if power <= LEAST_MOVEMENT:
        return False
    return any(5 * WINDOW * int((away[:-lag] * away[lag:]).sum()) > 2 * (WINDOW - lag) * power for lag in LAGS)


def walking_gravity(samples: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Gravity's direction in the phone's frame, int64 (3,) of any length, from the first windows in a row that walk.

    Args:
        samples: an uninterrupted stream (N, 3) at 20 Hz in m/s².
    Returns:
        None where nobody walks long enough: 8 s.
    """
    values = to_q8(samples)
    row = 0
    for start in range(0, len(values) - WINDOW + 1, STEP):
        row = row + 1 if walks(values[start : start + WINDOW]) else 0
        if row == IN_A_ROW:
            places = range(start - (IN_A_ROW - 1) * STEP, start + 1, STEP)
            total: NDArray[np.int64] = sum(
                (values[place : place + WINDOW].sum(axis=0) for place in places), np.zeros(3, np.int64)
            )
            return total
    return None


def shortest_turn(source: NDArray[np.int64], target: NDArray[np.int64]) -> tuple[int, ...]:
    """The rotation by the least angle that turns one direction into another: 3 × 3 in Q14, row by row.

    Args:
        source, target: int64 (3,), of any length up to 2^30; not zero.
    Raises:
        DataError: a direction that is none.
    """
    u, t = _direction(source), _direction(target)
    cosine = sum(a * b for a, b in zip(u, t, strict=True)) >> _FINE
    if _ONE + cosine < _ONE >> 12:  # opposite, to 1.3°: half a turn about any axis across
        least = min(range(3), key=lambda axis: abs(t[axis]))
        across = [-(t[axis] * t[least] >> _FINE) + (_ONE if axis == least else 0) for axis in range(3)]
        a = _direction(np.array(across, np.int64))
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


def _direction(vector: NDArray[np.int64]) -> list[int]:
    """A vector of length 1 in Q24, scaled up before, or the whole root of its square would say too little."""
    values = [int(value) for value in vector]
    largest = max(map(abs, values))
    if not largest:
        raise DataError("expected a direction of gravity, got a vector of length 0")
    up = max(0, 29 - largest.bit_length())
    values = [value << up for value in values]
    length = isqrt(sum(value * value for value in values))
    return [(value << _FINE) // length for value in values]
