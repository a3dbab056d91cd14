"""Constants as `conv1d_riscv.c` reads them (rv32im): four filters together, and how their sums become outputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.dsp import fours

KERNELS = {**pack_portable.KERNELS, "conv": "edgehar_conv1d_riscv", "depthwise": "edgehar_depthwise_riscv"}


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """Pack one convolution, or leave it to the portable kernel.

    Args:
        layer: weights (filters, taps, channels).
        bias: int32 (filters,), the input offset folded in.
    """
    if not _shifts_right(layer):
        return pack_portable.pack_conv(layer, bias)
    assert layer.weights is not None
    filters = len(layer.weights)
    four = np.minimum(np.arange(-(-filters // 4) * 4), filters).reshape(-1, 4)  # beyond the last: a filter of zeros
    flat = np.concatenate([layer.weights.reshape(filters, -1), np.zeros((1, layer.weights[0].size), np.int8)])
    return PackedConv(KERNELS["conv"], _pack(layer, np.append(bias, 0), flat, four), None)


def pack_depthwise(layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
    """Pack one filter per channel, 4 channels or more; other layers go to the portable kernel.

    Args:
        layer: weights (taps, filters).
        bias: int32 (filters,), the input offset folded in.
        channels: of the input.
    """
    assert layer.weights is not None
    filters = layer.weights.shape[1]
    if channels < 4 or channels != filters or not _shifts_right(layer):
        return pack_portable.pack_depthwise(layer, bias, channels)
    return PackedConv(KERNELS["depthwise"], _pack(layer, bias, layer.weights.T, fours(filters)), None)


def _shifts_right(layer: Layer) -> bool:
    """Whether `requantise_right` of conv1d_riscv.c holds: every shift goes 2 … 31 to the right."""
    return min(layer.shift) >= -31 and max(layer.shift) <= -2


def _pack(layer: Layer, bias: NDArray[np.int32], flat: NDArray[np.int8], four: NDArray[np.int64]) -> bytes:
    """Biases, weights and scales of each four; `flat` is int8 (filters, inputs), `four` the filters of each."""
    twice = 2 * np.append(layer.multiplier, 0).astype(np.int64)
    scales = np.stack([twice, -1 - np.append(layer.shift, -2)], axis=1)[four]  # (fours, 4, 2)
    weights = np.ascontiguousarray(flat[four].transpose(0, 2, 1)).reshape(len(four), -1)
    rows = [bias[four].astype("<i4"), weights, scales.astype("<u4").reshape(len(four), -1)]
    return np.concatenate([row.view(np.uint8) for row in rows], axis=1).tobytes()


KERNEL_PATH = KernelPath(
    name="riscv",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="defined(__riscv) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=lambda layer, positions: 0,
    positions=lambda step, output: 4,
)
