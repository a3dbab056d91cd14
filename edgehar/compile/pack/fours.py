"""Constants of kernels that compute four filters together (`conv1d_thumb2.c`, `conv1d_riscv.c`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.dsp import fours

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class FourFilters:
    """The packing of a kernel path: biases, weights and scales of each four.

    Attributes:
        kernels: `conv` and `depthwise` -> the kernel's name.
        takes: whether the kernels run a layer; others are left to the portable ones.
        scale: multipliers and shifts, int64 (filters,) each -> the two words behind a filter's weights, below 2^32.
    """

    kernels: Mapping[str, str]
    takes: Callable[[Layer], bool]
    scale: Callable[[Integers, Integers], tuple[Integers, Integers]]

    def pack_conv(self, layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
        """Pack one convolution, or leave it to the portable kernel.

        Args:
            layer: weights (filters, taps, channels).
            bias: int32 (filters,), the input offset folded in.
        """
        if not self.takes(layer):
            return pack_portable.pack_conv(layer, bias)
        assert layer.weights is not None
        filters = len(layer.weights)
        four = np.minimum(np.arange(-(-filters // 4) * 4), filters).reshape(-1, 4)  # beyond the last: a filter of zeros
        flat = np.concatenate([layer.weights.reshape(filters, -1), np.zeros((1, layer.weights[0].size), np.int8)])
        return PackedConv(self.kernels["conv"], self._pack(layer, np.append(bias, 0), flat, four), None)

    def pack_depthwise(self, layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
        """Pack one filter per channel, 4 channels or more; other layers go to the portable kernel.

        Args:
            layer: weights (taps, filters).
            bias: int32 (filters,), the input offset folded in.
            channels: of the input.
        """
        assert layer.weights is not None
        filters = layer.weights.shape[1]
        if channels < 4 or channels != filters or not self.takes(layer):
            return pack_portable.pack_depthwise(layer, bias, channels)
        return PackedConv(self.kernels["depthwise"], self._pack(layer, bias, layer.weights.T, fours(filters)), None)

    def _pack(self, layer: Layer, bias: NDArray[np.int32], flat: NDArray[np.int8], four: Integers) -> bytes:
        """Biases, weights and scales of each four; `flat` is int8 (filters, inputs), `four` the filters of each."""
        scale = self.scale(np.append(layer.multiplier, 0).astype(np.int64), np.append(layer.shift, -2).astype(np.int64))
        scales = np.stack(scale, axis=1)[four]  # (fours, 4, 2)
        weights = np.ascontiguousarray(flat[four].transpose(0, 2, 1)).reshape(len(four), -1)
        rows = [bias[four].astype("<i4"), weights, scales.astype("<u4").reshape(len(four), -1)]
        return np.concatenate([row.view(np.uint8) for row in rows], axis=1).tobytes()
