"""The last samples of a stream as one contiguous block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class SampleRing:
    """Keeps the last `window` samples in order of time, without wrapping.

    Samples are appended to a block a few windows long; when it is full, the last window moves to its front.
    The window is therefore always a view that a runtime can take as it is, and the copying costs less than
    one sample for each sample that arrives.

    Args:
        window: samples to keep.
        channels: values of a sample.
        dtype: type of one value.
    """

    BLOCKS = 8

    def __init__(self, window: int, channels: int, dtype: DTypeLike) -> None:
        self._window = window
        self._block: NDArray[Any] = np.zeros((self.BLOCKS * window, channels), dtype)
        self._end = 0

    def __len__(self) -> int:
        """Samples held, at most `window`."""
        return min(self._end, self._window)

    def clear(self) -> None:
        """Forget every sample."""
        self._end = 0

    def extend(self, samples: NDArray[np.int8 | np.float32]) -> None:
        """Append (N, channels) samples, oldest first; N may be any number."""
        samples = samples[-self._window :]
        if self._end + len(samples) > len(self._block):
            held = len(self)
            self._block[:held] = self._block[self._end - held : self._end]
            self._end = held
        self._block[self._end : self._end + len(samples)] = samples
        self._end += len(samples)

    def window(self) -> NDArray[Any]:
        """The samples held, (window, channels) once there are enough, as a view that the next `extend` may change."""
        return self._block[self._end - len(self) : self._end]
