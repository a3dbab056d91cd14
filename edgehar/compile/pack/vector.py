"""Weights of a 1D convolution as `conv1d_vector.c` reads them: computers, phones, browsers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable

KERNELS = {
    **pack_portable.KERNELS,
    "conv": "edgehar_conv1d_vector",
    "max_pool": "edgehar_max_pool_vector",
    "mean": "edgehar_mean_vector",
}
#: Filters in a block; `EDGEHAR_VECTOR_FILTERS` in conv1d_vector.h.
FILTERS = 16
#: Positions that share each load of weights; more of them save the engine's own work, and need more memory.
POSITIONS = 16
#: Taps from which on a kernel adds up the next position: with fewer, there is too little to save.
LEAST_TAPS = 3


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """[filter block of 16]: [quad of tap × channel][filter][4], then the tables of the 16 filters."""
    assert layer.weights is not None
    filters = layer.weights.shape[0]
    flat = layer.weights.reshape(filters, -1)
    blocks, quads = -(-filters // FILTERS), -(-flat.shape[1] // 4)
    padded = np.zeros((blocks * FILTERS, quads * 4), np.int8)
    padded[:filters, : flat.shape[1]] = flat
    cells = padded.reshape(blocks, FILTERS, quads, 4).transpose(0, 2, 1, 3).reshape(blocks, -1)
    # Where a processor multiplies unsigned inputs only, they are 128 more; sums are modulo 2^32.
    shifted = bias.astype(np.int64) - 128 * flat.astype(np.int64).sum(axis=1)
    tables = np.zeros((4, blocks * FILTERS), np.int64)
    tables[:, :filters] = bias, shifted, layer.multiplier, layer.shift
    rows = (tables & 0xFFFFFFFF).astype("<u4").reshape(4, blocks, FILTERS).transpose(1, 0, 2).reshape(blocks, -1)
    content = b"".join(block.tobytes() + row.tobytes() for block, row in zip(cells, rows, strict=True))
    return PackedConv(KERNELS["conv"], content, None)


def conv_scratch(layer: Layer, positions: int) -> int:
    """Bytes of the block's columns, widened to 16 bits, and of what a vector may read behind them."""
    assert layer.weights is not None
    columns = layer.kernel + (positions - 1) * layer.stride
    return int(2 * columns * layer.weights.shape[2] + 16)


def kept_bytes(layer: Layer) -> int:
    """Bytes of `edgehar_vector_ahead` and its sums; they spare most weights at every second column."""
    assert layer.weights is not None
    filters, _, channels = layer.weights.shape
    if layer.stride != 1 or layer.kernel < LEAST_TAPS or channels % 4:
        return 0
    return int(4 + 4 * FILTERS * -(-filters // FILTERS))


KERNEL_PATH = KernelPath(
    name="vector",
    kernels=KERNELS,
    # The kernel is its definition in portable C where there are no vectors.
    guard="1",
    pack_conv=pack_conv,
    pack_depthwise=pack_portable.pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=conv_scratch,
    positions=lambda step, output: POSITIONS,
    kept_bytes=kept_bytes,
    whole_lines=True,
)
