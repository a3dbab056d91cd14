"""Writing a plan as one position-independent block of bytes: docs/spec.md, "The model blob".

The structs are those of firmware_ref/src/edgehar_blob_format.h and edgehar_kernels.h, little-endian, with the gaps
that a C compiler leaves.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np

from edgehar.channels import ACCELERATION, channels_text
from edgehar.compile.c.emit import FORMAT, Labels, edge_of, layer_of, model_of, q8_of
from edgehar.compile.c.layers import STRUCTS, pack, tables_of, values_of
from edgehar.compile.plan import EnginePlan
from edgehar.errors import ContractError

MAGIC = b"EHM1"
#: `enum edgehar_kernel_number` of edgehar_blob.h, in its order.
KERNELS = (
    "conv1d_portable", "conv1d_dsp", "conv1d_thumb", "conv1d_thumb2", "conv1d_mve", "conv1d_vector",
    "depthwise_portable", "depthwise_dsp", "depthwise_mve", "depthwise_thumb", "depthwise_thumb2",
    "max_pool", "max_pool_mve", "max_pool_vector", "average_pool", "mean_time", "mean_dsp", "mean_mve", "mean_vector",
    "max_time", "add_columns", "multiply_columns", "scale_columns", "offset_columns", "prelu_columns", "table_columns",
    "join_columns", "gather_columns", "softmax_columns", "conv1d_riscv", "depthwise_riscv",
)  # fmt: skip
SPREAD, POCKET = 1, 2
#: `EDGEHAR_NONE`: a layer without a second operand.
NONE = 255
_HEAD_BYTES = 88
_DTYPES = {"int8_t": "<i1", "int16_t": "<i2", "int32_t": "<i4"}

#: Fields of each struct in order, with the format of each as `struct` has it; x: a gap.
_FIELDS: dict[str, str] = {
    "head": "layers I, edges I, labels I, state_bytes I, history I, budget I, period_us I, inverse_scale f, "
    "q8_multiplier I, input_zero h, window H, hop H, history_columns H, history_channels H, advance H, walking 3h, "
    "classes B, layer_count B, edge_count B, split B, source B, source_count B, replayed B, replayed_count B, "
    "result B, q8_shift B, flags B, - 3x",
    "edge": "offset I, channels H, inputs H, pad_left H, pad_right H, drop h, capacity H, lead H, pad b, - x",
    "layer": "parameters I, block_macs I, scratch I, channels H, taps H, stride H, positions H, outputs H, kernel B, "
    "input B, second B, output B, output_count B, reduces B, settled B, - 3x",
    "edgehar_conv": "weights I, bias I, multiplier I, shift I, weight_bytes I, in_channels H, out_channels H, "
    "kernel H, stride H, output_zero b, activation_min b, activation_max b, - x",
    "edgehar_constant": "operand I, operand_bytes I, channels H, step H, offset h, shift 2b, multiplier 2i, "
    "output_zero b, activation_min b, activation_max b, - x",
    "edgehar_table": "values I, channels H, - 2x",
    "edgehar_pool": "channels H, kernel H, stride H, inputs H, pad_left H, padded B, activation_min b, "
    "activation_max b, - x",
    "edgehar_mean": "channels H, inputs H, multiplier i, bias i, shift b, output_zero b, - 2x",
    "edgehar_max": "channels H, inputs H",
    "edgehar_add": "channels H, offset 2h, - 2x, second i, multiplier 3i, shift 3b, output_zero b, activation_min b, "
    "activation_max b, - 2x",
    "edgehar_join": "channels 2H, second i",
    "edgehar_gather": "channels H, taps H, apart I, step I",
    "edgehar_softmax": "channels H, difference_min h, multiplier i, shift b, - 3x",
}


def pack_blob(plan: EnginePlan, labels: Labels) -> bytes:
    """The blob of a plan; what a profile, a placement and a sensor need is not in it.

    Raises:
        ContractError: channels other than x, y and z.
    """
    if labels.channels != ACCELERATION:
        raise ContractError(
            "expected x, y and z of the acceleration for a model blob, got the channels "
            f"{channels_text(labels.channels)}; compile the C source in"
        )
    body = _Body()
    layers = b"".join(_layer(plan, index, body) for index in range(len(plan.network.layers)))
    edges = b"".join(_record("edge", {"lead": 0, **edge_of(plan, index)}) for index in range(len(plan.edges)))
    names = b"".join(struct.pack("<I", body.add(name.encode() + b"\0")) for name in labels.names)
    model, q8 = model_of(plan, labels), q8_of(plan)
    flags = (SPREAD if model["share"] else 0) | (POCKET if labels.front_end == "pocket" else 0)
    head = _record(
        "head",
        {
            "advance": 0,
            **model,
            "layers": body.add(layers),
            "edges": body.add(edges),
            "labels": body.add(names),
            "q8_multiplier": q8["multiplier"],
            "q8_shift": q8["shift"],
            "walking": labels.walking_gravity or (0, 0, 0),
            "flags": flags,
        },
    )
    total = _HEAD_BYTES + len(body.content) + 4
    begin = MAGIC + struct.pack("<II", FORMAT, total) + bytes.fromhex(plan.network.sha256[:16])
    content = begin + head + bytes(body.content)
    return content + struct.pack("<I", zlib.crc32(content))


class _Body:
    """What lies behind the head, each part at a multiple of 4."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, part: bytes) -> int:
        """Append; returns the offset from the blob's begin."""
        offset = _HEAD_BYTES + len(self.content)
        self.content += part + bytes(-len(part) % 4)
        return offset


def _layer(plan: EnginePlan, index: int, body: _Body) -> bytes:
    """The record of a layer, its tables and parameters appended."""
    layer = plan.network.layers[index]
    packed = pack(plan, layer)
    values = values_of(plan, index)
    fields = layer_of(plan, index, packed)
    tables = {name: np.asarray(table, _DTYPES[kind]) for name, (kind, table) in tables_of(layer, packed).items()}
    kind = STRUCTS[layer.kind]
    if packed:
        weights = packed.weights + bytes(-len(packed.weights) % 4)
        values |= {"bias": 0, "multiplier": 0, "shift": 0}
        values |= {"weights": body.add(weights), "weight_bytes": len(weights)}
    if kind == "edgehar_constant":
        values |= {name: [*_list(values[name]), 0][:2] for name in ("multiplier", "shift")}
        values["operand_bytes"] = tables["operand"].nbytes
    elif kind == "edgehar_add":
        values |= {name: [*_list(values[name]), 0, 0][:3] for name in ("multiplier", "shift")}
    values |= {name: body.add(table.tobytes()) for name, table in tables.items()}
    # A blob has no kernels that keep sums from call to call; theirs have the same weights and take less scratch.
    fields |= {
        "parameters": body.add(_record(kind, values)),
        "kernel": KERNELS.index(str(fields["kernel"]).removeprefix("edgehar_").removesuffix("_ahead")),
        "second": NONE if fields["second"] == "EDGEHAR_NONE" else fields["second"],
    }
    return _record("layer", fields)


def _list(value: object) -> list[int]:
    assert isinstance(value, list)
    return value


def _record(name: str, values: Mapping[str, object]) -> bytes:
    """The bytes of one struct."""
    parts = []
    for field in _FIELDS[name].split(", "):
        key, kind = field.split(" ")
        if kind[-1] == "x":
            parts.append(struct.pack(kind))
            continue
        value = values[key]
        parts.append(struct.pack("<" + kind, *(value if isinstance(value, list | tuple) else [value])))
    return b"".join(parts)
