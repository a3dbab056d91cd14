"""Mutants of sensors at their own rate, for other channels than x, y and z."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

RESAMPLE, SENSORS = "firmware_ref/src/edgehar_resample.c", "firmware_ref/src/edgehar_sensors.c"
SENSOR, CHANNELS = "firmware_ref/src/edgehar_sensor.c", "firmware_ref/src/edgehar_channels.c"
PYTHON, NAMES = "edgehar/streaming/sensor.py", "edgehar/channels.py"
TABLE, WRITE = "edgehar/compile/c/sensor.py", "edgehar/compile/c/write.py"
_TEST = "tests/firmware/test_sensor_channels.py"
DECIDES = cases(f"{_TEST}::test_every_number_of_channels_decides", ("acc,gyro", "mag.magnitude,acc"))
ANY = (f"{_TEST}::test_any_times",)
REFUSED = (f"{_TEST}::test_what_cannot_be_is_refused",)
DRIVER = "firmware_ref/examples/lsm6dso/lsm6dso.c"
_EMULATED = "tests/emulated/test_lsm6dso_both.py"
FIFO = (f"{_EMULATED}::test_recorded_fifos_of_both_sensors",)
FILTERED = (f"{_EMULATED}::test_the_filter_of_other_channels[mag.magnitude,acc-900]",)
PROGRAM = cases(f"{_TEST}::test_a_program_with_two_sensors", ("gcc-c99",))

SENSOR_CHANNELS = (
    Mutant(
        "the channels behind the threes are left out",
        RESAMPLE,
        "for (; channel < channels; channel++, points += row) {",
        "for (; channel < channels - 1; channel++, points += row) {",
        "one, two and four channels",
        DECIDES,
    ),
    Mutant(
        "the second sensor's points are the first's",
        RESAMPLE,
        "channel += 3, points += 3 * row)",
        "channel += 3, points += 0 * row)",
        "a gyroscope behind an accelerometer",
        DECIDES,
    ),
    Mutant(
        "the last sample lies upon the last row",
        RESAMPLE,
        "return points_of(state) + (size_t)channels * EDGEHAR_RESAMPLE_ROW(resampler->length);",
        "return points_of(state) + (size_t)channels * EDGEHAR_RESAMPLE_ROW(resampler->length) - 1;",
        "memory behind the points",
        DECIDES,
    ),
    Mutant(
        "only three channels keep their last sample",
        RESAMPLE,
        "memcpy(last, counts, (size_t)channels * sizeof *counts);",
        "memcpy(last, counts, (size_t)3 * sizeof *counts);",
        "the line between two samples of a gyroscope",
        DECIDES,
    ),
    Mutant(
        "one unit for all sensors of a filter",
        SENSORS,
        "{sensors->units[channel].multiplier,",
        "{sensors->units[0].multiplier,",
        "full scale per sensor",
        DECIDES,
    ),
    Mutant(
        "a sensor's axes may lie apart",
        SENSORS,
        "if (seen != 7 * (seen & -seen)) {",
        "if (0 * seen) {",
        "an x of one sensor beside a y of another",
        REFUSED + PROGRAM,
    ),
    Mutant(
        "a filter of another number of channels",
        SENSOR,
        " || resampler->channels != model->channels) {",
        ") {",
        "two models in one image",
        PROGRAM,
    ),
    Mutant(
        "Q8 is not turned",
        CHANNELS,
        "    turn(self, sample);\n",
        "",
        "a rotation behind a filter",
        ANY,
    ),
    Mutant(
        "no room for the last sample",
        TABLE,
        "else count + count % 2",
        "else 0",
        "the filter's memory",
        PROGRAM + DECIDES,
    ),
    Mutant(
        "Python gives every sensor the first one's unit",
        PYTHON,
        "[units[one.sensor] for one in channels], np.float64",
        "[given[0] for one in channels], np.float64",
        "full scale per sensor",
        (f"{_TEST}::test_axes_and_units_by_hand",),
    ),
    Mutant(
        "a field beyond Q8 is cut off",
        WRITE,
        'one.sensor == "mag"',
        'one.sensor == "field"',
        "what is refused at export",
        cases(f"{_TEST}::test_a_field_beyond_q8_is_refused_at_export", ("acc,mag-True",)),
    ),
    Mutant(
        "lengths may be negative",
        NAMES,
        "if channel.part == MAGNITUDE and axis < 0:",
        "if channel.part == MAGNITUDE and axis < -99:",
        "what is refused",
        REFUSED,
    ),
    Mutant(
        "words of two samples make one",
        DRIVER,
        "half.tag != tag && half.slot == slot;",
        "half.tag != tag;",
        "a gyroscope that starts later, and what an overrun leaves",
        FIFO,
    ),
    Mutant(
        "what ends within a sample is lost",
        DRIVER,
        "    if (*overrun) {\n        half.tag = 0;\n    }",
        "    half.tag = 0;",
        "a FIFO that is read between two words",
        FIFO,
    ),
    Mutant(
        "half of a lone channel's filter with DSP",
        RESAMPLE,
        "        sum = add_four(sum, &points, early, late);\n    }",
        "    }",
        "a channel that no three share",
        FILTERED,
    ),
)
