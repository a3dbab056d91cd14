"""Quantising a few samples at a time, at the cost of one binary search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import TensorQuantisation
from edgehar.runtimes.quantise import quantise


class Levels:
    """The same map as `edgehar.runtimes.quantise.quantise`, as the table of its 255 steps.

    The map never falls as the value rises, so it is known by the smallest float32 that reaches each level.
    Those are found once, by bisection on the map itself; after that a chunk of samples costs two array
    operations instead of ten, which is what counts where a chunk is one sample or one hop.
    """

    def __init__(self, quantisation: TensorQuantisation) -> None:
        levels = np.arange(-127, 128)
        below = np.full(255, _key(-np.finfo(np.float32).max))
        reached = np.full(255, _key(np.float32(np.inf)))
        while (reached - below > 1).any():
            middle = (below + reached) // 2
            with np.errstate(over="ignore"):
                enough = quantise(_value(middle), quantisation) >= levels
            below, reached = np.where(enough, below, middle), np.where(enough, middle, reached)
        # The lowest float32 itself may already be above a level.
        with np.errstate(over="ignore"):
            lowest = int(quantise(np.array([-np.finfo(np.float32).max], np.float32), quantisation)[0])
        self._steps = np.where(levels <= lowest, np.float32(-np.inf), _value(reached))
        self._bytes = np.arange(-128, 128).astype(np.int8)

    def quantise(self, values: NDArray[np.float32]) -> NDArray[np.int8]:
        """int8 of the same shape; what is not finite gives some level and no warning."""
        return self._bytes[self._steps.searchsorted(values, side="right")]


def _key(value: np.float32 | float) -> int:
    """An integer that orders float32 values as they are ordered; neighbours differ by one."""
    bits = int(np.float32(value).view(np.int32))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _value(keys: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 values of keys."""
    bits = np.where(keys >= 0, keys, -keys | 0x80000000).astype(np.uint32)
    return bits.view(np.float32)
