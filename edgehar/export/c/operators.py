"""One function an operator: checks that the engine covers it, and makes its `Layer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import ContractError
from edgehar.export.c.network import Kind, Layer, Network, Tensor, quantise_multiplier

#: TensorType and Padding of the .tflite schema.
INT8, INT32, SAME = 9, 2, 0

#: Fused activations: the real values that they clamp to.
ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}


class Builder:
    """The network so far, and the .tflite's tensors to draw from."""

    def __init__(self, tensors: list[Any], buffers: list[NDArray[np.uint8]]) -> None:
        self._raw = tensors
        self._buffers = buffers
        self._stream: dict[int, int] = {}
        self.tensors: list[Tensor] = []
        self.layers: list[Layer] = []

    def name(self, index: int) -> str:
        """A tensor's name, shortened to its last part."""
        name = self._raw[index].name
        return "" if name is None else name.decode("utf-8", "replace").split(";")[0].split("/")[-1]

    def shape(self, index: int) -> tuple[int, ...]:
        """A tensor's shape."""
        shape = self._raw[index].shape
        return () if shape is None else tuple(int(n) for n in shape)

    def begin(self, index: int) -> None:
        """Declare the network's input: (1, window, 3), (1, 1, window, 3) or flat (1, 3 * window)."""
        shape = self.shape(index)
        total = int(np.prod(shape, dtype=np.int64))
        if shape[:1] != (1,) or total % 3 or total == 0 or shape not in ((1, total // 3, 3), (1, 1, total // 3, 3), (1, total)):
            raise ContractError(f"expected an input of shape (1, window, 3), got {shape}")
        self._add_tensor(index, total // 3, 3, "the input")

    def _add_tensor(self, index: int, columns: int, channels: int, where: str) -> int:
        scale, zero_point = self.quantisation(index, where)
        if columns < 1 or channels < 1 or columns > 32767 or channels > 32767:
            raise ContractError(f"{where}: {columns} columns of {channels} channels; 1 to 32767 of each are covered")
        self.tensors.append(Tensor(self.name(index), index, columns, channels, scale, zero_point))
        self._stream[index] = len(self.tensors) - 1
        return len(self.tensors) - 1

    def quantisation(self, index: int, where: str) -> tuple[float, int]:
        """Scale (a float32 value) and zero point of an int8 tensor quantised as a whole."""
        raw = self._raw[index]
        if raw.type != INT8:
            raise ContractError(f"{where}: tensor {self.name(index)!r} is not int8; export with full int8 quantisation")
        scales, zeros = self._scales(index)
        if len(scales) != 1 or len(zeros) != 1:
            raise ContractError(f"{where}: tensor {self.name(index)!r} needs one scale and one zero point")
        scale, zero_point = float(scales[0]), int(zeros[0])
        if not (np.isfinite(scale) and scale > 0 and -128 <= zero_point <= 127):
            raise ContractError(f"{where}: scale {scale} and zero point {zero_point} are out of range")
        return scale, zero_point

    def _scales(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        quantisation = self._raw[index].quantization
        scales = None if quantisation is None else quantisation.scale
        zeros = None if quantisation is None else quantisation.zeroPoint
        return (
            np.zeros(0, np.float32) if scales is None else np.asarray(scales, np.float32),
            np.zeros(0, np.int64) if zeros is None else np.asarray(zeros, np.int64),
        )

    def weight_scales(self, index: int, filters: int, axis: int, where: str) -> NDArray[np.float32]:
        """One scale a filter of symmetric int8 weights quantised along `axis`, or as a whole."""
        scales, zeros = self._scales(index)
        if zeros.any():
            raise ContractError(f"{where}: weights with a zero point are not covered")
        if len(scales) not in (1, filters) or not (np.isfinite(scales).all() and (scales >= 0).all()):
            raise ContractError(f"{where}: expected 1 or {filters} weight scales, got {len(scales)}")
        if len(scales) > 1 and self._raw[index].quantization.quantizedDimension != axis:
            raise ContractError(f"{where}: weights quantised along another axis than the filters are not covered")
        return np.broadcast_to(scales, filters)

    def constant(self, index: int, kind: int, where: str) -> NDArray[Any]:
        """A constant tensor's values in its own shape."""
        raw, dtype = self._raw[index], np.dtype(np.int8 if kind == INT8 else np.int32)
        data = self._buffers[raw.buffer]
        shape = self.shape(index)
        if raw.type != kind or data.size != int(np.prod(shape, dtype=np.int64)) * dtype.itemsize:
            raise ContractError(f"{where}: {self.name(index)!r} must be a constant of type {dtype}")
        return np.frombuffer(data.tobytes(), dtype.newbyteorder("<")).reshape(shape)

    def stream(self, index: int, where: str, any_view: bool = False) -> int:
        """The stream behind an operand; its shape must show it as (1, columns, channels) unless `any_view`."""
        if index not in self._stream:
            raise ContractError(f"{where}: operand {self.name(index)!r} is a constant or unknown; it must be computed")
        tensor = self.tensors[self._stream[index]]
        if not any_view and _view(self.shape(index)) != (tensor.columns, tensor.channels):
            raise ContractError(
                f"{where}: expected time along one axis and channels along the last, got shape {self.shape(index)}"
            )
        return self._stream[index]

    def rename(self, source: int, target: int, where: str) -> None:
        """A reshape: the same stream under another shape."""
        stream = self.stream(source, where, any_view=True)
        tensor = self.tensors[stream]
        if int(np.prod(self.shape(target), dtype=np.int64)) != tensor.columns * tensor.channels:
            raise ContractError(f"{where}: shapes of different sizes, {self.shape(source)} and {self.shape(target)}")
        if self.quantisation(target, where) != (tensor.scale, tensor.zero_point):
            raise ContractError(f"{where}: a reshape that changes the quantisation is not covered")
        self._stream[target] = stream

    def add_layer(
        self, kind: Kind, where: str, inputs: tuple[int, ...], output: int, columns: int, channels: int, **fields: Any
    ) -> None:
        """Append a layer whose output is `columns` × `channels`."""
        shape = self.shape(output)
        if shape[:1] != (1,) or int(np.prod(shape, dtype=np.int64)) != columns * channels:
            raise ContractError(f"{where}: expected an output of {columns} × {channels} for batch 1, got {shape}")
        tensor = self._add_tensor(output, columns, channels, where)
        self.layers.append(Layer(kind, where, inputs, tensor, **fields))

    def activation(self, function: int, tensor: int, where: str) -> tuple[int, int]:
        """Clamp of a fused activation in int8, as CalculateActivationRangeQuantized has it."""
        if function not in ACTIVATIONS:
            raise ContractError(f"{where}: fused activation {function} is not covered")
        scale, zero_point = self.quantisation(tensor, where)
        low, high = (
            None if value is None else zero_point + _round(np.float32(value) / np.float32(scale))
            for value in ACTIVATIONS[function]
        )
        return max(-128, -128 if low is None else low), min(127, 127 if high is None else high)

    def finish(self, output: int, sha256: str) -> Network:
        """The network, once every stream is used and the output is what the streamer takes."""
        result = self.stream(output, "the output", any_view=True)
        tensor = self.tensors[result]
        if not self.layers or self.layers[-1].kind != "softmax" or tensor.columns != 1:
            raise ContractError("expected a network that ends in SOFTMAX over one row of classes")
        if not 2 <= tensor.channels <= 127:
            raise ContractError(f"expected 2 to 127 classes, got {tensor.channels}")
        used = {index for layer in self.layers for index in layer.inputs} | {result}
        for layer in self.layers:
            if layer.output not in used:
                raise ContractError(f"{layer.name}: nothing uses what it computes; convert the model again")
        if len(self.layers) > 120:
            raise ContractError(f"expected at most 120 layers, got {len(self.layers)}")
        return Network(tuple(self.tensors), tuple(self.layers), 0, result, sha256)


def _view(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Columns and channels of (1, channels), (1, columns, channels) or (1, 1, columns, channels)."""
    if shape[:1] != (1,) or not 2 <= len(shape) <= 4 or (len(shape) == 4 and shape[1] != 1):
        return None
    return (1 if len(shape) == 2 else shape[-2]), shape[-1]


def _round(value: np.float32) -> int:
    """Half away from zero, limited to 32 bits."""
    limited = float(np.clip(np.float64(value), -(2.0**31), 2.0**31))
    return int(np.copysign(np.floor(abs(limited) + 0.5), limited))


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
    """Multiplier and shift a filter, in double precision as PopulateConvolutionQuantizationParams has them."""
    out_scale, _ = builder.quantisation(output, where)
    pairs = [quantise_multiplier(source.scale * float(scale) / out_scale) for scale in scales]
    return {"multiplier": tuple(m for m, _ in pairs), "shift": tuple(s for _, s in pairs)}


def _bias(builder: Builder, operator: Any, filters: int, where: str) -> NDArray[np.int32]:
    inputs = [int(i) for i in operator.inputs]
    if len(inputs) < 3 or inputs[2] < 0:
        return np.zeros(filters, np.int32)
    bias = builder.constant(inputs[2], INT32, where)
    if bias.shape != (filters,):
        raise ContractError(f"{where}: expected {filters} biases, got shape {bias.shape}")
    return bias


def _check_range(where: str, weights: NDArray[np.int8], bias: NDArray[np.int32], axes: tuple[int, ...]) -> None:
    """Refuse a filter whose 32-bit sum could overflow: there the oracles' results mean nothing."""
    reach = np.abs(bias.astype(np.int64)) + 256 * np.abs(weights.astype(np.int64)).sum(axes)
    if reach.max() > 0x7FFFFFFF:
        raise ContractError(f"{where}: the 32-bit sum of filter {int(reach.argmax())} could overflow")


def _conv_2d(builder: Builder, operator: Any, where: str) -> None:
    options = operator.builtinOptions
    index, kernel_index, output = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
    stream = builder.stream(index, where)
    source = builder.tensors[stream]
    weights = builder.constant(kernel_index, INT8, where)
    if weights.ndim != 4 or weights.shape[1] != 1 or len(builder.shape(index)) != 4:
        raise ContractError(f"{where}: only kernels of height 1 over (1, 1, columns, channels) are covered")
    if weights.shape[3] != source.channels:
        raise ContractError(f"{where}: grouped convolution is not covered")
    if options.dilationWFactor > 1 or options.dilationHFactor > 1:
        raise ContractError(f"{where}: dilation {options.dilationWFactor} is not covered, only 1")
    filters, _, taps, _ = weights.shape
    bias = _bias(builder, operator, filters, where)
    _check_range(where, weights, bias, (1, 2, 3))
    place = _window(where, source.columns, taps, options.strideW, options.padding)
    builder.add_layer(
        "conv", where, (stream,), output, place.pop("columns"), filters,
        kernel=taps, stride=options.strideW, weights=weights[:, 0], bias=bias,
        activation=builder.activation(options.fusedActivationFunction, output, where),
        **_requantisation(builder, where, source, output, builder.weight_scales(kernel_index, filters, 0, where)),
        **place,
    )  # fmt: skip


def _depthwise(builder: Builder, operator: Any, where: str) -> None:
    options = operator.builtinOptions
    index, kernel_index, output = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
    stream = builder.stream(index, where)
    source = builder.tensors[stream]
    weights = builder.constant(kernel_index, INT8, where)
    if weights.ndim != 4 or weights.shape[:2] != (1, 1) or len(builder.shape(index)) != 4:
        raise ContractError(f"{where}: only kernels of height 1 over (1, 1, columns, channels) are covered")
    filters, taps = weights.shape[3], weights.shape[2]
    if filters % source.channels or options.depthMultiplier not in (0, filters // source.channels):
        raise ContractError(f"{where}: {filters} filters over {source.channels} channels is not covered")
    if options.dilationWFactor > 1 or options.dilationHFactor > 1:
        raise ContractError(f"{where}: dilation {options.dilationWFactor} is not covered, only 1")
    bias = _bias(builder, operator, filters, where)
    _check_range(where, weights, bias, (0, 1, 2))
    place = _window(where, source.columns, taps, options.strideW, options.padding)
    builder.add_layer(
        "depthwise", where, (stream,), output, place.pop("columns"), filters,
        kernel=taps, stride=options.strideW, weights=weights[0, 0], bias=bias,
        activation=builder.activation(options.fusedActivationFunction, output, where),
        **_requantisation(builder, where, source, output, builder.weight_scales(kernel_index, filters, 3, where)),
        **place,
    )  # fmt: skip


def _pool(kind: Kind) -> Callable[[Builder, Any, str], None]:
    def pool(builder: Builder, operator: Any, where: str) -> None:
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


def _mean(builder: Builder, operator: Any, where: str) -> None:
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream = builder.stream(index, where)
    source, shape = builder.tensors[stream], builder.shape(index)
    axes = {int(axis) % len(shape) for axis in builder.constant(int(operator.inputs[1]), INT32, where).reshape(-1)}
    reduced = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
    if len(shape) - 1 in axes or reduced != source.columns or len(shape) < 3:
        raise ContractError(f"{where}: only the mean over time is covered, got axes {sorted(axes)} of {shape}")
    multiplier, shift = _mean_multiplier(builder, where, source, output)
    builder.add_layer(
        "mean", where, (stream,), output, 1, source.channels, multiplier=(multiplier,), shift=(shift,)
    )


def _mean_multiplier(builder: Builder, where: str, source: Tensor, output: int) -> tuple[int, int]:
    """Requantisation with 1 / columns folded in; (0, 0) where the quantisation stays: then it is a plain division.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h.
    """
    scale, zero_point = builder.quantisation(output, where)
    if (scale, zero_point) == (source.scale, source.zero_point):
        return 0, 0
    multiplier, shift = quantise_multiplier(source.scale / scale)
    fold = min(source.columns.bit_length() - 1, 32, 31 + shift)
    return (multiplier << fold) // source.columns, shift - fold


def _add(builder: Builder, operator: Any, where: str) -> None:
    first, second = (builder.stream(int(index), where) for index in operator.inputs)
    output = int(operator.outputs[0])
    tensors = builder.tensors[first], builder.tensors[second]
    if (tensors[0].columns, tensors[0].channels) != (tensors[1].columns, tensors[1].channels):
        raise ContractError(f"{where}: adding tensors of different shapes is not covered")
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


def _fully_connected(builder: Builder, operator: Any, where: str) -> None:
    options = operator.builtinOptions
    index, kernel_index, output = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
    stream = builder.stream(index, where, any_view=True)
    source = builder.tensors[stream]
    weights = builder.constant(kernel_index, INT8, where)
    if weights.ndim != 2 or options.weightsFormat != 0:
        raise ContractError(f"{where}: only plain weights of shape (filters, inputs) are covered")
    filters, inputs = weights.shape
    taps = inputs // source.channels
    flat = builder.shape(index)[-1] == inputs or _view(builder.shape(index)) == (source.columns, source.channels)
    if inputs % source.channels or taps < 1 or source.columns % taps or not flat:
        raise ContractError(f"{where}: {inputs} inputs over {source.columns} × {source.channels} are not covered")
    bias = _bias(builder, operator, filters, where)
    _check_range(where, weights, bias, (1,))
    scales = builder.weight_scales(kernel_index, filters, 0, where)
    requantisation = _requantisation(builder, where, source, output, scales)
    builder.add_layer(
        "conv", where, (stream,), output, source.columns // taps, filters,
        kernel=taps, stride=taps, weights=weights.reshape(filters, taps, source.channels), bias=bias,
        activation=builder.activation(options.fusedActivationFunction, output, where), **requantisation,
    )  # fmt: skip


def _softmax(builder: Builder, operator: Any, where: str) -> None:
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
        multiplier=(multiplier,), shift=(shift,), difference_min=-((31 << 26) >> shift),
    )  # fmt: skip


#: How each covered operator becomes a layer.
OPERATORS: dict[str, Callable[[Builder, Any, str], None]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "MAX_POOL_2D": _pool("max_pool"),
    "AVERAGE_POOL_2D": _pool("average_pool"),
    "MEAN": _mean,
    "ADD": _add,
    "FULLY_CONNECTED": _fully_connected,
    "SOFTMAX": _softmax,
}
