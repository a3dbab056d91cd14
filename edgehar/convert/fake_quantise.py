"""A float `.tflite` in which chosen layers compute with the int8 model's rounding, and all others in float.

A layer's weights and bias become the values that the int8 file stores, and its output passes a QUANTIZE and
a DEQUANTIZE with the int8 file's scale and zero point. So the cost of each layer can be measured alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edgehar.convert.matched import Pair
from edgehar.convert.metadata import pack

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


def stored_constants(graph: schema.ModelT, pair: Pair, quantised: Interpreter) -> dict[int, NDArray[np.float32]]:
    """Values of a layer's weights and bias as the int8 file stores them, by tensor index in the float graph.

    Args:
        graph: the float model in the schema's object form.
        quantised: what `matched.open_graph` gives of the int8 `.tflite`.
    """
    details = {detail["index"]: detail for detail in quantised.get_tensor_details()}
    found = {}
    for ours, theirs in pair.constants:
        if ours < 0 or constant(graph, ours) is None:
            continue
        parameters = details[theirs]["quantization_parameters"]
        if len(parameters["scales"]):
            codes = quantised.get_tensor(theirs).astype(np.float64)
            axis = parameters["quantized_dimension"]
            shape = [-1 if index == axis else 1 for index in range(codes.ndim)]
            scales, zeros = (np.asarray(parameters[key], np.float64) for key in ("scales", "zero_points"))
            found[ours] = ((codes - zeros.reshape(shape)) * scales.reshape(shape)).astype(np.float32)
    return found


def constant(graph: schema.ModelT, index: int) -> NDArray[np.float32] | None:
    """A float32 constant of a model in the schema's object form; None for activations and other types."""
    tensor = graph.subgraphs[0].tensors[index]
    data = graph.buffers[tensor.buffer].data
    if data is None or not len(data) or tensor.type != schema.TensorType.FLOAT32:
        return None
    return np.frombuffer(bytes(bytearray(data)), "<f4").reshape(tensor.shape)


def fake_quantised(float_model: bytes, pairs: Sequence[Pair], quantised: Interpreter) -> bytes:
    """The float model with these layers, and no others, rounded as the int8 model rounds them.

    Args:
        pairs: layers out of `matched.match`.
        quantised: what `matched.open_graph` gives of the int8 `.tflite`.
    """
    graph = schema.ModelT.InitFromPackedBuf(bytearray(float_model), 0)
    subgraph = graph.subgraphs[0]
    for pair in pairs:
        for index, values in stored_constants(graph, pair, quantised).items():
            subgraph.tensors[index].buffer = len(graph.buffers)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
            graph.buffers.append(buffer)
        _round_output(graph, subgraph, pair)
    return pack(graph)


def _round_output(graph: schema.ModelT, subgraph: schema.SubGraphT, pair: Pair) -> None:
    """Put QUANTIZE and DEQUANTIZE between a tensor and everything that reads it."""
    codes = _tensor(subgraph, pair, schema.TensorType.INT8, "codes")
    codes.quantization = schema.QuantizationParametersT()
    codes.quantization.scale, codes.quantization.zeroPoint = [pair.scale], [pair.zero_point]
    rounded = _tensor(subgraph, pair, schema.TensorType.FLOAT32, "rounded")
    first = len(subgraph.tensors)
    subgraph.tensors += [codes, rounded]
    after = 0
    for position, operator in enumerate(subgraph.operators):
        if pair.reference in list(operator.outputs):
            after = position + 1
        operator.inputs = [first + 1 if index == pair.reference else index for index in operator.inputs]
    subgraph.outputs = [first + 1 if index == pair.reference else index for index in subgraph.outputs]
    subgraph.operators[after:after] = [
        _operator(graph, schema.BuiltinOperator.QUANTIZE, 1, pair.reference, first),
        _operator(graph, schema.BuiltinOperator.DEQUANTIZE, 2, first, first + 1),
    ]


def _tensor(subgraph: schema.SubGraphT, pair: Pair, kind: int, role: str) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.shape = list(subgraph.tensors[pair.reference].shape)
    tensor.type, tensor.buffer, tensor.name = kind, 0, f"{pair.name}/{role}"
    return tensor


def _operator(graph: schema.ModelT, builtin: int, version: int, source: int, sink: int) -> schema.OperatorT:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = version
    graph.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = len(graph.operatorCodes) - 1, [source], [sink]
    return operator
