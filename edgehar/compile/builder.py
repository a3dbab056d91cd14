"""A network under construction: the .tflite's tensors as streams, and what all operators check alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import MOST_CHANNELS
from edgehar.compile.advice import CONSTANT_OPERAND, OTHER_VIEW
from edgehar.compile.network import Kind, Layer, Network, Tensor
from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: TensorType of the .tflite schema.
INT8, INT32 = 9, 2

#: Fused activations: the real values that they clamp to.
ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}


class Builder:
    """The network so far, and the .tflite's tensors to draw from."""

    def __init__(self, tensors: list[schema.TensorT], buffers: list[NDArray[np.uint8]]) -> None:
        self._raw = tensors
        self._buffers = buffers
        self._stream: dict[int, int] = {}
        self.tensors: list[Tensor] = []
        self.layers: list[Layer] = []
        #: Index of the operator that is being read.
        self.operator = 0
        #: Tensors whose batch holds every n-th column of a stream, as SPACE_TO_BATCH_ND leaves it: that n.
        self.apart: dict[int, int] = {}

    def name(self, index: int) -> str:
        """A tensor's name, shortened to its last part."""
        name = self._raw[index].name
        return "" if name is None else name.decode("utf-8", "replace").split(";")[0].split("/")[-1]

    def result_name(self, operator: schema.OperatorT) -> str:
        """The name of an operator's first result; nothing where it has none."""
        outputs = [] if operator.outputs is None else [int(index) for index in operator.outputs]
        return self.name(outputs[0]) if outputs and 0 <= outputs[0] < len(self._raw) else ""

    def shape(self, index: int) -> tuple[int, ...]:
        """A tensor's shape."""
        shape = self._raw[index].shape
        return () if shape is None else tuple(int(n) for n in shape)

    def begin(self, index: int, flat: int = 3) -> None:
        """Declare the network's input: (1, window, channels), (1, 1, window, channels) with another 1 before or
        behind the window, or flat (1, channels * window).

        Args:
            flat: channels of the last of these, whose shape does not tell.
        """
        shape = self.shape(index)
        total = int(np.prod(shape, dtype=np.int64))
        channels = flat if len(shape) == 2 else shape[-1] if shape else 0
        window = total // channels if 1 <= channels <= MOST_CHANNELS else 0
        if total < 1 or shape not in (
            (1, window, channels), (1, 1, window, channels), (1, window, 1, channels), (1, window * channels),
        ):  # fmt: skip
            raise ContractError(
                f"expected an input of shape (1, window, channels) with 1 … {MOST_CHANNELS} channels, got {shape}"
            )
        self._add_tensor(index, window, channels, "the input")

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
            raise ContractError(
                f"{where}: expected int8 in tensor {self.name(index)!r}, got another type; export with full "
                "int8 quantisation"
            )
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
            raise ContractError(f"{where}: operand {self.name(index)!r} is a constant or unknown; {CONSTANT_OPERAND}")
        tensor = self.tensors[self._stream[index]]
        if index in self.apart or (not any_view and view(self.shape(index)) != (tensor.columns, tensor.channels)):
            raise ContractError(
                f"{where}: expected time along one axis and channels along the last, "
                f"got shape {self.shape(index)}; {OTHER_VIEW}"
            )
        return self._stream[index]

    def convolved(self, index: int, where: str) -> int:
        """As `stream`, of a convolution's operand, which may lie apart in the batch."""
        return self._stream[index] if index in self.apart else self.stream(index, where)

    def rename(self, source: int, target: int, where: str) -> None:
        """A reshape: the same stream under another shape."""
        stream = self._stream[source] if source in self.apart else self.stream(source, where, any_view=True)
        tensor = self.tensors[stream]
        if source in self.apart:
            self.put_apart(target, stream, self.apart[source], where)
            return
        if int(np.prod(self.shape(target), dtype=np.int64)) != tensor.columns * tensor.channels:
            raise ContractError(f"{where}: shapes of different sizes, {self.shape(source)} and {self.shape(target)}")
        if self.quantisation(target, where) != (tensor.scale, tensor.zero_point):
            raise ContractError(f"{where}: a reshape that changes the quantisation is not covered")
        self._stream[target] = stream

    def put_apart(self, target: int, stream: int, blocks: int, where: str) -> None:
        """Every `blocks`-th column of a stream is a row of the target's batch."""
        tensor, shape = self.tensors[stream], self.shape(target)
        if blocks < 1 or shape[:1] != (blocks,) or shape[-1] != tensor.channels or not tensor.columns:
            raise ContractError(f"{where}: {tensor.columns} × {tensor.channels} in {blocks} do not make {shape}")
        if int(np.prod(shape, dtype=np.int64)) != tensor.columns * tensor.channels:
            raise ContractError(f"{where}: {tensor.columns} × {tensor.channels} in {blocks} do not make {shape}")
        if self.quantisation(target, where) != (tensor.scale, tensor.zero_point):
            raise ContractError(f"{where}: a copy that changes the quantisation is not covered")
        self._stream[target], self.apart[target] = stream, blocks

    def add_layer(
        self, kind: Kind, where: str, inputs: tuple[int, ...], output: int, columns: int, channels: int, **fields: Any
    ) -> None:
        """Append a layer whose output is `columns` × `channels`."""
        shape, blocks = self.shape(output), self.apart.get(output, 1)
        if shape[:1] != (blocks,) or int(np.prod(shape, dtype=np.int64)) != columns * channels:
            raise ContractError(f"{where}: expected an output of {columns} × {channels} for batch 1, got {shape}")
        tensor = self._add_tensor(output, columns, channels, where)
        if blocks > 1:
            self.tensors[tensor] = replace(self.tensors[tensor], index=-1)
        self.layers.append(Layer(kind, where, inputs, tensor, operator=self.operator, **fields))

    def add_inner(
        self, kind: Kind, where: str, inputs: tuple[int, ...], columns: int, channels: int, **fields: Any
    ) -> int:
        """Append a layer that is only a part of an operator, and copies; returns its output's stream, in the
        quantisation of its first input."""
        if columns > 32767 or channels > 32767:
            raise ContractError(f"{where}: {columns} columns of {channels} channels; 1 to 32767 of each are covered")
        source = self.tensors[inputs[0]]
        self.tensors.append(replace(source, name="", index=-1, columns=columns, channels=channels))
        tensor = len(self.tensors) - 1
        self.layers.append(Layer(kind, where, inputs, tensor, operator=self.operator, **fields))
        return tensor

    def is_stream(self, index: int) -> bool:
        """Whether a layer makes the tensor, or it is the input; else it is a constant."""
        return index in self._stream

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
        last = self.layers[-1].name.split(" ")[0] if self.layers else ""
        if last not in ("SOFTMAX", "LOGISTIC") or tensor.columns != 1:
            raise ContractError(
                "expected a network that ends in SOFTMAX or LOGISTIC over one row of classes; "
                "end it in Dense with a softmax, which edgehar import --logits puts there"
            )
        if not 2 <= tensor.channels <= 127:
            raise ContractError(f"expected 2 to 127 classes, got {tensor.channels}")
        used = {index for layer in self.layers for index in layer.inputs} | {result}
        for layer in self.layers:
            if layer.output not in used:
                raise ContractError(f"{layer.name}: nothing uses what it computes; convert the model again")
        if len(self.layers) > 120:
            raise ContractError(f"expected at most 120 layers, got {len(self.layers)}")
        return Network(tuple(self.tensors), tuple(self.layers), 0, result, sha256)


def view(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Columns and channels of (1, channels), (1, columns, channels), (1, 1, columns, channels) or
    (1, columns, 1, channels)."""
    if shape[:1] != (1,) or not 2 <= len(shape) <= 4 or (len(shape) == 4 and 1 not in shape[1:3]):
        return None
    return int(np.prod(shape[1:-1], dtype=np.int64)), shape[-1]


def _round(value: np.float32) -> int:
    """Half away from zero, limited to 32 bits."""
    limited = float(np.clip(np.float64(value), -(2.0**31), 2.0**31))
    return int(np.copysign(np.floor(abs(limited) + 0.5), limited))
