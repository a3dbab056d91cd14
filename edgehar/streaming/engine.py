"""What runs the model in a stream: every window whole, or step by step with what the windows share kept."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehar.runtimes.base import Runtime
from edgehar.streaming.ring import SampleRing


class Engine(Protocol):
    """Takes samples as they come; has the output of the newest window when the streamer asks for it."""

    def extend(self, samples: NDArray[Any]) -> None:
        """Take samples (N, channels), oldest first, int8 where the model is int8."""

    def output(self) -> NDArray[np.int8 | np.float32]:
        """The network's own output for the newest window."""

    def clear(self) -> None:
        """Forget all samples."""


class WholeWindow:
    """Runs the model on the whole window at every decision.

    Args:
        runtime: a loaded model.
        int8: whether samples come quantised.
    """

    def __init__(self, runtime: Runtime, int8: bool) -> None:
        self._runtime = runtime
        shape = runtime.contract.window_shape
        self._shape = runtime.prepare(np.zeros(shape, np.float32)).shape
        self._int8 = int8
        self._ring = SampleRing(*shape, np.int8 if int8 else np.float32)
        self.extend = self._ring.extend
        self.clear = self._ring.clear

    def output(self) -> NDArray[np.int8 | np.float32]:
        """See `Engine`."""
        window = self._ring.window()
        return self._runtime.invoke(window.reshape(self._shape) if self._int8 else self._runtime.prepare(window))
