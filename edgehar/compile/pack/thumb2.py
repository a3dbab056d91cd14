"""Constants as `conv1d_thumb2.c` reads them (Cortex-M3): four filters together, and how their sums become outputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.dsp import fours, largest_sum, positions

KERNELS = {
    **pack_portable.KERNELS,
    "conv": "edgehar_conv1d_thumb2",
    "depthwise": "edgehar_depthwise_thumb2",
}


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """Pack one convolution, or leave it to the portable kernel.

    Args:
        layer: weights (filters, taps, channels).
        bias: int32 (filters,), the input offset folded in.
    """
    if not at_once(layer):
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
    if channels < 4 or channels != filters or not at_once(layer):
        return pack_portable.pack_depthwise(layer, bias, channels)
    return PackedConv(KERNELS["depthwise"], _pack(layer, bias, layer.weights.T, fours(filters)), None)


def at_once(layer: Layer) -> bool:
    """Whether `requantise_once` of edgehar_thumb.h holds: sums within 2^29, right shifts of 2 to 23, int8's bounds."""
    fits = min(layer.shift) >= -23 and max(layer.shift) <= -2 and largest_sum(layer) < 1 << 29
    return fits and layer.activation == (-128, 127)


def _pack(layer: Layer, bias: NDArray[np.int32], flat: NDArray[np.int8], four: NDArray[np.int64]) -> bytes:
    """Biases, weights and scales of each four; `flat` is int8 (filters, inputs), `four` the filters of each."""
    shift = np.append(layer.shift, -2)
    scales = np.stack([np.append(layer.multiplier, 0), -2 - shift], axis=1)[four]  # (fours, 4, 2)
    weights = np.ascontiguousarray(flat[four].transpose(0, 2, 1)).reshape(len(four), -1)
    rows = [bias[four].astype("<i4"), weights, scales.astype("<i4").reshape(len(four), -1)]
    return np.concatenate([row.view(np.uint8) for row in rows], axis=1).tobytes()


KERNEL_PATH = KernelPath(
    name="thumb2",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="defined(__thumb2__) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=lambda layer, positions: 0,
    positions=positions,
)
