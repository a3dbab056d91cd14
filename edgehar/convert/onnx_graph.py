"""Tidying what tf2onnx makes of Conv1D, so that biases sit in the convolutions and nothing reshapes between.

tf2onnx writes a Keras Conv1D as Unsqueeze, Conv, Squeeze, Add, Relu, and a batch normalisation behind it as Mul and
Add. These keep ONNX Runtime from fusing and quantising them with the convolution, and each Squeeze meets an Unsqueeze
one layer on. All of it is undone here: a bias changes no more than the order of an addition, a normalisation rounds
each weight once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

#: Elementwise operators that give the same values before and after a Squeeze.
ELEMENTWISE = ("Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh")


def tidy(proto: onnx.ModelProto, input_name: str, output_name: str) -> None:
    """Rename input, output and nodes, and rewrite the graph in place.

    Args:
        proto: onnx.ModelProto with one input and one output.
    """
    graph = proto.graph
    while any(
        _into_convolution(graph, node, "Mul")
        or _into_convolution(graph, node, "Add")
        or _squeeze_behind_elementwise(graph, node)
        or _drop_pair(graph, node)
        for node in list(graph.node)
    ):
        pass
    _drop_unused(graph)
    _rename(graph, {graph.input[0].name: input_name, graph.output[0].name: output_name})
    del graph.value_info[:]


def _into_convolution(graph: onnx.GraphProto, conv: onnx.NodeProto, kind: str) -> bool:
    """Conv → Squeeze → Mul or Add (constant per channel) becomes Conv with other weights and bias → Squeeze."""
    from onnx import numpy_helper

    if conv.op_type != "Conv":
        return False
    squeeze = _only_consumer(graph, conv, "Squeeze")
    change = _only_consumer(graph, squeeze, kind) if squeeze is not None else None
    if squeeze is None or change is None:
        return False
    constants = {item.name: item for item in graph.initializer}
    other = next(name for name in change.input if name != squeeze.output[0])
    if other not in constants or any(name not in constants for name in conv.input[1:]):
        return False
    value = numpy_helper.to_array(constants[other])
    weights = numpy_helper.to_array(constants[conv.input[1]])
    channels = len(weights)
    # Behind the Squeeze the layout is (batch, channel, time): the constant must vary along the channel alone.
    if value.size != channels or value.ndim < 2 or value.shape[-2] != channels:
        return False
    value = value.reshape(channels).astype(np.float64)
    bias = numpy_helper.to_array(constants[conv.input[2]]) if len(conv.input) > 2 else np.zeros(channels, np.float32)
    if kind == "Mul":
        weights = weights * value.reshape(-1, *[1] * (weights.ndim - 1))
    bias = bias * value if kind == "Mul" else bias + value
    del conv.input[1:]
    for name, array in ((f"{other}/weights", weights), (f"{other}/bias", bias)):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        conv.input.append(name)
    _replace_input(graph, change.output[0], squeeze.output[0])
    graph.node.remove(change)
    return True


def _squeeze_behind_elementwise(graph: onnx.GraphProto, squeeze: onnx.NodeProto) -> bool:
    """Squeeze → Relu becomes Relu → Squeeze."""
    if squeeze.op_type != "Squeeze":
        return False
    consumer = next(
        (_only_consumer(graph, squeeze, kind) for kind in ELEMENTWISE if _only_consumer(graph, squeeze, kind)), None
    )
    if consumer is None:
        return False
    source, middle, result = squeeze.input[0], squeeze.output[0], consumer.output[0]
    consumer.input[0], consumer.output[0] = source, middle
    squeeze.input[0], squeeze.output[0] = middle, result
    position = list(graph.node).index(squeeze)
    graph.node.remove(consumer)
    graph.node.insert(position, consumer)
    return True


def _drop_pair(graph: onnx.GraphProto, squeeze: onnx.NodeProto) -> bool:
    """Squeeze → Unsqueeze of the same axes is nothing."""
    if squeeze.op_type != "Squeeze":
        return False
    unsqueeze = _only_consumer(graph, squeeze, "Unsqueeze")
    if unsqueeze is None or _axes(graph, squeeze) is None or _axes(graph, squeeze) != _axes(graph, unsqueeze):
        return False
    _replace_input(graph, unsqueeze.output[0], squeeze.input[0])
    graph.node.remove(unsqueeze)
    graph.node.remove(squeeze)
    return True


def _axes(graph: onnx.GraphProto, node: onnx.NodeProto) -> list[int] | None:
    from onnx import numpy_helper

    if len(node.input) < 2:
        return None
    constant = next((item for item in graph.initializer if item.name == node.input[1]), None)
    return None if constant is None else [int(axis) for axis in numpy_helper.to_array(constant)]


def _only_consumer(graph: onnx.GraphProto, node: onnx.NodeProto, kind: str) -> onnx.NodeProto | None:
    """The node of this kind that alone reads the node's output, else None."""
    name = node.output[0]
    consumers = [other for other in graph.node if name in other.input]
    if len(consumers) != 1 or consumers[0].op_type != kind or any(item.name == name for item in graph.output):
        return None
    return consumers[0]


def _replace_input(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Keep the constants that are read, in the order of their first reader: the tracer's order varies."""
    constants = {item.name: item for item in graph.initializer}
    used = dict.fromkeys(name for node in graph.node for name in node.input if name in constants)
    kept = [constants[name] for name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Names without the tracer's counters, so that two exports are equal."""
    for index, item in enumerate(graph.initializer):
        names[item.name] = f"constant_{index}"
        item.name = names[item.name]
    for index, node in enumerate(graph.node):
        node.name = f"{node.op_type.lower()}_{index}"
        for position, name in enumerate(node.output):
            names.setdefault(name, node.name if position == 0 else f"{node.name}.{position}")
        for position, name in enumerate(node.output):
            node.output[position] = names[name]
    for node in graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = names.get(name, name)
    for item in [*graph.input, *graph.output]:
        item.name = names.get(item.name, item.name)
