"""What a generated model says of its last layer, so that a profile can replace it; linked only where it is used."""

from __future__ import annotations

from edgehar.compile.c import literals
from edgehar.compile.c.names import Names
from edgehar.compile.head import Head, dense_layer, head_of
from edgehar.compile.network import Layer
from edgehar.compile.plan import EnginePlan
from edgehar.errors import ContractError


def profile_macro(plan: EnginePlan) -> dict[str, tuple[object, str | None]]:
    """The size of the largest profile, as a macro of the header; empty where the model has nothing to learn."""
    found = _last_layer(plan)
    if found is None:
        return {}
    classes, inputs = found[1].weights.shape
    layer = 4 * classes + classes * inputs
    return {"PROFILE_BYTES": (40 + layer + -layer % 4 + 4, "of a profile with rotation and last layer")}


def declare_personal(plan: EnginePlan, names: Names) -> str:
    """The line of the header, or none."""
    return (
        ""
        if _last_layer(plan) is None
        else f"extern const edgehar_personal {names.personal}; /* edgehar_profile.h */\n"
    )


def define_personal(plan: EnginePlan, names: Names) -> list[str]:
    """The constants, or none."""
    found = _last_layer(plan)
    if found is None:
        return []
    layer, head = found
    output = plan.network.tensors[layer.output]
    tables: dict[str, tuple[str, list[int]]] = {
        "weights": ("int8_t", head.weights.ravel().tolist()),
        "bias": ("int32_t", head.bias.tolist()),
        "multiplier": ("int32_t", list(head.multiplier)),
        "shift": ("int8_t", list(head.shift)),
        "inverse": ("int32_t", list(head.inverse)),
    }
    own = {"multiplier": ("int32_t", list(layer.multiplier)), "shift": ("int8_t", list(layer.shift))}
    lines = ["/* For profiles: the last layer row by row, and sum to logit in Q16 */"]
    lines += [literals.numbers(kind, f"head_{name}", values) for name, (kind, values) in tables.items()]
    lines += [literals.numbers(kind, f"last_{name}", values) for name, (kind, values) in own.items()]
    classes, inputs = head.weights.shape
    constants = {name: f"head_{name}" for name in tables}
    sizes = {"inputs": inputs, "classes": classes, "zero_point": head.zero_point}
    fields = {
        "network": f"&{names.symbol}",
        "head": literals.fields({**constants, **sizes}),
        "multiplier": "last_multiplier",
        "shift": "last_shift",
        "model": "{" + ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(plan.network.sha256[:16])) + "}",
        "output_zero": output.zero_point,
        "layer": len(plan.network.layers) - 2,
    }
    body = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    lines.append(f"const edgehar_personal {names.personal} = {{\n{body}}};\n")
    return lines


def _last_layer(plan: EnginePlan) -> tuple[Layer, Head] | None:
    """The layer and its constants; None where the network ends otherwise, or runs it before the split."""
    last = len(plan.network.layers) - 2
    try:
        layer = dense_layer(plan.network)
        if layer is not plan.network.layers[last] or layer.kernel > 1 or last < plan.split or len(layer.shift) > 255:
            return None  # the engine looks for one column that still waits when all has run
        return layer, head_of(plan.network)
    except ContractError:
        return None
