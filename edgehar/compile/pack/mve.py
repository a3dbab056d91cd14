"""Weights of a 1D convolution as `conv1d_mve.c` reads them (Cortex-M55)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import dsp as pack_dsp
from edgehar.compile.pack import portable as pack_portable

KERNELS = {
    **pack_portable.KERNELS,
    "conv": "edgehar_conv1d_mve",
    "depthwise": "edgehar_depthwise_mve",
    "max_pool": "edgehar_max_pool_mve",
    "mean": "edgehar_mean_mve",
}
#: Longest kernel whose columns roll through the vector registers; `EDGEHAR_MVE_CHAIN` in edgehar_layout.h.
LONGEST_CHAIN = 12
#: Filters between two requantisations, of which there are twice as many where columns are held; `EDGEHAR_MVE_GROUP` in
#: conv1d_mve_block.h.
GROUP = 48
#: Vectors that stay in registers, two positions' columns; `EDGEHAR_MVE_HELD` there.
HELD = 2
#: Taps from which eight positions go by together; `EDGEHAR_MVE_LONG` there.
LONG = 6
#: Channels that `depthwise_mve.c` takes at a time.
EIGHT = 8
#: Bit 31 of the second word: every shift is to the right.
QUICK = 1 << 31


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """Pack one convolution; `bias` is int32 (filters,), the input offset folded in."""
    assert layer.weights is not None
    weights = layer.weights
    filters, taps, channels = weights.shape
    chunks, rest = _cut(taps, channels, layer.stride)
    flat = -(-rest * taps // 16)

    padded = np.zeros((filters + filters % 2, taps, max(channels, 16 * chunks + rest)), np.int8)
    padded[:filters, :, :channels] = weights
    rolled = padded[:, :, : 16 * chunks].reshape(len(padded) // 2, 2, taps, chunks, 16).transpose(0, 3, 2, 1, 4)
    tail = np.zeros((len(padded), 16 * flat), np.int8)
    tail[:, : taps * rest] = padded[:, :, 16 * chunks : 16 * chunks + rest].reshape(len(padded), taps * rest)
    flats = tail.reshape(len(padded) // 2, 2, flat, 16).transpose(0, 2, 1, 3)
    pairs = np.concatenate([part.reshape(len(part), part[0].size) for part in (rolled, flats)], axis=1)

    quick = QUICK if max(layer.shift) < 0 else 0
    head = np.array([chunks | rest << 16, flat | quick], "<u4")
    return PackedConv(KERNELS["conv"], head.tobytes() + pairs.tobytes(), bias)


def pack_depthwise(layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
    """As the portable kernel has them, where vectors can go by: one filter per channel, 8 or more, shifts to the right.

    For other layers `depthwise_dsp.c` is the next best, if it can: the core has those instructions, too.
    """
    assert layer.weights is not None
    if channels < EIGHT or channels != layer.weights.shape[1] or max(layer.shift) >= 0:
        return pack_dsp.pack_depthwise(layer, bias, channels)
    return PackedConv(KERNELS["depthwise"], layer.weights.tobytes(), bias)


def runs(layer: Layer, channels: int) -> bool:
    """Whether `mean_mve.c` can run a mean: its shift is not to the left; other kernels run all of theirs."""
    return layer.kind != "mean" or layer.shift[0] <= 0


def conv_scratch(layer: Layer, positions: int) -> int:
    """Bytes of the strip, the sums and the left-over channels, for the widest block that is run."""
    assert layer.weights is not None
    kernel = layer.kernel
    chunks, rest = _cut(kernel, layer.weights.shape[2], layer.stride)
    flat = -(-rest * kernel // 16)
    if not chunks and flat <= HELD:
        return 2 * (16 * flat + 2 * 4 * GROUP)
    most = 0
    for real in range(1, min(positions, 8 if chunks and kernel >= LONG else 4) + 1):
        block = {3: 4, 5: 4, 6: 4, 7: 8}.get(real, real)
        strip = 16 * (chunks * (kernel + block - 1) + flat * block)
        spare = (kernel + block - 1) * rest + 16 if chunks else 0
        most = max(most, strip + 4 * GROUP * block + spare)
    return (most + 3) & ~3


def _cut(taps: int, channels: int, stride: int) -> tuple[int, int]:
    """Chunks of sixteen channels that roll, and the channels left over, which lie flat."""
    if stride != 1 or taps > LONGEST_CHAIN or -(-taps * channels // 16) <= HELD:
        return 0, channels
    chunks, rest = divmod(channels, 16)
    # A flat vector costs 16 instructions, a rolled one 11: where much is left over, one more chunk is cheaper.
    if 16 * -(-rest * taps // 16) > 11 * taps + 7:
        return chunks + 1, 0
    return chunks, rest


KERNEL_PATH = KernelPath(
    name="mve",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="(defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=runs,
    conv_scratch=conv_scratch,
    positions=lambda step, output: 8,
)
