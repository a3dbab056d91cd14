"""What a generated model says of how training people wore the device."""

from __future__ import annotations

from edgehar.compile.c import literals
from edgehar.contract import PlacementLimits

#: Bytes of `edgehar_wearing`, behind the scores.
WEARING_BYTES = 36


def define_placement(placement: PlacementLimits | None) -> list[str]:
    """The constants, or none."""
    if placement is None:
        return []
    lines = ["/* How the device was worn in training, sums of a block's samples */"]
    values: dict[str, object] = {"push": "edgehar_placement_push"}
    if placement.rest:
        rows = (literals.braces(sums) for sums in placement.rest)
        lines.append(literals.table("int32_t", "rest", rows, size=3))
        values["rest"] = "rest"
    values["rest_limit"] = f"UINT64_C({placement.rest_limit})"
    for name in ("moving", "steady", "walk_limit"):
        values[name] = f"{min(getattr(placement, name), 2**32 - 1)}u"  # what is compared with it has 32 bits
    values |= {"weights": placement.weights, "walk": placement.walk}
    values |= {"block": placement.block, "rests": len(placement.rest)}
    lines.append(f"static const edgehar_placement placement =\n    {literals.fields(values)};\n")
    return lines


def placement_field(placement: PlacementLimits | None) -> dict[str, object]:
    """The field of the model, or none."""
    return {} if placement is None else {"placement": "&placement"}
