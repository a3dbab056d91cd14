"""An int8 network as a list of layers over streams of columns, and the arithmetic constants of each.

A column is one time step of a tensor, its channels contiguous. Whatever a .tflite calls a tensor's shape,
here it is `columns` × `channels`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal[
    "conv", "depthwise", "max_pool", "average_pool", "mean", "reduce_max", "add", "multiply", "scale", "offset",
    "prelu", "table", "join", "gather", "softmax",
]  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """A stream: `columns` time steps per window, of `channels` int8 values each.

    `index` is the tensor's number in the .tflite, for comparing layer by layer; -1 where it has none. `first` is the
    column there that the first column here is: earlier ones are read by nothing.
    """

    name: str
    index: int
    columns: int
    channels: int
    scale: float
    zero_point: int
    first: int = 0


@dataclass(frozen=True)
class Layer:
    """One operator, or a part of one: dilation and broadcasting are a `gather` in front of the rest.

    Attributes:
        kind: which kernel runs it. FULLY_CONNECTED is a convolution as wide as what it flattens.
        name: the operator's name in the .tflite.
        inputs: indices into `Network.tensors`; two for `add`, `multiply` and `join`.
        output: index into `Network.tensors`.
        kernel, stride: in columns; a stride of 0 gives the same column again and again.
        pad_left, pad_right: columns of padding outside the window.
        lead: columns of each input that are passed over at a window's begin; empty: none.
        taps, apart: `gather` only; an output column is so many stretches of the input, so many values apart, each
            as long as an output's channels divided by `taps`.
        fold: `depthwise` only; so many columns of the filter's input are side by side in one column of `inputs`.
        weights: int8 (filters, kernel, channels) for `conv`, (kernel, channels) for `depthwise`.
        bias: int32 (filters,), input offset not folded in.
        multiplier, shift: requantisation, one per filter; for `add` operand 0, operand 1, output; for `offset`
            input, output; for `prelu` inputs above and below the zero point.
        operand: of `scale`, `offset` and `prelu`, (1, channels) or (columns, channels): the constant less its zero
            point, for `offset` scaled as `add` scales it.
        table: of `table`, 256 values by the input as an unsigned byte.
        activation: smallest and largest output value.
        difference_min: `softmax` only; differences below it count as probability 0.
        operator: index in the .tflite of the operator that it comes from.
    """

    kind: Kind
    name: str
    inputs: tuple[int, ...]
    output: int
    kernel: int = 1
    stride: int = 1
    pad_left: int = 0
    pad_right: int = 0
    lead: tuple[int, ...] = ()
    taps: int = 1
    apart: int = 0
    fold: int = 1
    weights: NDArray[np.int8] | None = None
    bias: NDArray[np.int32] | None = None
    multiplier: tuple[int, ...] = ()
    shift: tuple[int, ...] = ()
    operand: NDArray[np.int32] | None = None
    table: bytes = b""
    activation: tuple[int, int] = (-128, 127)
    difference_min: int = 0
    operator: int = 0

    @property
    def reduces(self) -> bool:
        """Whether all columns together make one."""
        return self.kind in ("mean", "reduce_max")

    def passed_over(self, operand: int) -> int:
        """Columns of an input, 0 or 1, that are passed over at a window's begin."""
        return self.lead[operand] if self.lead else 0


@dataclass(frozen=True)
class Network:
    """Layers in an order in which they can run.

    Attributes:
        source: tensor index of the input, (window, channels).
        result: tensor index of the output, one column of class probabilities.
        sha256: of the .tflite.
    """

    tensors: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    source: int
    result: int
    sha256: str


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Write a real factor as multiplier / 2^31 * 2^shift, as TensorFlow Lite does.

    Args:
        real: zero or more.
    Returns:
        multiplier 0 or 2^30 … 2^31 - 1, and shift; factors under 2^-32 become (0, 0).
    Source: QuantizeMultiplier in tensorflow/lite/kernels/internal/quantization_util.cc.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def macs(layer: Layer, tensors: tuple[Tensor, ...]) -> int:
    """Multiply-accumulates of one output column; only convolutions count any."""
    if layer.kind == "conv":
        return layer.kernel * tensors[layer.inputs[0]].channels * tensors[layer.output].channels
    return layer.kernel * layer.fold * tensors[layer.output].channels if layer.kind == "depthwise" else 0
