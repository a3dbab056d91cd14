"""Constants as `conv1d_thumb.c` reads them (Cortex-M0, M0+): a filter after the other, in whole words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.thumb2 import at_once

KERNELS = {**pack_portable.KERNELS, "conv": "edgehar_conv1d_thumb", "depthwise": "edgehar_depthwise_thumb"}
#: Inputs of a filter above which the strip would take too much memory: 16 bytes for each.
MOST_INPUTS = 128
#: Bytes of columns that a block of a layer may take in and out where it holds more than the four positions at least.
BLOCK_BYTES, LEAST_POSITIONS, MOST_POSITIONS = 260, 4, 8


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """Pack one convolution, or leave it to the portable kernel.

    Args:
        layer: weights (filters, taps, channels).
        bias: int32 (filters,), the input offset folded in.
    """
    if not _strip_bytes(layer):
        return pack_portable.pack_conv(layer, bias)
    assert layer.weights is not None
    return PackedConv(KERNELS["conv"], _pack(layer, bias, layer.weights.reshape(len(layer.weights), -1)), None)


def conv_scratch(layer: Layer, positions: int) -> int:
    """Bytes of the strip: four positions' inputs in words."""
    return _strip_bytes(layer)


def pack_depthwise(layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
    """Pack one filter per channel; other layers go to the portable kernel.

    Args:
        layer: weights (taps, filters).
        bias: int32 (filters,), the input offset folded in.
        channels: of the input.
    """
    assert layer.weights is not None
    if channels != layer.weights.shape[1] or not at_once(layer):
        return pack_portable.pack_depthwise(layer, bias, channels)
    return PackedConv(KERNELS["depthwise"], _pack(layer, bias, layer.weights.T), None)


def _strip_bytes(layer: Layer) -> int:
    """0 where the portable kernel runs the convolution."""
    assert layer.weights is not None
    inputs = layer.weights[0].size
    return 16 * (-(-inputs // 4) * 4) if inputs <= MOST_INPUTS and at_once(layer) else 0


def _pack(layer: Layer, bias: NDArray[np.int32], flat: NDArray[np.int8]) -> bytes:
    """Bias, weights and scale of each filter; `flat` is int8 (filters, inputs)."""
    filters, inputs = flat.shape
    weights = np.zeros((filters, -(-inputs // 4) * 4), np.int8)
    weights[:, :inputs] = flat
    scales = np.stack([np.asarray(layer.multiplier), -2 - np.asarray(layer.shift)], axis=1)
    rows = [bias.astype("<i4")[:, None], weights, scales.astype("<i4")]
    return np.concatenate([row.view(np.uint8) for row in rows], axis=1).tobytes()


def _positions(step: int, output: int) -> int:
    return max(LEAST_POSITIONS, min(MOST_POSITIONS, BLOCK_BYTES // (step + output) & ~3))


KERNEL_PATH = KernelPath(
    name="thumb",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="defined(__thumb__) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=conv_scratch,
    positions=_positions,
)
