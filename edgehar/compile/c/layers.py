"""The constants of each layer and its parameter struct, as edgehar_kernels.h has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehar.compile.c import literals
from edgehar.compile.kernel_path import PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.plan import EnginePlan

#: The parameter struct of each kind of layer.
STRUCTS = {
    "conv": "edgehar_conv",
    "depthwise": "edgehar_conv",
    "max_pool": "edgehar_pool",
    "average_pool": "edgehar_pool",
    "mean": "edgehar_mean",
    "reduce_max": "edgehar_max",
    "add": "edgehar_add",
    "multiply": "edgehar_add",
    "scale": "edgehar_constant",
    "offset": "edgehar_constant",
    "prelu": "edgehar_constant",
    "table": "edgehar_table",
    "join": "edgehar_join",
    "gather": "edgehar_gather",
    "softmax": "edgehar_softmax",
}


def pack(plan: EnginePlan, layer: Layer) -> PackedConv | None:
    """A convolution's constants, the input's zero point folded into the bias; None for other layers."""
    if layer.kind not in ("conv", "depthwise"):
        return None
    assert layer.weights is not None and layer.bias is not None
    source = plan.network.tensors[layer.inputs[0]]
    sums = layer.weights.astype(np.int64).sum((1, 2) if layer.kind == "conv" else 0)
    bias = (layer.bias.astype(np.int64) - source.zero_point * sums).astype(np.int32)
    if layer.kind == "conv":
        return plan.kernel_path.pack_conv(layer, bias)
    return plan.kernel_path.pack_depthwise(layer, bias, source.channels // layer.fold)


def layer_data(plan: EnginePlan, index: int, packed: PackedConv | None) -> str:
    """The text of one layer's tables and of its struct, `layer_<index>`."""
    layer = plan.network.layers[index]
    lines, values = [f"/* {index}: {literals.comment(layer.name)} */"], {}
    if packed:
        lines.append(literals.words(f"weights_{index}", packed.weights, whole_lines=plan.kernel_path.whole_lines))
        values = {"weights": f"weights_{index}"}
    for name, (kind, table) in tables_of(layer, packed).items():
        lines.append(literals.numbers(kind, f"{name}_{index}", table))
        values[name] = f"{name}_{index}"
    fields = literals.fields(values | values_of(plan, index))
    lines.append(f"static const {STRUCTS[layer.kind]} layer_{index} =\n    {fields};\n")
    return "\n".join(lines)


def tables_of(layer: Layer, packed: PackedConv | None) -> dict[str, tuple[str, Sequence[int]]]:
    """The fields of the struct that point to tables, beside the weights: type and values."""
    if packed and packed.bias is not None:
        return {
            "bias": ("int32_t", packed.bias.tolist()),
            "multiplier": ("int32_t", layer.multiplier),
            "shift": ("int8_t", layer.shift),
        }
    if layer.operand is not None:
        # Differences of int8 values; a sum's operand is scaled.
        kind = "int32_t" if layer.kind == "offset" else "int16_t"
        return {"operand": (kind, layer.operand.ravel().tolist())}
    if layer.table:
        return {"values": ("int8_t", np.frombuffer(layer.table, np.int8).tolist())}
    return {}


def values_of(plan: EnginePlan, index: int) -> dict[str, object]:
    """The other fields of the layer's struct."""
    layer, network = plan.network.layers[index], plan.network
    source, output = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    low, high = layer.activation
    bounds = {"output_zero": output.zero_point, "activation_min": low, "activation_max": high}
    factors = {"multiplier": list(layer.multiplier), "shift": list(layer.shift)}
    if layer.kind in ("conv", "depthwise"):
        return {
            "in_channels": source.channels // layer.fold,
            "out_channels": output.channels,
            "kernel": layer.kernel * layer.fold,
            "stride": layer.stride * layer.fold,
            **bounds,
        }
    if layer.kind in ("max_pool", "average_pool"):
        del bounds["output_zero"]
        return {
            "channels": source.channels,
            "kernel": layer.kernel,
            "stride": layer.stride,
            "inputs": source.columns - layer.passed_over(0),
            "pad_left": layer.pad_left,
            "padded": int(layer.pad_left + layer.pad_right > 0),
            **bounds,
        }
    if layer.kind == "mean":
        return {
            "channels": source.channels,
            "inputs": source.columns,
            "multiplier": layer.multiplier[0],
            "bias": -source.zero_point * source.columns,
            "shift": layer.shift[0],
            "output_zero": output.zero_point,
        }
    if layer.kind == "reduce_max":
        return {"channels": source.channels, "inputs": source.columns}
    if layer.kind in ("add", "multiply"):
        other = network.tensors[layer.inputs[1]]
        return {
            "channels": source.channels,
            "offset": [-source.zero_point, -other.zero_point],
            "second": _between(plan, index),
            **factors,
            **bounds,
        }
    if layer.kind in ("scale", "offset", "prelu"):
        assert layer.operand is not None
        return {
            "channels": source.channels,
            "step": source.channels if len(layer.operand) > 1 else 0,
            "offset": -source.zero_point,
            **factors,
            **bounds,
        }
    if layer.kind == "table":
        return {"channels": source.channels}
    if layer.kind == "join":
        channels = [network.tensors[tensor].channels for tensor in layer.inputs]
        return {"channels": channels, "second": _between(plan, index)}
    if layer.kind == "gather":
        return {
            "channels": output.channels // layer.taps,
            "taps": layer.taps,
            "apart": layer.apart,
            "step": layer.stride * source.channels,
        }
    return {
        "channels": source.channels,
        "difference_min": layer.difference_min,
        "multiplier": layer.multiplier[0],
        "shift": layer.shift[0],
    }


def _between(plan: EnginePlan, index: int) -> int:
    """Bytes from the first operand's columns to the second's."""
    first, second = plan.firings[index].inputs
    return plan.offsets[second] - plan.offsets[first]
