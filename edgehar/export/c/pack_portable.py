"""Packing for the portable kernels: four filters side by side, so that one pointer walks through all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.export.c.target import PackedConv, Target

KERNELS = {
    "conv": "edgehar_conv1d_portable",
    "depthwise": "edgehar_depthwise_portable",
    "max_pool": "edgehar_max_pool",
    "average_pool": "edgehar_average_pool",
    "mean": "edgehar_mean_time",
    "add": "edgehar_add_columns",
    "softmax": "edgehar_softmax_columns",
}


def pack_conv(weights: NDArray[np.int8], bias: NDArray[np.int32], shift: NDArray[np.int8], stride: int) -> PackedConv:
    """[filter block of 4][tap × channel][filter in block]; missing filters of the last block are zeros."""
    filters = weights.shape[0]
    flat = weights.reshape(filters, -1)
    padded = np.zeros((-(-filters // 4) * 4, flat.shape[1]), np.int8)
    padded[:filters] = flat
    return PackedConv(padded.reshape(-1, 4, flat.shape[1]).transpose(0, 2, 1).tobytes(), bias)


def pack_depthwise(weights: NDArray[np.int8]) -> bytes:
    """[tap][filter], as it comes."""
    return weights.tobytes()


TARGET = Target(
    name="portable",
    kernels=KERNELS,
    guard="1",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    conv_scratch=lambda kernel, stride, channels, filters, positions: 0,
    positions=2,
)
