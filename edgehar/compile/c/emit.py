"""Writing a plan as C: a header with the sizes, a source with the tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehar import __version__
from edgehar.channels import ACCELERATION, Channel
from edgehar.compile.c import literals
from edgehar.compile.c.channels import channel_fields, channel_macros, channels_remark, define_channels
from edgehar.compile.c.layers import layer_data, pack
from edgehar.compile.c.names import DEFAULT, Names
from edgehar.compile.c.personal import declare_personal, define_personal, profile_macro
from edgehar.compile.c.placement import WEARING_BYTES, define_placement, placement_field
from edgehar.compile.c.sensor import declare_sensor, define_sensor, sensor_macro
from edgehar.compile.kernel_path import PackedConv
from edgehar.compile.pack.portable import KERNELS
from edgehar.compile.plan import EnginePlan, split_tensor
from edgehar.compile.q8_map import find_q8_map
from edgehar.compile.schedule import settled
from edgehar.contract import Contract, PlacementLimits, TensorQuantisation
from edgehar.data.polyphase import Polyphase
from edgehar.front_end import UNIT

#: Number of the format of what is generated; `EDGEHAR_FORMAT` of edgehar.h must be the same.
FORMAT = 2


@dataclass(frozen=True)
class Labels:
    """What the device must know beside the network."""

    names: tuple[str, ...]
    period_us: int
    front_end: str = "none"
    walking_gravity: tuple[int, int, int] | None = None
    channels: tuple[Channel, ...] = ACCELERATION
    placement: PlacementLimits | None = None

    @classmethod
    def of(cls, contract: Contract | None, classes: int) -> Labels:
        """From a contract; without one, class numbers at 20 Hz."""
        if contract is None:
            return cls(tuple(f"class {index}" for index in range(classes)), 50_000)
        walking, channels = contract.walking_gravity, contract.channels
        period = round(1e6 / contract.rate_hz)
        return cls(contract.labels, period, contract.front_end, walking, channels, contract.placement)


def memory_bytes(plan: EnginePlan, placement: PlacementLimits | None = None) -> int:
    """What `edgehar_init` asks for: the engine's state, then a score for each class and what is told of the wearing."""
    wearing = 0 if placement is None else WEARING_BYTES
    return plan.state_bytes + 4 * plan.network.tensors[plan.network.result].channels + wearing


def fixed_hop(plan: EnginePlan) -> int:
    """The one hop that an incremental engine can take; 0 for the whole-window engine, which takes any."""
    return plan.hop if plan.split and plan.hop else 0


def emit_header(plan: EnginePlan, labels: Labels, names: Names, resampler: Polyphase | None = None) -> str:
    """The text of the header."""
    network = plan.network
    source = network.tensors[network.source]
    kept = network.tensors[split_tensor(network, plan.split)]
    mode = "whole window at each decision" if not plan.split else f"incremental, schedule '{plan.schedule}'"
    macros = {
        "WINDOW": (source.columns, "samples in a window"),
        "CHANNELS": (source.channels, channels_remark(labels.channels)),
        "HOP": (fixed_hop(plan), "samples between decisions; 0: as the configuration says"),
        "CLASSES": (len(labels.names), None),
        "PERIOD_US": (labels.period_us, "microseconds between samples"),
        "STATE_BYTES": (plan.state_bytes, "the engine's part of the memory"),
        "HISTORY_BYTES": (plan.history * kept.channels, "of that, columns kept over the window"),
        "MEMORY_BYTES": (memory_bytes(plan, labels.placement), "for edgehar_init; a multiple of 4"),
        "INPUT_SCALE": _input_scale(source.scale, labels),
        **profile_macro(plan),
        **sensor_macro(resampler, labels.channels),
        "MACS": (plan.macs, f"multiply-accumulates per decision; {mode}"),
    }
    lines = [f"#define {names.macro(key)} {value}{_remark(text)}" for key, (value, text) in macros.items()]
    guard = names.macro("DATA_H")
    return f"""{_origin(plan)}
#ifndef {guard}
#define {guard}

#include "edgehar.h"

#if EDGEHAR_FORMAT != {FORMAT}
#error "made for format {FORMAT} of the engine (edgehar {__version__}); export again, or take that engine"
#endif
#if EDGEHAR_MOST_CLASSES < {len(labels.names)}
#error "compile every file with -DEDGEHAR_MOST_CLASSES={len(labels.names)}: a decision has too little room"
#endif

{chr(10).join(lines)}
{define_channels(names, labels.channels)}{_named(names, [*macros, *channel_macros(labels.channels)], resampler)}
#ifdef __cplusplus
extern "C" {{
#endif
extern const edgehar_model {names.symbol};
{declare_personal(plan, names)}{declare_sensor(resampler, names)}#ifdef __cplusplus
}}
#endif

#endif
"""


def _named(names: Names, macros: list[str], resampler: Polyphase | None) -> str:
    """What a model with a name has beside: its map of counts, and an alias for programs of one model."""
    if names.name == DEFAULT:
        return ""
    model = Names()
    lines = [
        "",
        "/* As EDGEHAR_COUNTS and EDGEHAR_CONFIG_COUNTS of edgehar.h. */",
        f"#define {names.macro('COUNTS')}(unit) EDGEHAR_COUNTS_OF((unit), {names.macro('INPUT_SCALE')})",
        f"#define {names.macro('CONFIG_COUNTS')}(hop, unit) "
        f"EDGEHAR_CONFIG_OF(&{names.symbol}, (hop), {names.macro('COUNTS')}(unit))",
        "",
        "#ifdef EDGEHAR_SOLE_MODEL /* for a program that runs one model, whatever its name */",
        f"#define {model.symbol} {names.symbol}",
        f"#define {model.personal} {names.personal}",
        *([] if resampler is None else [f"#define {model.resampler} {names.resampler}"]),
        *(f"#define {model.macro(key)} {names.macro(key)}" for key in macros),
        "#endif",
        "",
    ]
    return "\n".join(lines)


def emit_source(plan: EnginePlan, labels: Labels, names: Names, resampler: Polyphase | None = None) -> str:
    """The text of the tables."""
    network, path = plan.network, plan.kernel_path
    parts = [
        _origin(plan),
        f'#include "{names.header}"\n#include "edgehar_engine.h"\n\n#if !({path.guard})\n'
        f"#error \"packed for the kernels '{path.name}', which this processor lacks; export for others\"\n"
        "#endif\n#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__\n"
        '#error "weights are packed in little-endian words"\n#endif\n',
    ]
    packed = [pack(plan, layer) for layer in network.layers]
    parts += [layer_data(plan, index, conv) for index, conv in enumerate(packed)]
    edges = (literals.fields(edge_of(plan, index)) for index in range(len(plan.edges)))
    layers = (literals.fields(layer_of(plan, index, conv)) for index, conv in enumerate(packed))
    parts.append(literals.table("edgehar_edge", "edges", edges))
    parts.append(literals.table("edgehar_layer", "layers", layers))
    parts.append(literals.table("char *const", "labels", (literals.string(name) for name in labels.names)))
    numbers = model_of(plan, labels)
    fields = {
        "layers": "layers",
        "edges": "edges",
        "labels": "labels",
        **numbers,
        "inverse_scale": literals.float_literal(float(numbers["inverse_scale"])),
        "share": "edgehar_spread" if numbers["share"] else "NULL",
        "budget": f"{plan.budget}u",
        **_front(labels.front_end),
        "q8": literals.fields(q8_of(plan)),
        **_walking(labels.walking_gravity),
        **channel_fields(labels.channels),
        **placement_field(labels.placement),
    }
    lines = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    parts += define_placement(labels.placement)
    parts.append(f"const edgehar_model {names.symbol} = {{\n{lines}}};\n")
    parts += define_personal(plan, names) + define_sensor(resampler, names, labels.channels)
    return "\n".join(parts)


def model_of(plan: EnginePlan, labels: Labels) -> dict[str, float]:
    """The numbers of `edgehar_model`; `share` is 1 where the work is spread over the samples."""
    network = plan.network
    source = network.tensors[network.source]
    return {
        "state_bytes": plan.state_bytes,
        "history": plan.history_offset,
        "period_us": labels.period_us,
        "inverse_scale": float(np.float32(1.0) / np.float32(source.scale)),
        "input_zero": source.zero_point,
        "window": source.columns,
        "hop": fixed_hop(plan),
        "history_columns": plan.history,
        "history_channels": network.tensors[split_tensor(network, plan.split)].channels,
        "classes": len(labels.names),
        "layer_count": len(network.layers),
        "edge_count": len(plan.edges),
        "split": plan.split,
        "share": int(bool(plan.split) and plan.schedule == "spread"),
        "budget": plan.budget,
        **({"advance": plan.advance} if plan.advance else {}),
        "source": plan.source[0] if plan.source else 0,
        "source_count": len(plan.source),
        "replayed": plan.replayed[0],
        "replayed_count": len(plan.replayed),
        "result": plan.result,
    }


def q8_of(plan: EnginePlan) -> dict[str, int]:
    """Q8 to quantised values: multiplier and shift."""
    source = plan.network.tensors[plan.network.source]
    return find_q8_map(TensorQuantisation(source.scale, source.zero_point))._asdict()


def _origin(plan: EnginePlan) -> str:
    return (
        f"/* Generated by edgehar {__version__} for the kernels '{plan.kernel_path.name}'; do not edit, export again.\n"
        f" * Model SHA-256: {plan.network.sha256}\n */"
    )


def _remark(text: str | None) -> str:
    return f" /* {text} */" if text else ""


def _input_scale(scale: float, labels: Labels) -> tuple[str, str]:
    if labels.front_end == "none":
        unit = "m/s^2" if labels.channels == ACCELERATION else "of a channel's unit"
        return literals.float_literal(scale), f"{unit} per step of the input; see EDGEHAR_COUNTS"
    return literals.float_literal(1 / UNIT), "m/s^2 per step of what the front end takes; see EDGEHAR_COUNTS"


def _front(front_end: str) -> dict[str, object]:
    """The fields of a model with a front end."""
    if front_end == "none":
        return {}
    return {"path": "&edgehar_changed_path", "front": f"edgehar_front_{front_end}"}


def _walking(gravity: tuple[int, int, int] | None) -> dict[str, object]:
    """The field of a model that recordings can be aligned to."""
    return {} if gravity is None else {"walking_gravity": "{" + ", ".join(map(str, gravity)) + "}"}


def edge_of(plan: EnginePlan, index: int) -> dict[str, object]:
    """The fields of one `edgehar_edge`."""
    edge, network = plan.edges[index], plan.network
    tensor = network.tensors[edge.tensor]
    reader = network.layers[edge.layer].kind if edge.layer < len(network.layers) else ""
    return {
        "offset": plan.offsets[index],
        "channels": tensor.channels,
        "inputs": edge.inputs,
        "pad_left": edge.pad_left,
        "pad_right": edge.pad_right,
        "drop": edge.drop,
        "capacity": plan.capacity[index],
        # A padded convolution reads the zero point; pools must not see their padding at all.
        "pad": {"max_pool": -128, "average_pool": 0}.get(reader, tensor.zero_point),
        **({"lead": edge.lead} if edge.lead else {}),
    }


def layer_of(plan: EnginePlan, index: int, packed: PackedConv | None) -> dict[str, object]:
    """The fields of one `edgehar_layer`."""
    firing, layer = plan.firings[index], plan.network.layers[index]
    keeps = plan.keeps[index]
    runs = plan.kernel_path.runs(layer, plan.network.tensors[layer.inputs[0]].channels)
    kernel = packed.kernel if packed else (plan.kernel_path.kernels if runs else KERNELS)[layer.kind]
    return {
        "kernel": kernel + "_ahead" if keeps else kernel,
        "parameters": f"&layer_{index}",
        "block_macs": firing.block_work,
        "scratch": plan.work_offsets[index],
        "channels": plan.network.tensors[layer.output].channels,
        "taps": firing.kernel,
        "stride": firing.stride,
        "positions": firing.positions,
        "outputs": firing.outputs,
        "input": firing.inputs[0],
        "second": firing.inputs[1] if len(firing.inputs) == 2 else "EDGEHAR_NONE",
        "output": firing.output[0] if firing.output else 0,
        "output_count": len(firing.output),
        "reduces": int(firing.reduces),
        "settled": settled(index, firing, plan.edges, plan.split, len(plan.firings)),
        **({"keeps": keeps} if keeps else {}),
    }
