"""Constants as `conv1d_dsp.c` and `depthwise_dsp.c` read them, and which layers they run (Cortex-M4, M7, M33).

The convolution multiplies pairs of weights as int16, 256 * w1 + w0, and knows a dot product only modulo 2^24. Here a
filter's weights are cut into chunks within which that is enough, and each chunk's range is centred at 0; see the
kernel's first comment for the arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.errors import ContractError

KERNELS = {
    **pack_portable.KERNELS,
    "conv": "edgehar_conv1d_dsp",
    "depthwise": "edgehar_depthwise_dsp",
    "mean": "edgehar_mean_dsp",
}
#: Bytes of scratch above which a layer is cut into chunks: another chunk costs about one instruction in a hundred.
SCRATCH_AIM = 2368
#: Bit 31 of the first word: every filter may be requantised the quick way.
QUICK = 1 << 31
#: Bytes of columns that a block of a layer may take in and out, where a column is wide and where it is narrow.
WIDE_BLOCK, NARROW_BLOCK, NARROW = 260, 800, 96
LEAST_POSITIONS, MOST_POSITIONS = 2, 18


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """Pack one convolution; one whose windows have less than a word of bytes goes to the portable kernel.

    Args:
        layer: its weights are within -127 … 127, as TensorFlow Lite's specification has it.
        bias: int32 (filters,), the input offset folded in.

    Raises:
        ContractError: a weight of -128.
    """
    assert layer.weights is not None
    if layer.weights[0].size < 4:
        return pack_portable.pack_conv(layer, bias)
    cells = _cells(layer)
    pairs, quads = len(cells) // 2, cells.shape[1]
    if int(cells.min()) < -127:
        raise ContractError(
            "expected int8 weights within -127 … 127, got -128; convert the model again with a TFLite converter"
        )
    chunk, quick = _quads_in_chunk(cells, _quick(layer)), _quick(layer)
    halves = (256 * cells[..., 1::2] + cells[..., 0::2]) & 0xFFFF
    words = halves[..., 0] | halves[..., 1] << 16  # (filters, quads)
    centres = np.zeros(len(cells), np.int64)
    parts = []
    for first in range(0, quads, chunk):
        part = cells[:, first : first + chunk]
        centre = _centre(part)
        centres += centre
        start = -127 * part[..., 0::2].sum(axis=(1, 2)) - 256 * centre
        rows = words[:, first : first + chunk].reshape(pairs, 2, -1).transpose(0, 2, 1)  # (pair, quad, filter)
        parts.append(np.concatenate([start.reshape(pairs, 2), rows.reshape(pairs, -1)], axis=1))
    folded = bias.astype(np.int64) + centres[: len(bias)]
    if quick:
        tables = np.zeros((3, len(cells)), np.int64)
        tables[:, : len(bias)] = 2 * folded, layer.multiplier, -1 - np.asarray(layer.shift)
        records = tables.reshape(3, pairs, 2).transpose(1, 0, 2).reshape(pairs, 6)
        parts[-1] = np.concatenate([parts[-1], records], axis=1)
    table = np.concatenate([[chunk | (QUICK if quick else 0)], *(part.ravel() for part in parts)]) & 0xFFFFFFFF
    return PackedConv(KERNELS["conv"], table.astype("<u4").tobytes(), None if quick else _wrap(folded))


def conv_scratch(layer: Layer, positions: int) -> int:
    """Bytes of a chunk's strip for one or two positions, and of the sums where some must wait."""
    cells, quick = _cells(layer), _quick(layer)
    chunk = _quads_in_chunk(cells, quick)
    return chunk * 8 * min(positions, 2) + (0 if quick and chunk == cells.shape[1] else 8 * len(cells))


def pack_depthwise(layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
    """Pack one filter per channel in fours of channels; other layers go to the portable kernel.

    Args:
        layer: weights (taps, filters).
        bias: int32 (filters,), the input offset folded in.
        channels: of the input.
    """
    assert layer.weights is not None
    filters = layer.weights.shape[1]
    if channels < 4 or channels != filters or not _quick(layer):
        return pack_portable.pack_depthwise(layer, bias, channels)
    four = fours(filters)
    halves = 2 * layer.weights.astype(np.int64).T[four] & 0xFFFF  # (fours, 4, taps)
    words = np.stack([halves[:, 0] | halves[:, 2] << 16, halves[:, 1] | halves[:, 3] << 16], axis=2)
    factors = np.stack([np.asarray(layer.multiplier), -1 - np.asarray(layer.shift)], axis=1)[four]
    rows = [2 * bias.astype(np.int64)[four], words, factors]
    table = np.concatenate([row.reshape(len(four), -1) for row in rows], axis=1) & 0xFFFFFFFF
    return PackedConv(KERNELS["depthwise"], table.astype("<u4").tobytes(), None)


def fours(channels: int) -> NDArray[np.int64]:
    """Channels (fours, 4), the last four overlapping the four before where there are no whole fours."""
    firsts = [*range(0, channels - 3, 4), *([channels - 4] if channels % 4 else [])]
    return np.array(firsts)[:, None] + np.arange(4)


def runs(layer: Layer, channels: int) -> bool:
    """Whether `mean_dsp.c` can run a mean; its sums are always small enough for the quick requantisation."""
    return layer.kind != "mean" or (channels % 4 == 0 and _quick_shifts(layer))


def _cells(layer: Layer) -> NDArray[np.int64]:
    """Weights (filters, quads, 4): taps and channels flat, filled up to even filters and whole quads."""
    assert layer.weights is not None
    flat = layer.weights.reshape(len(layer.weights), -1)
    filters, length = flat.shape
    cells = np.zeros((filters + filters % 2, -(-length // 4) * 4), np.int64)
    cells[:filters, :length] = flat
    return cells.reshape(len(cells), -1, 4)


def _quick(layer: Layer) -> bool:
    """Whether `requantise_quickly` holds: sums within 2^30, right shifts of 1 to 23, no bounds but int8's."""
    return _quick_shifts(layer) and largest_sum(layer) < 1 << 30 and layer.activation == (-128, 127)


def largest_sum(layer: Layer) -> int:
    """What no sum of the layer passes, whatever its input."""
    assert layer.weights is not None and layer.bias is not None
    axes = (1, 2) if layer.kind == "conv" else (0,)
    reach = np.abs(layer.bias.astype(np.int64)) + 256 * np.abs(layer.weights.astype(np.int64)).sum(axes)
    return int(reach.max())


def _quick_shifts(layer: Layer) -> bool:
    return min(layer.shift) >= -23 and max(layer.shift) <= -1


def _quads_in_chunk(cells: NDArray[np.int64], quick: bool) -> int:
    """Quads in a chunk: as many as `SCRATCH_AIM` has room for, and in every filter a range narrower than 2^24."""
    filters, quads = len(cells), int(cells.shape[1])

    def scratch(chunks: int) -> int:
        return -(-quads // chunks) * 16 + (0 if quick and chunks == 1 else 8 * filters)

    few = range(1, min(quads, 16) + 1)
    least = next((chunks for chunks in few if scratch(chunks) <= SCRATCH_AIM), min(few, key=scratch))
    cost = np.abs(cells).sum(axis=2) * 255  # (filters, quads): the width of a quad's contribution
    for chunks in range(least, quads + 1):
        size = -(-quads // chunks)
        widths = np.add.reduceat(cost, np.arange(0, quads, size), axis=1)
        if int(widths.max()) < (1 << 24) - 2 and size < 1 << 16:
            break
    return size


def _centre(part: NDArray[np.int64]) -> NDArray[np.int64]:
    """The middle of each filter's range of dot products with int8 activations."""
    lowest = np.minimum(part * -128, part * 127).sum(axis=(1, 2))
    highest = np.maximum(part * -128, part * 127).sum(axis=(1, 2))
    centre: NDArray[np.int64] = (lowest + highest) // 2
    return centre


def _wrap(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """Modulo 2^32, as the kernel's additions are."""
    return (values & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def positions(step: int, output: int) -> int:
    """More columns at once save the engine's work, and need more memory: a wide layer gets two, a narrow one more."""
    block = WIDE_BLOCK if step + output > NARROW else NARROW_BLOCK
    return max(LEAST_POSITIONS, min(MOST_POSITIONS, block // (step + output) & ~1))


KERNEL_PATH = KernelPath(
    name="dsp",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="(defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32) || !defined(__arm__)",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=runs,
    conv_scratch=conv_scratch,
    positions=positions,
)
