"""What a generated model says of its samples, where they are not x, y and z of the acceleration alone."""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.channels import ACCELERATION, Channel, acceleration_at, sensors_of, turnable, vectors
from edgehar.compile.c.names import Names


def channels_remark(channels: Sequence[Channel]) -> str:
    """What a sample is, for whoever reads the header."""
    if tuple(channels) == ACCELERATION:
        return "values of a sample"
    return "values of a sample: " + ", ".join(f"{one.name} ({one.unit})" for one in channels)


def channel_macros(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Names of the macros that `define_channels` defines."""
    if tuple(channels) == ACCELERATION:
        return ()
    return *(f"AT_{channels[at].sensor.upper()}" for at in vectors(channels)), "CHANNEL_COUNTS", "SENSOR_UNITS"


def define_channels(names: Names, channels: Sequence[Channel]) -> str:
    """Where each sensor's x, y, z stand, and the maps of counts from a unit per sensor; empty for x, y and z alone."""
    if tuple(channels) == ACCELERATION:
        return ""
    sensors = sensors_of(channels)
    units = {one.sensor: one.unit for one in channels}
    told = ", ".join(f"{units[sensor]} of a count of {sensor}" for sensor in sensors)
    places = [f"#define {names.macro('AT_' + channels[at].sensor.upper())} {at}" for at in vectors(channels)]

    def rows(name: str, scale: str) -> str:
        each = [f"EDGEHAR_COUNTS_OF(({one.sensor}), {scale})" for one in channels]
        return f"#define {names.macro(name)}({', '.join(sensors)}) \\\n    {{" + ", \\\n     ".join(each) + "}\n"

    return (
        ("\n/* The place of x of a sensor; y and z follow it. */\n" + "\n".join(places) + "\n" if places else "")
        + f"\n/* For edgehar_set_counts, a row for each channel: {told}. */\n"
        + rows("CHANNEL_COUNTS", names.macro("INPUT_SCALE"))
        + "\n/* The same, for edgehar_set_sensors. */\n"
        + rows("SENSOR_UNITS", "1.0 / 256")
    )


def channel_fields(channels: Sequence[Channel]) -> dict[str, object]:
    """The fields of `edgehar_model`, none for x, y and z alone."""
    if tuple(channels) == ACCELERATION:
        return {}
    mask = sum(1 << at for at in vectors(channels)) if turnable(channels) else 0
    place = acceleration_at(channels)
    return {
        "path": "&edgehar_channels_path",
        "vectors": mask,
        "channels": len(channels),
        **({"acceleration": place} if place else {}),
    }
