"""The integer map from Q8 to int8 that gives what the float map does, for every value (docs/spec.md, "Sample path")."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgehar.contract import TensorQuantisation
from edgehar.front_end import LARGEST, UNIT, from_q8
from edgehar.runtimes.quantise import quantise, reciprocal


class Q8Map(NamedTuple):
    """`(value * multiplier + 2 ** (shift - 1)) >> shift`, the zero point not yet added."""

    multiplier: int
    shift: int


#: Where no multiplier of 31 bits will do: a scale that is no sensor's.
NO_MAP = Q8Map(0, 0)


def find_q8_map(quantisation: TensorQuantisation) -> Q8Map:
    """The map, or `NO_MAP`.

    The nearest multiplier to `1 / 256 / scale` nearly always does; where a float32 product falls upon a half, or beside
    it, one a little larger.
    """
    ratio = float(reciprocal(quantisation)) / UNIT
    shift = 30 - math.floor(math.log2(ratio))
    if not 1 <= shift <= 50:
        return NO_MAP
    values = np.arange(-LARGEST, LARGEST + 1, dtype=np.int64)
    wanted = quantise(from_q8(values), quantisation).astype(np.int64) - quantisation.zero_point
    lowest, highest = -128 - quantisation.zero_point, 127 - quantisation.zero_point
    half, low, high = 1 << (shift - 1), 1 << 30, 1 << 31
    # wanted <= (value * multiplier + half) >> shift < wanted + 1, but for what is clamped
    at_least, below = (wanted << shift) - half, ((wanted + 1) << shift) - half
    for sign in (1, -1):
        some = sign * values > 0
        size = np.abs(values[some])
        floors, ceilings = (at_least, below - 1) if sign == 1 else (1 - below, -at_least)
        from_below = -(-floors[some] // size)
        from_above = ceilings[some] // size
        free_low, free_high = wanted[some] == lowest, wanted[some] == highest
        if sign == -1:
            free_low, free_high = free_high, free_low
        low = max(low, int(from_below[~free_low].max(initial=low)))
        high = min(high, int(from_above[~free_high].min(initial=high)))
    if low > high:
        return NO_MAP
    return Q8Map(min(max(math.floor(ratio * 2.0**shift + 0.5), low), high), shift)
