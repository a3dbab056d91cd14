"""Mutants of samples of other channels than x, y and z, in C and in Python."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

C, STREAM = "firmware_ref/src/edgehar_channels.c", "firmware_ref/src/edgehar.c"
EMIT, PYTHON, CONTRACT = "edgehar/compile/c/channels.py", "edgehar/front_end.py", "edgehar/contract.py"
DATA, OPTIONS = "edgehar/data/channels.py", "edgehar/data/options.py"
AUGMENT, STREAMER = "edgehar/training/augment.py", "edgehar/streaming/streamer.py"
_TABLES = "tests/data/test_data_channels.py"
_TESTS = "tests/firmware/test_channels.py"
ANY = (f"{_TESTS}::test_decides_like_python",)
FINITE = (f"{_TESTS}::test_a_value_that_is_not_finite_flushes_in_any_channel",)
UNITS = (f"{_TESTS}::test_units_per_sensor_are_made_by_the_compiler",)
TURNED = (f"{_TESTS}::test_axes_without_the_others_cannot_be_turned",)

CHANNELS = (
    Mutant("one unit for all sensors", C, "channel_counts[channel]", "channel_counts[0]", "counts per sensor", ANY),
    Mutant(
        "only the first sensor is turned", C, "vectors >> at != 0; at++", "at == 0; at++", "a gyroscope's rotation", ANY
    ),
    Mutant(
        "NaN beyond the third channel",
        C,
        "finite &= edgehar_is_finite(sample[channel])",
        "finite &= channel > 2 || edgehar_is_finite(sample[channel])",
        "what flushes",
        FINITE,
    ),
    Mutant(
        "maps that are none", C, "counts[channel].multiplier == 0", "counts[channel].multiplier == 1", "maps", UNITS
    ),
    Mutant(
        "two units at once",
        STREAM,
        "(model->channels != 0 && config->counts.multiplier != 0)",
        "0",
        "a unit of x, y, z for other channels",
        UNITS,
    ),
    Mutant(
        "the unit of the first sensor",
        EMIT,
        "(({one.sensor}), {scale})",
        "(({sensors[0]}), {scale})",
        "the unit of each sensor",
        UNITS,
    ),
    Mutant(
        "an axis alone is turned",
        EMIT,
        "if turnable(channels) else 0",
        "| 1",
        "channels that cannot be turned",
        TURNED,
    ),
    Mutant(
        "Python turns one sensor",
        PYTHON,
        "for at in self._vectors:",
        "for at in self._vectors[:1]:",
        "a gyroscope's rotation",
        ANY,
    ),
    Mutant(
        "a length of two axes",
        DATA,
        "(wide * wide).sum(axis=1)",
        "(wide * wide)[:, :2].sum(axis=1)",
        "a magnitude",
        (f"{_TABLES}::test_a_magnitude_is_computed_and_channels_are_picked",),
    ),
    Mutant(
        "axes of the first sensor only",
        OPTIONS,
        "    for at in vectors:\n",
        "    for at in vectors[:1]:\n",
        "a turned board with two sensors",
        (f"{_TABLES}::test_axes_turn_every_sensor_alike",),
    ),
    Mutant(
        "degrees are radians",
        OPTIONS,
        "math.pi / 180",
        "1.0",
        "the unit of a gyroscope",
        (f"{_TABLES}::test_units_of_each_sensor",),
    ),
    Mutant(
        "each sensor is turned its own way",
        AUGMENT,
        'np.einsum("nij,ntj->nti", matrices, x[..., at : at + 3])',
        'np.einsum("nij,ntj->nti", matrices if at == 0 else matrices[::-1], x[..., at : at + 3])',
        "sensors of one board",
        ("tests/training/test_augment.py::test_every_sensor_is_turned_alike_and_a_length_stays",),
    ),
    Mutant(
        "a queue of three values for six",
        "firmware_ref/src/edgehar_store.c",
        "self->config->model->channels > EDGEHAR_STORE_CHANNELS",
        "0",
        "values that were never stored",
        UNITS,
    ),
    Mutant(
        "a sensor of three axes for six values",
        "firmware_ref/src/edgehar_sensor.c",
        " || self->config->model->channels != 0)",
        ")",
        "a sensor's rate with other channels",
        UNITS,
    ),
)
