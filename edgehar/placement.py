"""Whether a device is worn as in training, told by gravity in its int8 samples (docs/spec.md, "Placement").

The samples are cut into blocks of 2 s. A block that moves is compared with how gravity lay when training people walked,
one at rest with how it lay in each activity at rest. Who walked with gravity elsewhere wears the device as it was never
trained until walking says otherwise, whatever a rest in between looks like: a phone in the pocket of somebody who sits
has gravity where a phone at the waist of somebody who lies has it. The C engine computes the same
(firmware_ref/src/edgehar_placement.c).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import PlacementLimits

#: Blocks in a row that walk as nobody did in training, gravity steady, until the device is out of place: 8 s.
WALKED_STRANGELY = 4
#: Blocks in a row that walk as in training until it is in place again.
WALKED_AS_TRAINED = 2
#: Blocks in a row at rest as nobody was in training until the device is out of place, as long as that lasts.
RESTED_STRANGELY = 3


class Wearing:
    """Follows a stream of int8 samples; any chunking says the same.

    Args:
        placement: of the model's contract.

    Attributes:
        strange: whether the device is worn as it was never trained, by the blocks that are complete.
    """

    strange: bool

    def __init__(self, placement: PlacementLimits) -> None:
        self._placement = placement
        self._block: NDArray[np.int8] = np.zeros((placement.block, 3), np.int8)
        self.clear()

    def clear(self) -> None:
        """Forget all samples."""
        self.strange = False
        self._filled = 0
        self._walked_strangely = self._walked_as_trained = self._rested_strangely = 0
        self._turned = False
        self._before: NDArray[np.int64] | None = None

    def push(self, samples: NDArray[Any]) -> None:
        """Take int8 samples (N, 3), as the model's input has them."""
        start, size = 0, self._placement.block
        while len(samples) - start >= size - self._filled:
            stop = start + size - self._filled
            self._block[self._filled :] = samples[start:stop]
            self._look(self._block)
            self._filled, start = 0, stop
        rest = len(samples) - start
        self._block[self._filled : self._filled + rest] = samples[start:]
        self._filled += rest

    def _look(self, block: NDArray[np.int8]) -> None:
        """Take one block."""
        placement = self._placement
        sums, moves = block_sums(placement, block[None])
        if not moves[0]:
            self._walked_strangely = self._walked_as_trained = 0
            strange = bool(rests_strangely(placement, sums)[0])
            self._rested_strangely = min(self._rested_strangely + 1, RESTED_STRANGELY) if strange else 0
            self._before = None
        else:
            self._rested_strangely = 0
            if walks_strangely(placement, sums)[0]:
                steady = self._before is not None and _square(sums[0] - self._before) <= placement.steady
                self._walked_strangely = min(self._walked_strangely + 1, WALKED_STRANGELY) if steady else 1
                self._walked_as_trained = 0
                self._turned |= self._walked_strangely == WALKED_STRANGELY
            else:
                self._walked_strangely = 0
                self._walked_as_trained = min(self._walked_as_trained + 1, WALKED_AS_TRAINED)
                self._turned &= self._walked_as_trained < WALKED_AS_TRAINED
            self._before = sums[0]
        self.strange = self._turned or self._rested_strangely == RESTED_STRANGELY


def block_sums(placement: PlacementLimits, blocks: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Of blocks (N, block, 3): sums of x, y and z, int64 (N, 3), and whether each block moves, bool (N,)."""
    sums, spread = sums_and_spread(blocks)
    return sums, spread > placement.moving


def sums_and_spread(blocks: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of blocks (N, block, 3): sums int64 (N, 3), and block² times the variance summed over the axes, int64 (N,)."""
    codes = blocks.astype(np.int64)
    sums: NDArray[np.int64] = codes.sum(axis=1)
    spread: NDArray[np.int64] = blocks.shape[1] * (codes * codes).sum(axis=(1, 2)) - (sums * sums).sum(axis=1)
    return sums, spread


def walks_strangely(placement: PlacementLimits, sums: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether blocks that move, by their sums (N, 3), have gravity elsewhere than in training, bool (N,)."""
    away = sums - np.array(placement.walk, np.int64)
    strange: NDArray[np.bool_] = (away * away).sum(axis=1) > placement.walk_limit
    return strange


def rests_strangely(placement: PlacementLimits, sums: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether blocks at rest, by their sums (N, 3), are as in no activity of training people at rest, bool (N,)."""
    if not placement.rest:
        return np.zeros(len(sums), np.bool_)
    away = sums[:, None] - np.array(placement.rest, np.int64)
    nearest = (away * away * np.array(placement.weights, np.int64)).sum(axis=2).min(axis=1)
    strange: NDArray[np.bool_] = nearest > placement.rest_limit
    return strange


def strange_windows(placement: PlacementLimits, windows: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether int8 windows (N, window, 3) are by themselves as nobody had the device in training, bool (N,).

    All whole blocks of a window must be; a stream remembers more than a window, see `Wearing`.
    """
    strange = np.ones(len(windows), np.bool_)
    for start in range(0, windows.shape[1] - placement.block + 1, placement.block):
        sums, moves = block_sums(placement, windows[:, start : start + placement.block])
        strange &= np.where(moves, walks_strangely(placement, sums), rests_strangely(placement, sums))
    return strange


def _square(vector: NDArray[np.int64]) -> int:
    return int((vector * vector).sum())
