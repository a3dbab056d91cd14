"""Writing a plan as C: model_data.h with the sizes, model_data.c with the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgehar import __version__
from edgehar.compile.kernel_path import PackedConv
from edgehar.compile.network import Layer
from edgehar.compile.pack.portable import KERNELS
from edgehar.compile.plan import Plan
from edgehar.contract import Contract

_STRUCTS = {
    "conv": "edgehar_conv",
    "depthwise": "edgehar_conv",
    "max_pool": "edgehar_pool",
    "average_pool": "edgehar_pool",
    "mean": "edgehar_mean",
    "add": "edgehar_add",
    "softmax": "edgehar_softmax",
}


@dataclass(frozen=True)
class Labels:
    """What the device must know beside the network."""

    names: tuple[str, ...]
    period_us: int

    @classmethod
    def of(cls, contract: Contract | None, classes: int) -> Labels:
        """From a contract; without one, class numbers at 20 Hz."""
        if contract is None:
            return cls(tuple(f"class {index}" for index in range(classes)), 50_000)
        return cls(contract.labels, round(1e6 / contract.rate_hz))


def memory_bytes(plan: Plan) -> int:
    """What `edgehar_init` asks for: the engine's state, then a score and a probability for each class."""
    classes = plan.network.tensors[plan.network.result].channels
    return plan.state_bytes + 4 * classes + ((classes + 3) & ~3)


def fixed_hop(plan: Plan) -> int:
    """The one hop that an incremental engine can take; 0 for the whole-window engine, which takes any."""
    return plan.hop if plan.split and plan.hop else 0


def emit_header(plan: Plan, labels: Labels) -> str:
    """The text of model_data.h."""
    network = plan.network
    source = network.tensors[network.source]
    heart = network.tensors[network.layers[plan.split - 1].output if plan.split else network.source]
    mode = "whole window at each decision" if not plan.split else f"incremental, schedule '{plan.schedule}'"
    return f"""{_origin(plan)}
#ifndef EDGEHAR_MODEL_DATA_H
#define EDGEHAR_MODEL_DATA_H

#include "edgehar.h"

#define EDGEHAR_MODEL_WINDOW {source.columns} /* samples in a window */
#define EDGEHAR_MODEL_HOP {fixed_hop(plan)} /* samples between decisions; 0: as the configuration says */
#define EDGEHAR_MODEL_CLASSES {len(labels.names)}
#define EDGEHAR_MODEL_PERIOD_US {labels.period_us} /* microseconds between samples */
#define EDGEHAR_MODEL_STATE_BYTES {plan.state_bytes} /* the engine's part of the memory */
#define EDGEHAR_MODEL_HISTORY_BYTES {plan.history * heart.channels} /* of that, columns kept over the window */
#define EDGEHAR_MODEL_MEMORY_BYTES {memory_bytes(plan)} /* for edgehar_init; a multiple of 4 */
#define EDGEHAR_MODEL_INPUT_SCALE {_float(source.scale)} /* m/s^2 a step of the input; see EDGEHAR_COUNTS */
#define EDGEHAR_MODEL_MACS {plan.macs} /* multiply-accumulates a decision; {mode} */

#ifdef __cplusplus
extern "C" {{
#endif
extern const edgehar_model edgehar_model_data;
#ifdef __cplusplus
}}
#endif

#endif
"""


def emit_source(plan: Plan, labels: Labels) -> str:
    """The text of model_data.c."""
    network, target = plan.network, plan.target
    source, heart = network.tensors[network.source], network.tensors[_heart(plan)]
    parts = [
        _origin(plan),
        f'#include "model_data.h"\n#include "edgehar_engine.h"\n\n#if !({target.guard})\n'
        f"#error \"packed for the kernels '{target.name}', which this processor lacks; export another target\"\n"
        "#endif\n#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__\n"
        '#error "weights are packed in little-endian words"\n#endif\n',
    ]
    packed = [_packed(plan, layer) for layer in network.layers]
    parts += [_layer_data(plan, index, conv) for index, conv in enumerate(packed)]
    parts.append(_table("edgehar_edge", "edges", (_edge(plan, index) for index in range(len(plan.edges)))))
    parts.append(_table("edgehar_layer", "layers", (_layer(plan, index, conv) for index, conv in enumerate(packed))))
    parts.append(_table("char *const", "labels", (_string(name) for name in labels.names)))
    fields = {
        "layers": "layers",
        "edges": "edges",
        "labels": "labels",
        "state_bytes": plan.state_bytes,
        "history": plan.history_offset,
        "period_us": labels.period_us,
        "inverse_scale": _float(float(np.float32(1.0) / np.float32(source.scale))),
        "input_zero": source.zero_point,
        "window": source.columns,
        "hop": fixed_hop(plan),
        "history_columns": plan.history,
        "history_channels": heart.channels,
        "classes": len(labels.names),
        "layer_count": len(network.layers),
        "edge_count": len(plan.edges),
        "split": plan.split,
        "spread": int(plan.split > 0 and plan.schedule == "spread"),
        "source": plan.source[0] if plan.source else 0,
        "source_count": len(plan.source),
        "heart": plan.heart[0],
        "heart_count": len(plan.heart),
        "result": plan.result,
    }
    lines = "".join(f"    {value}, /* {name} */\n" for name, value in fields.items())
    parts.append(f"const edgehar_model edgehar_model_data = {{\n{lines}}};\n")
    return "\n".join(parts)


def _heart(plan: Plan) -> int:
    return plan.network.layers[plan.split - 1].output if plan.split else plan.network.source


def _origin(plan: Plan) -> str:
    return (
        f"/* Generated by edgehar {__version__} for the kernels '{plan.target.name}'; do not edit, export again.\n"
        f" * Model SHA-256: {plan.network.sha256}\n */"
    )


def _packed(plan: Plan, layer: Layer) -> PackedConv | None:
    """A convolution's constants, the input's zero point folded into the bias; None for other layers."""
    if layer.kind not in ("conv", "depthwise"):
        return None
    assert layer.weights is not None and layer.bias is not None
    source = plan.network.tensors[layer.inputs[0]]
    sums = layer.weights.astype(np.int64).sum((1, 2) if layer.kind == "conv" else 0)
    bias = (layer.bias.astype(np.int64) - source.zero_point * sums).astype(np.int32)
    if layer.kind == "conv":
        return plan.target.pack_conv(layer, bias)
    return plan.target.pack_depthwise(layer, bias, source.channels)


def _layer_data(plan: Plan, index: int, packed: PackedConv | None) -> str:
    """The constants of one layer and its parameter struct."""
    layer, network = plan.network.layers[index], plan.network
    source, output = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    low, high = layer.activation
    struct, lines = _STRUCTS[layer.kind], [f"/* {index}: {_comment(layer.name)} */"]
    if packed:
        lines.append(_words(f"weights_{index}", packed.weights))
        tables = ["0"] * 3
        if packed.bias is not None:
            tables = [f"{name}_{index}" for name in ("bias", "multiplier", "shift")]
            lines.append(_numbers("int32_t", tables[0], packed.bias.tolist()))
            lines.append(_numbers("int32_t", tables[1], layer.multiplier))
            lines.append(_numbers("int8_t", tables[2], layer.shift))
        values = (
            f"weights_{index}, {', '.join(tables)}, {source.channels}, {output.channels}, "
            f"{layer.kernel}, {layer.stride}, {output.zero_point}, {low}, {high}"
        )
    elif layer.kind in ("max_pool", "average_pool"):
        values = (
            f"{source.channels}, {layer.kernel}, {layer.stride}, {source.columns}, {layer.pad_left}, "
            f"{int(layer.pad_left + layer.pad_right > 0)}, {low}, {high}"
        )
    elif layer.kind == "mean":
        values = (
            f"{source.channels}, {source.columns}, {layer.multiplier[0]}, {-source.zero_point * source.columns}, "
            f"{layer.shift[0]}, {output.zero_point}"
        )
    elif layer.kind == "add":
        other = network.tensors[layer.inputs[1]]
        first, second = plan.steps[index].inputs
        distance = plan.offsets[second] - plan.offsets[first]
        values = (
            f"{source.channels}, {{{-source.zero_point}, {-other.zero_point}}}, {distance}, "
            f"{{{_join(layer.multiplier)}}}, {{{_join(layer.shift)}}}, {output.zero_point}, {low}, {high}"
        )
    else:
        values = f"{source.channels}, {layer.difference_min}, {layer.multiplier[0]}, {layer.shift[0]}"
    lines.append(f"static const {struct} layer_{index} = {{{values}}};\n")
    return "\n".join(lines)


def _edge(plan: Plan, index: int) -> str:
    edge, network = plan.edges[index], plan.network
    tensor = network.tensors[edge.tensor]
    reader = network.layers[edge.layer].kind if edge.layer < len(network.layers) else ""
    # A padded convolution reads the zero point; pools must not see their padding at all.
    pad = {"max_pool": -128, "average_pool": 0}.get(reader, tensor.zero_point)
    return (
        f"{{{plan.offsets[index]}, {tensor.channels}, {edge.inputs}, {edge.pad_left}, {edge.pad_right}, "
        f"{edge.drop}, {plan.capacity[index]}, {pad}}}"
    )


def _layer(plan: Plan, index: int, packed: PackedConv | None) -> str:
    step, layer = plan.steps[index], plan.network.layers[index]
    output = plan.network.tensors[layer.output]
    runs = plan.target.runs(layer, plan.network.tensors[layer.inputs[0]].channels)
    kernel = packed.kernel if packed else (plan.target.kernels if runs else KERNELS)[layer.kind]
    first, second = step.inputs if len(step.inputs) == 2 else (step.inputs[0], "EDGEHAR_NONE")
    return (
        f"{{{kernel}, &layer_{index}, {plan.work_offsets[index]}, {output.channels}, "
        f"{step.kernel}, {step.stride}, {step.positions}, {step.outputs}, {first}, {second}, "
        f"{step.output[0] if step.output else 0}, {len(step.output)}, {int(step.reduces)}}}"
    )


def _table(kind: str, name: str, rows: Iterable[str]) -> str:
    return f"static const {kind} {name}[] = {{\n" + "".join(f"    {row},\n" for row in rows) + "};\n"


def _numbers(kind: str, name: str, values: Sequence[int]) -> str:
    literals = ["INT32_MIN" if value == -(1 << 31) else str(value) for value in values]
    return f"static const {kind} {name}[] = {{\n{_rows(literals)}}};"


def _words(name: str, content: bytes) -> str:
    """Bytes as little-endian words, so that a kernel may load words."""
    words = np.frombuffer(content + bytes(-len(content) % 4), "<u4")
    return f"static const uint32_t {name}[] = {{\n{_rows([f'0x{word:08x}' for word in words.tolist()])}}};"


def _rows(literals: Sequence[str]) -> str:
    return "".join("    " + ", ".join(literals[at : at + 10]) + ",\n" for at in range(0, len(literals), 10))


def _join(values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in values)


def _float(value: float) -> str:
    """A float literal that reads back to the same float32."""
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def _string(text: str) -> str:
    """A C string literal in ASCII; other bytes of its UTF-8 form are octal escapes."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode()
    )
    return f'"{escaped}"'


def _comment(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text).replace("*/", "* /").replace("/*", "/ *")
