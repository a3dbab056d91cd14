"""Weights and biases of a 1D convolution as `conv1d_dsp.c` reads them (Cortex-M4, M7, M33).

The kernel multiplies pairs of weights as int16, 256 * w1 + w0, and knows a dot product only modulo 2^24. Here the
channels are cut into chunks within which that is enough, and each chunk's range is centred at 0; see the kernel's
first comment for the arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import ContractError
from edgehar.export.c.pack_portable import KERNELS, pack_depthwise
from edgehar.export.c.target import PackedConv, Target

#: Longest kernel whose taps run two positions at a time; `LONGEST_CHAIN` in conv1d_dsp_block.h.
LONGEST_CHAIN = 12
#: Filters between two requantisations of a layer in one chunk; `GROUP` in conv1d_dsp_block.h.
GROUP = 16
#: Bytes of scratch above which a layer is cut into chunks: a second chunk costs about one instruction in a hundred.
SCRATCH_AIM = 2368
#: Bit 31 of the first word: every filter may be requantised the quick way.
QUICK = 1 << 31


def pack_conv(weights: NDArray[np.int8], bias: NDArray[np.int32], shift: NDArray[np.int8], stride: int) -> PackedConv:
    """Pack one convolution.

    Args:
        weights: int8 (filters, taps, channels), each within -127 … 127 as TensorFlow Lite's specification has it.
        bias: int32 (filters,), the input offset folded in.
        shift: int8 (filters,), the requantisation's shifts, positive to the left.
        stride: columns between two positions.

    Raises:
        ContractError: a weight of -128, or a kernel too long.
    """
    filters, taps, channels = weights.shape
    if weights.size and int(weights.min()) < -127:
        raise ContractError(
            "expected int8 weights within -127 … 127, got -128; convert the model again with a TFLite converter"
        )
    quads = (channels + 3) // 4
    padded_filters = filters + filters % 2
    wide = np.zeros((padded_filters, taps, quads * 4), np.int64)
    wide[:filters, :, :channels] = weights
    cells = wide.reshape(padded_filters, taps, quads, 4)

    least = _least_chunks(quads, taps + 1 if stride == 1 and taps <= LONGEST_CHAIN else taps, filters)
    chunk = _quads_in_chunk(cells, least)
    starts, centres = [], np.zeros(padded_filters, np.int64)
    for first in range(0, quads, chunk):
        part = cells[:, :, first : first + chunk]
        centre = _centre(part)
        centres += centre
        starts.append(-127 * part[..., 0::2].sum(axis=(1, 2, 3)) - 256 * centre)

    low, high = cells[..., 0::2], cells[..., 1::2]
    halves = (256 * high + low) & 0xFFFF
    words = halves[..., 0] | halves[..., 1] << 16  # (filters, taps, quads)
    pairs = words.reshape(padded_filters // 2, 2, taps, quads).transpose(0, 3, 2, 1)  # (pair, quad, tap, filter)

    largest = np.abs(bias.astype(np.int64)).max(initial=0) + 128 * np.abs(wide).sum(axis=(1, 2)).max(initial=0)
    quick = bool((shift < 0).all()) and int(largest) < 1 << 30
    head = chunk | (QUICK if quick else 0)
    parts = [pairs[:, first : first + chunk].ravel() for first in range(0, quads, chunk)]
    table = np.concatenate([[head], *starts, *parts]) & 0xFFFFFFFF
    return PackedConv(table.astype("<u4").tobytes(), _wrap(bias.astype(np.int64) + centres[:filters]))


def conv_scratch(kernel: int, stride: int, channels: int, filters: int, positions: int) -> int:
    """Bytes of a chunk's strip and of the sums; weights that ask for more chunks must find room too."""
    columns = kernel + 1 if stride == 1 and kernel <= LONGEST_CHAIN and positions > 1 else kernel
    quads = (channels + 3) // 4
    least = _least_chunks(quads, columns, filters)
    return max(_scratch(quads, columns, filters, chunks) for chunks in range(least, min(least + 1, quads) + 1))


def _scratch(quads: int, columns: int, filters: int, chunks: int) -> int:
    sums = GROUP if chunks == 1 else filters + filters % 2
    return -(-quads // chunks) * columns * 8 + sums * 8


def _least_chunks(quads: int, columns: int, filters: int) -> int:
    """The fewest chunks whose scratch is within `SCRATCH_AIM`, or those with the smallest scratch."""
    sizes = [_scratch(quads, columns, filters, chunks) for chunks in range(1, min(quads, 8) + 1)]
    return next((at for at, size in enumerate(sizes, 1) if size <= SCRATCH_AIM), 1 + sizes.index(min(sizes)))


def _quads_in_chunk(cells: NDArray[np.int64], least: int) -> int:
    """Channel quads in a chunk: at least so many chunks, and in every filter a range narrower than 2^24."""
    quads = int(cells.shape[2])
    cost = np.abs(cells).sum(axis=(1, 3)) * 255  # (filters, quads): the width of a quad's contribution
    for chunks in range(least, quads + 1):
        size = -(-quads // chunks)
        widths = np.add.reduceat(cost, np.arange(0, quads, size), axis=1)
        if int(widths.max(initial=0)) < (1 << 24) - 2 and size < 1 << 16:
            return int(size)
    raise ContractError(
        f"expected a kernel of at most 129 taps for the DSP path, got {cells.shape[1]}; export for the portable path"
    )


def _centre(part: NDArray[np.int64]) -> NDArray[np.int64]:
    """The middle of each filter's range of dot products with int8 activations."""
    lowest = np.minimum(part * -128, part * 127).sum(axis=(1, 2, 3))
    highest = np.maximum(part * -128, part * 127).sum(axis=(1, 2, 3))
    centre: NDArray[np.int64] = (lowest + highest) // 2
    return centre


def _wrap(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """Modulo 2^32, as the kernel's additions are."""
    return (values & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


TARGET = Target(
    name="dsp",
    kernels={**KERNELS, "conv": "edgehar_conv1d_dsp"},
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="(defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    conv_scratch=conv_scratch,
    positions=2,
)
