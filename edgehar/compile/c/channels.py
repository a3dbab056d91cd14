"""What a generated model says of its samples, where they are not x, y and z of the acceleration alone."""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.channels import ACCELERATION, Channel, turnable, vectors
from edgehar.compile.c.names import Names


def channels_remark(channels: Sequence[Channel]) -> str:
    """What a sample is, for whoever reads the header."""
    if tuple(channels) == ACCELERATION:
        return "values of a sample"
    return "values of a sample: " + ", ".join(f"{one.name} ({one.unit})" for one in channels)


def counts_macro(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Name of the macro that `channel_counts` defines, where it does."""
    return () if tuple(channels) == ACCELERATION else ("CHANNEL_COUNTS",)


def channel_counts(names: Names, channels: Sequence[Channel]) -> str:
    """The macro that makes `channel_counts` of a configuration from a unit per sensor; empty for x, y and z alone."""
    if tuple(channels) == ACCELERATION:
        return ""
    sensors = list(dict.fromkeys(one.sensor for one in channels))
    units = {one.sensor: one.unit for one in channels}
    scale = names.macro("INPUT_SCALE")
    rows = [f"EDGEHAR_COUNTS_OF(({one.sensor}), {scale})" for one in channels]
    told = ", ".join(f"{units[sensor]} of a count of {sensor}" for sensor in sensors)
    return (
        f"\n/* For edgehar_set_counts, a row for each channel: {told}. */\n"
        f"#define {names.macro('CHANNEL_COUNTS')}({', '.join(sensors)}) \\\n"
        "    {" + ", \\\n     ".join(rows) + "}\n"
    )


def channel_fields(channels: Sequence[Channel]) -> dict[str, object]:
    """The fields of `edgehar_model`, none for x, y and z alone."""
    if tuple(channels) == ACCELERATION:
        return {}
    mask = sum(1 << at for at in vectors(channels)) if turnable(channels) else 0
    return {"path": "&edgehar_channels_path", "vectors": mask, "channels": len(channels)}
