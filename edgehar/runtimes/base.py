"""One protocol over every runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import ContractError


class Runtime(ABC):
    """A loaded model that takes windows as they come and gives probabilities.

    A prediction is three steps, kept apart so that each can be timed: `prepare` makes the input tensor
    (layout, quantisation), `invoke` runs the network, `finish` makes probabilities.

    Attributes:
        name: row name in benchmarks, for example `litert-int8`.
        contract: what the model expects and gives.
        threads: threads that `invoke` may use.
    """

    name: ClassVar[str]
    contract: Contract
    threads: int = 1

    @abstractmethod
    def prepare(self, window: NDArray[np.float32]) -> NDArray[np.int8 | np.float32]:
        """Make the input tensor from one window.

        Args:
            window: float32 (window, channels), in the channels' units.
        Returns:
            batch of 1 in the model's own dtype and layout, C-contiguous.
        """

    @abstractmethod
    def invoke(self, tensor: NDArray[Any]) -> NDArray[np.int8 | np.float32]:
        """Run the network on what `prepare` made; returns its own copy of the output, (classes,)."""

    @abstractmethod
    def finish(self, output: NDArray[Any]) -> NDArray[np.float32]:
        """Probabilities, float32 (classes,), from what `invoke` returned."""

    def close(self) -> None:  # noqa: B027 (most runtimes hold nothing)
        """Release what the runtime holds; it cannot be used afterwards."""

    def predict_one(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities float32 (classes,) of one float32 (window, channels)."""
        return self.finish(self.invoke(self.prepare(window)))

    def outputs(self, windows: NDArray[np.float32]) -> NDArray[np.int8 | np.float32]:
        """The network's own outputs, (N, classes), before dequantisation, for float32 (N, window, channels)."""
        self.check(windows)
        if not len(windows):
            return np.zeros((0, len(self.contract.labels)), np.float32)
        return np.stack([self.invoke(self.prepare(window)) for window in windows])

    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities float32 (N, classes) of float32 (N, window, channels).

        Raises:
            ContractError: another shape, or values that are not finite.
        """
        return (
            np.stack([self.finish(row) for row in self.outputs(windows)])
            if len(windows)
            else np.zeros((0, len(self.contract.labels)), np.float32)
        )

    def check(self, windows: NDArray[np.float32]) -> None:
        """Raise ContractError unless windows are finite and (N, window, channels)."""
        expected = self.contract.window_shape
        if windows.ndim != 3 or windows.shape[1:] != expected:
            raise ContractError(f"expected windows of shape (N, {expected[0]}, {expected[1]}), got {windows.shape}")
        if not np.isfinite(windows).all():
            raise ContractError("expected finite samples, got NaN or infinity; drop those windows first")
