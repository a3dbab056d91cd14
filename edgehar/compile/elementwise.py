"""Operators that make each value from the one at its place: of a stream alone, with a constant, or of two streams.

A constant that is one number makes a table, as every function of one value does; one per channel, or per channel and
column, keeps its arithmetic. A stream of one column or of one channel is spread over the other's, as TensorFlow does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.compile import unary
from edgehar.compile.advice import or_else
from edgehar.compile.builder import INT8, Builder, view
from edgehar.compile.fixed_point import clamp, requantise
from edgehar.compile.network import quantise_multiplier
from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: Multiplier and shift.
Factor = tuple[int, int]

BINARY = ("ADD", "SUB", "MUL")
#: Spare bits of a sum's operands, as TensorFlow Lite's ADD has them.
_HEADROOM = 20
#: Beyond this shift to the left a product of two int8 differences leaves 32 bits.
_MOST_SHIFT = 14

#: How each function of one value becomes one of (its quantisation, its output's).
UNARY: dict[str, Callable[[schema.OperatorT, unary.Quantisation, unary.Quantisation], unary.Function]] = {
    "LOGISTIC": lambda operator, source, output: unary.logistic(source, output),
    "TANH": lambda operator, source, output: unary.tanh(source, output),
    "HARD_SWISH": lambda operator, source, output: unary.hard_swish(source, output),
    "LEAKY_RELU": lambda operator, source, output: unary.leaky_relu(source, output, operator.builtinOptions.alpha),
    "RELU": lambda operator, source, output: unary.relu(source, output),
    "RELU6": lambda operator, source, output: unary.relu_6(source, output),
    "QUANTIZE": lambda operator, source, output: unary.quantise(source, output),
}


def add_unary(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """Append a function of one value as its table."""
    stream, output = builder.stream(int(operator.inputs[0]), where, any_view=True), int(operator.outputs[0])
    source = builder.tensors[stream]
    after = builder.quantisation(output, where)
    try:
        function = UNARY[where.split(" ")[0]](operator, (source.scale, source.zero_point), after)
    except ContractError as error:
        raise ContractError(f"{where}: {error}") from error
    _add_table(builder, where, stream, output, function)


def _add_table(builder: Builder, where: str, stream: int, output: int, function: unary.Function) -> None:
    source = builder.tensors[stream]
    builder.add_layer("table", where, (stream,), output, source.columns, source.channels, table=unary.table(function))


def add_binary(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """Append ADD, SUB or MUL."""
    if sum(builder.is_stream(int(index)) for index in operator.inputs) == 2:
        _add_two(builder, operator, where)
    else:
        _add_constant(builder, operator, where)


def _add_two(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """ADD or MUL of two streams."""
    name, output = where.split(" ")[0], int(operator.outputs[0])
    if name == "SUB":
        raise ContractError(or_else(f"{where}: the difference of two tensors is not covered; use Add"))
    columns, channels = _seen(builder, output, where)
    given = [builder.stream(int(index), where) for index in operator.inputs]
    if given[0] == given[1]:
        raise ContractError(
            or_else(f"{where}: a tensor with itself is not covered; use an activation or a factor in its place")
        )
    first, second = (_spread(builder, stream, columns, channels, where) for stream in given)
    tensors = builder.tensors[first], builder.tensors[second]
    if name == "ADD":
        factors = _sum_factors(builder, tensors[0].scale, tensors[1].scale, output, where)
    else:
        factors = [_product_factor(builder, tensors[0].scale, tensors[1].scale, output, where)]
    builder.add_layer(
        "add" if name == "ADD" else "multiply", where, (first, second), output, columns, channels,
        multiplier=tuple(m for m, _ in factors), shift=tuple(s for _, s in factors),
        activation=builder.activation(operator.builtinOptions.fusedActivationFunction, output, where),
    )  # fmt: skip


def _add_constant(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """ADD, SUB or MUL of a stream and a constant."""
    name, output = where.split(" ")[0], int(operator.outputs[0])
    operands = [int(index) for index in operator.inputs]
    slot = int(builder.is_stream(operands[1]))
    columns, channels = _seen(builder, output, where)
    stream = _spread(builder, builder.stream(operands[slot], where), columns, channels, where)
    source, (scale, zero_point) = builder.tensors[stream], builder.quantisation(operands[1 - slot], where)
    constant = _constant(builder, operands[1 - slot], output, where) - zero_point
    activation = builder.activation(operator.builtinOptions.fusedActivationFunction, output, where)
    _, out_zero = builder.quantisation(output, where)
    if name == "MUL":
        factors = [_product_factor(builder, source.scale, scale, output, where)]
        operand = constant
    else:
        ours, other, out = _sum_factors(builder, source.scale, scale, output, where)
        factors = [ours, out]
        sign = -1 if name == "SUB" and slot == 0 else 1
        operand = np.array([sign * requantise(c << _HEADROOM, *other) for c in constant.ravel().tolist()], np.int32)
        operand = operand.reshape(constant.shape)
    mirrored = name == "SUB" and slot == 1

    def function(x: int) -> int:
        real, value = x - source.zero_point, int(operand.flat[0])
        if name == "MUL":
            result = requantise(real * value, *factors[0])
        else:
            scaled = requantise(real << _HEADROOM, *factors[0])
            result = requantise(value - scaled if mirrored else scaled + value, *factors[1])
        return clamp(result + out_zero, *activation)

    if (operand == operand.flat[0]).all():
        _add_table(builder, where, stream, output, function)
        return
    if mirrored:
        raise ContractError(
            or_else(f"{where}: a constant of several values less a tensor is not covered; use a Rescaling(-1) and Add")
        )
    builder.add_layer(
        "scale" if name == "MUL" else "offset", where, (stream,), output, columns, channels, operand=operand,
        multiplier=tuple(m for m, _ in factors), shift=tuple(s for _, s in factors), activation=activation,
    )  # fmt: skip


def prelu(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """PRELU: a slope per channel, or per channel and column, below the zero point.

    Source: BroadcastPrelu4DSlow in tensorflow/lite/kernels/internal/reference/prelu.h.
    """
    stream, output = builder.stream(int(operator.inputs[0]), where), int(operator.outputs[0])
    source, (scale, zero_point) = builder.tensors[stream], builder.quantisation(int(operator.inputs[1]), where)
    out_scale, _ = builder.quantisation(output, where)
    slopes = _constant(builder, int(operator.inputs[1]), output, where) - zero_point
    above = quantise_multiplier(source.scale / out_scale)
    below = _product_factor(builder, source.scale, scale, output, where)
    if above[1] > _MOST_SHIFT:
        raise ContractError(f"{where}: an output scale so much finer than its input's is not covered")
    builder.add_layer(
        "prelu", where, (stream,), output, source.columns, source.channels, operand=slopes,
        multiplier=(above[0], below[0]), shift=(above[1], below[1]),
    )  # fmt: skip


def _seen(builder: Builder, output: int, where: str) -> tuple[int, int]:
    """Columns and channels of the output."""
    seen = view(builder.shape(output))
    if seen is None:
        raise ContractError(f"{where}: expected time along one axis, got an output of shape {builder.shape(output)}")
    return seen


def _spread(builder: Builder, stream: int, columns: int, channels: int, where: str) -> int:
    """The stream, repeated over columns or channels where it has only one and the output more."""
    tensor = builder.tensors[stream]
    if tensor.columns == 1 < columns:
        stream = builder.add_inner("gather", f"{where} (repeated)", (stream,), columns, tensor.channels, stride=0)
    if tensor.channels == 1 < channels:
        stream = builder.add_inner("gather", f"{where} (over channels)", (stream,), columns, channels, taps=channels)
    tensor = builder.tensors[stream]
    if (tensor.columns, tensor.channels) != (columns, channels):
        raise ContractError(
            or_else(
                f"{where}: tensors of {tensor.columns} × {tensor.channels} and {columns} × {channels} do not go "
                "together; give both branches equal filters and steps"
            )
        )
    return stream


def _constant(builder: Builder, index: int, output: int, where: str) -> NDArray[np.int32]:
    """A constant operand, int32 (1, channels), or (columns, channels) where it is not the same in all columns."""
    shape = builder.shape(output)
    columns, channels = _seen(builder, output, where)
    values = builder.constant(index, INT8, where).astype(np.int32)
    try:
        rows = np.broadcast_to(values, shape).reshape(columns, channels)
    except ValueError as error:
        raise ContractError(f"{where}: a constant of shape {values.shape} does not go with {shape}") from error
    return rows[:1] if (rows == rows[0]).all() else rows


def _product_factor(builder: Builder, first: float, second: float, output: int, where: str) -> Factor:
    factor = quantise_multiplier(first * second / builder.quantisation(output, where)[0])
    if factor[1] > _MOST_SHIFT:
        raise ContractError(f"{where}: an output scale so much finer than its operands' is not covered")
    return factor


def _sum_factors(builder: Builder, first: float, second: float, output: int, where: str) -> list[Factor]:
    """Factors of the two operands and of the output, by way of a common scale.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/add_common.cc.
    """
    twice = 2.0 * max(first, second)
    factors = [quantise_multiplier(first / twice), quantise_multiplier(second / twice)]
    factors.append(quantise_multiplier(twice / ((1 << _HEADROOM) * builder.quantisation(output, where)[0])))
    if factors[2][1] > 0:
        raise ContractError(f"{where}: an output scale 2^19 times finer than its operands' is not covered")
    return factors
