"""What a generated model says of a sensor at another rate: the filter's table, linked only where it is used."""

from __future__ import annotations

from edgehar.compile.c import literals
from edgehar.compile.c.names import Names
from edgehar.data.polyphase import Polyphase

#: `edgehar_resample_state`, and the points of a row beyond the filter's length: firmware_ref/src/edgehar_resample.h.
STATE_BYTES, SLACK = 32, 32


def sensor_macro(resampler: Polyphase | None) -> dict[str, tuple[object, str | None]]:
    """The memory that the filter needs, as a macro of the header; empty without one."""
    if resampler is None:
        return {}
    room = STATE_BYTES + 6 * (resampler.length + SLACK)
    return {"SENSOR_BYTES": (room, "for edgehar_set_sensor; a multiple of 4")}


def declare_sensor(resampler: Polyphase | None, names: Names) -> str:
    """The line of the header, or none."""
    return (
        ""
        if resampler is None
        else f"extern const struct edgehar_resampler {names.resampler}; /* edgehar_sensor.h */\n"
    )


def define_sensor(resampler: Polyphase | None, names: Names) -> list[str]:
    """The constants, or none."""
    if resampler is None:
        return []
    period_us, rest_us = resampler.period
    fields = {
        "take": "edgehar_resample",
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
    }
    return [
        '#include "edgehar_sensor.h"\n',
        f"/* From a sensor's rate to the model's, by {resampler.up} / {resampler.down} */",
        literals.numbers("int16_t", "resampler_taps", resampler.taps.ravel().tolist()),
        f"const edgehar_resampler {names.resampler} =\n    {literals.fields(fields)};\n",
    ]
