"""One function per operator: checks that the engine covers it, and makes its `Layer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.advice import or_else
from edgehar.compile.builder import INT8, INT32, Builder, view
from edgehar.compile.network import Kind, Tensor, quantise_multiplier
from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: Padding of the .tflite schema.
SAME = 0


def _window(where: str, columns: int, kernel: int, stride: int, padding: int) -> dict[str, int]:
    """Output columns and padding, as TensorFlow's `same` and `valid` define them."""
    if kernel < 1 or stride < 1:
        raise ContractError(f"{where}: kernel {kernel} and stride {stride} must be positive")
    if padding == SAME:
        outputs = -(-columns // stride)
        total = max((outputs - 1) * stride + kernel - columns, 0)
    else:
        outputs, total = (columns - kernel) // stride + 1, 0
    if outputs < 1:
        raise ContractError(f"{where}: a kernel of {kernel} does not fit into {columns} columns")
    return {"columns": outputs, "pad_left": total // 2, "pad_right": total - total // 2}


def _requantisation(
    builder: Builder, where: str, source: Tensor, output: int, scales: NDArray[np.float32]
) -> dict[str, tuple[int, ...]]:
    """Multiplier and shift per filter, in double precision as PopulateConvolutionQuantizationParams has them."""
    out_scale, _ = builder.quantisation(output, where)
    pairs = [quantise_multiplier(source.scale * float(scale) / out_scale) for scale in scales]
    return {"multiplier": tuple(m for m, _ in pairs), "shift": tuple(s for _, s in pairs)}


def _bias(builder: Builder, operator: schema.OperatorT, filters: int, where: str) -> NDArray[np.int32]:
    inputs = [int(i) for i in operator.inputs]
    if len(inputs) < 3 or inputs[2] < 0:
        return np.zeros(filters, np.int32)
    bias = builder.constant(inputs[2], INT32, where)
    if bias.shape != (filters,):
        raise ContractError(f"{where}: expected {filters} biases, got shape {bias.shape}")
    return bias


def _check_range(
    where: str, weights: NDArray[np.int8], bias: NDArray[np.int32], axes: tuple[int, ...], shifts: tuple[int, ...]
) -> None:
    """Refuse a filter whose 32-bit sum could overflow, also after a factor above one has shifted it left: there the
    oracles' results mean nothing."""
    reach = np.abs(bias.astype(np.int64)) + 256 * np.abs(weights.astype(np.int64)).sum(axes)
    reach = reach << np.minimum(np.maximum(shifts, 0), 31)
    if reach.max() > 0x7FFFFFFF - 255:
        raise ContractError(
            f"{where}: the 32-bit sum of filter {int(reach.argmax())} could overflow; train with smaller weights, or "
            "calibrate with windows that are like the sensor's"
        )


def _add_filters(
    builder: Builder,
    operator: schema.OperatorT,
    where: str,
    kind: Kind,
    weights: NDArray[np.int8],
    axis: int,
    packed: NDArray[np.int8],
) -> None:
    """Append a convolution of either kind.

    Args:
        weights: int8 (filters, 1, taps, channels), or (1, 1, taps, filters) where it is depthwise.
        axis: of `weights` that counts the filters.
        packed: the same without height, as the layer keeps them.
    """
    options = operator.builtinOptions
    if options.dilationWFactor > 1 or options.dilationHFactor > 1:
        raise ContractError(
            or_else(
                f"{where}: dilation {options.dilationWFactor} is not covered, only 1; use a longer kernel or a stride"
            )
        )
    stream, output = builder.stream(int(operator.inputs[0]), where), int(operator.outputs[0])
    source, filters, taps = builder.tensors[stream], weights.shape[axis], weights.shape[2]
    bias = _bias(builder, operator, filters, where)
    scales = builder.weight_scales(int(operator.inputs[1]), filters, axis, where)
    requantisation = _requantisation(builder, where, source, output, scales)
    within = tuple(other for other in range(4) if other != axis)
    _check_range(where, weights, bias, within, requantisation["shift"])
    place = _window(where, source.columns, taps, options.strideW, options.padding)
    builder.add_layer(
        kind, where, (stream,), output, place.pop("columns"), filters,
        kernel=taps, stride=options.strideW, weights=packed, bias=bias,
        activation=builder.activation(options.fusedActivationFunction, output, where),
        **requantisation,
        **place,
    )  # fmt: skip


def _conv_2d(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    index = int(operator.inputs[0])
    source = builder.tensors[builder.stream(index, where)]
    weights = builder.constant(int(operator.inputs[1]), INT8, where)
    if weights.ndim != 4 or weights.shape[1] != 1 or len(builder.shape(index)) != 4:
        raise ContractError(f"{where}: only kernels of height 1 over (1, 1, columns, channels) are covered")
    if weights.shape[3] != source.channels:
        raise ContractError(
            or_else(
                f"{where}: a convolution in groups is not covered; "
                "use groups=1, or DepthwiseConv1D and Conv1D of kernel 1"
            )
        )
    _add_filters(builder, operator, where, "conv", weights, 0, weights[:, 0])


def _depthwise(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    options = operator.builtinOptions
    index = int(operator.inputs[0])
    source = builder.tensors[builder.stream(index, where)]
    weights = builder.constant(int(operator.inputs[1]), INT8, where)
    if weights.ndim != 4 or weights.shape[:2] != (1, 1) or len(builder.shape(index)) != 4:
        raise ContractError(f"{where}: only kernels of height 1 over (1, 1, columns, channels) are covered")
    filters = weights.shape[3]
    if filters % source.channels or options.depthMultiplier not in (0, filters // source.channels):
        raise ContractError(f"{where}: {filters} filters over {source.channels} channels is not covered")
    _add_filters(builder, operator, where, "depthwise", weights, 3, weights[0, 0])


def _pool(kind: Kind) -> Callable[[Builder, schema.OperatorT, str], None]:
    def pool(builder: Builder, operator: schema.OperatorT, where: str) -> None:
        options = operator.builtinOptions
        index, output = int(operator.inputs[0]), int(operator.outputs[0])
        stream = builder.stream(index, where)
        source = builder.tensors[stream]
        if options.filterHeight != 1 or len(builder.shape(index)) != 4:
            raise ContractError(f"{where}: only pools of height 1 over (1, 1, columns, channels) are covered")
        if builder.quantisation(output, where) != (source.scale, source.zero_point):
            raise ContractError(f"{where}: a pool that changes the quantisation is not covered")
        place = _window(where, source.columns, options.filterWidth, options.strideW, options.padding)
        builder.add_layer(
            kind, where, (stream,), output, place.pop("columns"), source.channels,
            kernel=options.filterWidth, stride=options.strideW,
            activation=builder.activation(options.fusedActivationFunction, output, where), **place,
        )  # fmt: skip

    return pool


def _mean(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream = builder.stream(index, where)
    source, shape = builder.tensors[stream], builder.shape(index)
    axes = {int(axis) % len(shape) for axis in builder.constant(int(operator.inputs[1]), INT32, where).reshape(-1)}
    reduced = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
    if len(shape) - 1 in axes or reduced != source.columns or len(shape) < 3:
        raise ContractError(
            or_else(
                f"{where}: only the mean over time is covered, got axes {sorted(axes)} of {shape}; "
                "use BatchNormalization in place of LayerNormalization, GlobalAveragePooling1D as mean"
            )
        )
    multiplier, shift = _mean_multiplier(builder, where, source, output)
    builder.add_layer("mean", where, (stream,), output, 1, source.channels, multiplier=(multiplier,), shift=(shift,))


def _mean_multiplier(builder: Builder, where: str, source: Tensor, output: int) -> tuple[int, int]:
    """Requantisation with 1 / columns folded in, also where the quantisation stays.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h.
    """
    scale, _ = builder.quantisation(output, where)
    multiplier, shift = quantise_multiplier(source.scale / scale)
    fold = min(source.columns.bit_length() - 1, 32, 31 + shift)
    return (multiplier << fold) // source.columns, shift - fold


def _add(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    first, second = (builder.stream(int(index), where) for index in operator.inputs)
    output = int(operator.outputs[0])
    tensors = builder.tensors[first], builder.tensors[second]
    if (tensors[0].columns, tensors[0].channels) != (tensors[1].columns, tensors[1].channels):
        raise ContractError(
            or_else(
                f"{where}: adding tensors of different shapes is not covered; "
                "give both branches equal filters and steps"
            )
        )
    if first == second:
        raise ContractError(f"{where}: adding a tensor to itself is not covered")
    scale, _ = builder.quantisation(output, where)
    twice = 2.0 * max(tensor.scale for tensor in tensors)
    pairs = [quantise_multiplier(tensor.scale / twice) for tensor in tensors]
    pairs.append(quantise_multiplier(twice / ((1 << 20) * scale)))
    if pairs[2][1] > 0:
        raise ContractError(f"{where}: an output scale 2^19 times finer than its operands' is not covered")
    builder.add_layer(
        "add", where, (first, second), output, tensors[0].columns, tensors[0].channels,
        multiplier=tuple(m for m, _ in pairs), shift=tuple(s for _, s in pairs),
        activation=builder.activation(operator.builtinOptions.fusedActivationFunction, output, where),
    )  # fmt: skip


def _fully_connected(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    options = operator.builtinOptions
    index, kernel_index, output = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
    stream = builder.stream(index, where, any_view=True)
    source = builder.tensors[stream]
    weights = builder.constant(kernel_index, INT8, where)
    if weights.ndim != 2 or options.weightsFormat != 0:
        raise ContractError(f"{where}: only plain weights of shape (filters, inputs) are covered")
    filters, inputs = weights.shape
    taps = inputs // source.channels
    flat = builder.shape(index)[-1] == inputs or view(builder.shape(index)) == (source.columns, source.channels)
    if inputs % source.channels or taps < 1 or source.columns % taps or not flat:
        raise ContractError(f"{where}: {inputs} inputs over {source.columns} × {source.channels} are not covered")
    bias = _bias(builder, operator, filters, where)
    scales = builder.weight_scales(kernel_index, filters, 0, where)
    requantisation = _requantisation(builder, where, source, output, scales)
    _check_range(where, weights, bias, (1,), requantisation["shift"])
    builder.add_layer(
        "conv", where, (stream,), output, source.columns // taps, filters,
        kernel=taps, stride=taps, weights=weights.reshape(filters, taps, source.channels), bias=bias,
        activation=builder.activation(options.fusedActivationFunction, output, where), **requantisation,
    )  # fmt: skip


#: Below every difference of two int8 logits: the table has 16 bits for it, a small scale would need more.
_LEAST_DIFFERENCE = -256


def _softmax(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    stream = builder.stream(int(operator.inputs[0]), where)
    source, output = builder.tensors[stream], int(operator.outputs[0])
    if builder.quantisation(output, where) != (1 / 256, -128):
        raise ContractError(f"{where}: expected an output of scale 1/256 and zero point -128")
    # The logits are scaled to 5 integer and 26 fraction bits (PreprocessSoftmaxScaling).
    real = min(float(operator.builtinOptions.beta) * source.scale * (1 << 26), (1 << 31) - 1.0)
    multiplier, shift = quantise_multiplier(real)
    if real <= 1.0 or shift < 0:
        raise ContractError(f"{where}: an input scale of {source.scale} is too small")
    builder.add_layer(
        "softmax", where, (stream,), output, source.columns, source.channels,
        multiplier=(multiplier,), shift=(shift,), difference_min=max(-((31 << 26) >> shift), _LEAST_DIFFERENCE),
    )  # fmt: skip


#: How each covered operator becomes a layer.
OPERATORS: dict[str, Callable[[Builder, schema.OperatorT, str], None]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "MAX_POOL_2D": _pool("max_pool"),
    "AVERAGE_POOL_2D": _pool("average_pool"),
    "MEAN": _mean,
    "ADD": _add,
    "FULLY_CONNECTED": _fully_connected,
    "SOFTMAX": _softmax,
}
