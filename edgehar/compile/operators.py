"""One function per operator: checks that the engine covers it, and makes its `Layer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.advice import or_else
from edgehar.compile.builder import INT8, INT32, Builder, view
from edgehar.compile.copies import batch_to_space, concatenate, pad, space_to_batch, strided_slice
from edgehar.compile.elementwise import BINARY, UNARY, add_binary, add_unary, prelu
from edgehar.compile.network import Kind, Tensor, quantise_multiplier
from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: Padding of the .tflite schema.
SAME = 0

#: What a convolution or a pool must be.
FLAT_KERNELS = (
    "only kernels along time over (1, 1, columns, channels) or (1, columns, 1, channels) are covered, of height or "
    "width 1"
)


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
        weights: int8 (filters, height, width, channels), or (1, height, width, filters) where it is depthwise.
        axis: of `weights` that counts the filters.
        packed: the same with one axis for the taps, as the layer keeps them.
    """
    options = operator.builtinOptions
    along = _along(builder, operator)
    stride, dilation = (
        (options.strideH, options.dilationHFactor) if along == 1 else (options.strideW, options.dilationWFactor)
    )
    given, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream = builder.convolved(given, where)
    if given in builder.apart:
        if options.padding == SAME or stride != 1:
            raise ContractError(f"{where}: padding or a stride between SPACE_TO_BATCH_ND and its end is not covered")
        builder.apart[output] = builder.apart[given]
        dilation *= builder.apart[given]
    source, filters, taps = builder.tensors[stream], weights.shape[axis], weights.shape[along]
    bias = _bias(builder, operator, filters, where)
    scales = builder.weight_scales(int(operator.inputs[1]), filters, axis, where)
    requantisation = _requantisation(builder, where, source, output, scales)
    within = tuple(other for other in range(4) if other != axis)
    _check_range(where, weights, bias, within, requantisation["shift"])
    if dilation < 1:
        raise ContractError(f"{where}: dilation {dilation} must be positive")
    reach = (taps - 1) * dilation + 1
    place = _window(where, source.columns, reach, stride, options.padding)
    columns = place.pop("columns")
    if reach > taps:
        # The taps of one output side by side: one column, which a kernel of one tap runs as fast as any.
        stream = builder.add_inner(
            "gather", f"{where} (taps)", (stream,), columns, taps * source.channels,
            kernel=reach, stride=stride, taps=taps, apart=dilation * source.channels, **place,
        )  # fmt: skip
        place, stride = {}, 1
        if kind == "conv":
            packed = packed.reshape(filters, 1, -1)
    builder.add_layer(
        kind, where, (stream,), output, columns, filters,
        kernel=1 if reach > taps else taps, stride=stride, weights=packed, bias=bias,
        fold=taps if reach > taps and kind == "depthwise" else 1,
        activation=builder.activation(options.fusedActivationFunction, output, where),
        **requantisation,
        **place,
    )  # fmt: skip


def _along(builder: Builder, operator: schema.OperatorT) -> int:
    """The axis of time in (batch, height, width, channels): the width, or the height where the width is 1."""
    shape = builder.shape(int(operator.inputs[0]))
    return 1 if len(shape) == 4 and shape[1] > 1 else 2


def _kernel_along(builder: Builder, operator: schema.OperatorT, where: str) -> NDArray[np.int8]:
    """A convolution's weights, which must lie along time alone."""
    shape = builder.shape(int(operator.inputs[0]))
    weights = builder.constant(int(operator.inputs[1]), INT8, where)
    if weights.ndim != 4 or len(shape) != 4 or weights.shape[3 - _along(builder, operator)] != 1:
        raise ContractError(f"{where}: {FLAT_KERNELS}")
    return weights


def _conv_2d(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    source = builder.tensors[builder.convolved(int(operator.inputs[0]), where)]
    weights = _kernel_along(builder, operator, where)
    if weights.shape[3] != source.channels:
        raise ContractError(
            or_else(
                f"{where}: a convolution in groups is not covered; "
                "use groups=1, or DepthwiseConv1D and Conv1D of kernel 1"
            )
        )
    packed = weights.reshape(weights.shape[0], -1, weights.shape[3])
    _add_filters(builder, operator, where, "conv", weights, 0, packed)


def _depthwise(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    source = builder.tensors[builder.convolved(int(operator.inputs[0]), where)]
    weights = _kernel_along(builder, operator, where)
    filters, multiplier = weights.shape[3], operator.builtinOptions.depthMultiplier
    if weights.shape[0] != 1 or filters % source.channels or multiplier not in (0, filters // source.channels):
        raise ContractError(f"{where}: {filters} filters over {source.channels} channels is not covered")
    _add_filters(builder, operator, where, "depthwise", weights, 3, weights.reshape(-1, filters))


def _pool(kind: Kind) -> Callable[[Builder, schema.OperatorT, str], None]:
    def pool(builder: Builder, operator: schema.OperatorT, where: str) -> None:
        options = operator.builtinOptions
        index, output = int(operator.inputs[0]), int(operator.outputs[0])
        stream = builder.stream(index, where)
        source = builder.tensors[stream]
        sizes = options.filterHeight, options.filterWidth
        along = _along(builder, operator)
        if sizes[2 - along] != 1 or len(builder.shape(index)) != 4:
            raise ContractError(f"{where}: {FLAT_KERNELS}")
        if builder.quantisation(output, where) != (source.scale, source.zero_point):
            raise ContractError(f"{where}: a pool that changes the quantisation is not covered")
        kernel, stride = sizes[along - 1], options.strideH if along == 1 else options.strideW
        place = _window(where, source.columns, kernel, stride, options.padding)
        builder.add_layer(
            kind, where, (stream,), output, place.pop("columns"), source.channels,
            kernel=kernel, stride=stride,
            activation=builder.activation(options.fusedActivationFunction, output, where), **place,
        )  # fmt: skip

    return pool


def _over_time(builder: Builder, operator: schema.OperatorT, where: str, instead: str) -> int:
    """The stream that an operator reduces over time; any other axes are refused."""
    index = int(operator.inputs[0])
    stream = builder.stream(index, where)
    shape = builder.shape(index)
    axes = {int(axis) % len(shape) for axis in builder.constant(int(operator.inputs[1]), INT32, where).reshape(-1)}
    reduced = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
    if len(shape) - 1 in axes or reduced != builder.tensors[stream].columns or len(shape) < 3:
        what = where.split(" ")[0].removeprefix("REDUCE_").lower()
        raise ContractError(
            or_else(f"{where}: only the {what} over time is covered, got axes {sorted(axes)} of {shape}; {instead}")
        )
    return stream


def _reduce_max(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    stream = _over_time(builder, operator, where, "use GlobalMaxPooling1D, which takes it over time")
    source, output = builder.tensors[stream], int(operator.outputs[0])
    if builder.quantisation(output, where) != (source.scale, source.zero_point):
        raise ContractError(f"{where}: a maximum that changes the quantisation is not covered")
    builder.add_layer("reduce_max", where, (stream,), output, 1, source.channels)


def _mean(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    stream = _over_time(
        builder,
        operator,
        where,
        "use BatchNormalization in place of LayerNormalization, GlobalAveragePooling1D as mean",
    )
    source, output = builder.tensors[stream], int(operator.outputs[0])
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
    "REDUCE_MAX": _reduce_max,
    "FULLY_CONNECTED": _fully_connected,
    "SOFTMAX": _softmax,
    "PRELU": prelu,
    "CONCATENATION": concatenate,
    "PAD": pad,
    "STRIDED_SLICE": strided_slice,
    "SPACE_TO_BATCH_ND": space_to_batch,
    "BATCH_TO_SPACE_ND": batch_to_space,
    **dict.fromkeys(BINARY, add_binary),
    **dict.fromkeys(UNARY, add_unary),
}
