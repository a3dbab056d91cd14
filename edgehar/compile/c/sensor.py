"""What a generated model says of a sensor at another rate: the filter's table, linked only where it is used."""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.channels import ACCELERATION, Channel
from edgehar.compile.c import literals
from edgehar.compile.c.names import Names
from edgehar.data.polyphase import Polyphase

#: `edgehar_resample_state`, and the points of a row beyond the filter's length: firmware_ref/src/edgehar_resample.h.
STATE_BYTES, SLACK = 32, 32


def sensor_macro(resampler: Polyphase | None, channels: Sequence[Channel]) -> dict[str, tuple[object, str | None]]:
    """The memory that the filter needs, as a macro of the header; empty without one."""
    if resampler is None:
        return {}
    count = len(channels)
    alone = tuple(channels) == ACCELERATION
    # Behind the points, the last sample of channels other than x, y, z, which the state has no room for.
    last = 0 if alone else count + count % 2
    room = STATE_BYTES + 2 * (count * (resampler.length + SLACK) + last)
    setter = "edgehar_set_sensor" if alone else "edgehar_set_sensors"
    return {"SENSOR_BYTES": (room, f"for {setter}; a multiple of 4")}


def declare_sensor(resampler: Polyphase | None, names: Names) -> str:
    """The line of the header, or none."""
    return (
        ""
        if resampler is None
        else f"extern const struct edgehar_resampler {names.resampler}; /* edgehar_sensor.h */\n"
    )


def define_sensor(resampler: Polyphase | None, names: Names, channels: Sequence[Channel]) -> list[str]:
    """The constants, or none."""
    if resampler is None:
        return []
    period_us, rest_us = resampler.period
    usual = tuple(channels) == ACCELERATION
    fields = {
        "take": "edgehar_resample" if usual else "edgehar_resample_channels",
        "taps": "resampler_taps",
        "output_us": resampler.output_us,
        "period_us": period_us,
        "rest_us": rest_us,
        "length": resampler.length,
        "lead": resampler.lead,
        "up": resampler.up,
        "down": resampler.down,
        "bits": resampler.bits,
        "most": resampler.most_outputs,
        **({} if usual else {"channels": len(channels)}),
    }
    return [
        '#include "edgehar_sensor.h"\n',
        f"/* From a sensor's rate to the model's, by {resampler.up} / {resampler.down} */",
        literals.numbers("int16_t", "resampler_taps", resampler.taps.ravel().tolist()),
        f"const edgehar_resampler {names.resampler} =\n    {literals.fields(fields)};\n",
    ]
