"""Packing for the portable kernels: four filters side by side, so that one pointer walks through all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.kernel_path import KernelPath, PackedConv
from edgehar.compile.network import Layer

KERNELS = {
    "conv": "edgehar_conv1d_portable",
    "depthwise": "edgehar_depthwise_portable",
    "max_pool": "edgehar_max_pool",
    "average_pool": "edgehar_average_pool",
    "mean": "edgehar_mean_time",
    "reduce_max": "edgehar_max_time",
    "add": "edgehar_add_columns",
    "multiply": "edgehar_multiply_columns",
    "scale": "edgehar_scale_columns",
    "offset": "edgehar_offset_columns",
    "prelu": "edgehar_prelu_columns",
    "table": "edgehar_table_columns",
    "join": "edgehar_join_columns",
    "gather": "edgehar_gather_columns",
    "softmax": "edgehar_softmax_columns",
}


def pack_conv(layer: Layer, bias: NDArray[np.int32]) -> PackedConv:
    """[filter block of 4][tap × channel][filter in block]; missing filters of the last block are zeros."""
    assert layer.weights is not None
    filters = layer.weights.shape[0]
    flat = layer.weights.reshape(filters, -1)
    padded = np.zeros((-(-filters // 4) * 4, flat.shape[1]), np.int8)
    padded[:filters] = flat
    weights = padded.reshape(-1, 4, flat.shape[1]).transpose(0, 2, 1).tobytes()
    return PackedConv(KERNELS["conv"], weights, bias)


def pack_depthwise(layer: Layer, bias: NDArray[np.int32], channels: int) -> PackedConv:
    """[tap][filter], as it comes."""
    assert layer.weights is not None
    return PackedConv(KERNELS["depthwise"], layer.weights.tobytes(), bias)


KERNEL_PATH = KernelPath(
    name="portable",
    kernels=KERNELS,
    guard="1",
    pack_conv=pack_conv,
    pack_depthwise=pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=lambda layer, positions: 0,
    positions=lambda step, output: 2,
)
