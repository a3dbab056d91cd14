"""Mutants of rotation, front end and profile, in C and in Python."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

FRONT, PATH = "firmware_ref/src/edgehar_front.c", "firmware_ref/src/edgehar_path.c"
SHARED = "firmware_ref/src/edgehar_quantise.h"
PROFILE, STREAM = "firmware_ref/src/edgehar_profile.c", "firmware_ref/src/edgehar.c"
PYTHON, STREAMER = "edgehar/front_end.py", "edgehar/streaming/streamer.py"
_C = "tests/firmware/test_sample_path.py"
INTEGERS = (f"{_C}::test_the_front_end_in_c_gives_the_same_integers",)
ANY = (f"{_C}::test_decides_like_python",)
TAKEN = (f"{_C}::test_a_profile_is_taken",)
FLUSHES = (f"{_C}::test_a_flush_forgets_gravity",)
REFUSED = (f"{_C}::test_damaged_and_foreign_profiles_are_refused",)
_DATA = "tests/data/test_data_front_end.py"
SPECIFIED = (f"{_DATA}::test_whatever_the_chunks_as_specified",)
CUT = (f"{_DATA}::test_windows_hold_the_front_end_of_their_whole_stretch",)

SAMPLE_PATH = (
    Mutant("gravity forgets early", FRONT, "SAMPLES 32", "SAMPLES 24", "where the mean becomes another", INTEGERS),
    Mutant(
        "gravity rounds to zero",
        FRONT,
        "away >> EDGEHAR_MEAN_SHIFT",
        "away / (1 << EDGEHAR_MEAN_SHIFT)",
        "rounding of the mean",
        INTEGERS,
    ),
    Mutant(
        "a root a step early",
        "firmware_ref/src/edgehar_root.h",
        "while (next < result)",
        "while (next + 1 < result)",
        "roots",
        INTEGERS,
    ),
    Mutant("the front end takes more", FRONT, "LARGEST 14000", "LARGEST 14500", "saturation of the front end", ANY),
    Mutant("tilt keeps its sign", FRONT, "(g < 0 ? -g : g)", "g", "a phone turned over", ANY),
    Mutant("a rotation is cut off", SHARED, "(sum + EDGEHAR_ROTATION_ONE / 2)", "sum", "rounding of the rotation", ANY),
    Mutant("Q8 rounds towards zero", SHARED, "whole - ((float)whole > sum)", "whole", "negative samples in Q8", ANY),
    Mutant(
        "a flush keeps gravity",
        STREAM,
        "memset(&self->gravity, 0, sizeof self->gravity);",
        "self->gravity.samples += 0;",
        "what a flush forgets",
        FLUSHES,
    ),
    Mutant(
        "the last layer without zero point",
        PROFILE,
        "(inputs[index] - zero)",
        "(inputs[index] - 0 * zero)",
        "the embedding's zero point",
        TAKEN,
    ),
    Mutant(
        "a torn profile is taken",
        PROFILE,
        "half_at(from + end + 2) << 16",
        "edgehar_checksum(from, end) >> 16 << 16",
        "half of the checksum",
        REFUSED,
    ),
    Mutant(
        "a foreign profile is taken",
        PROFILE,
        "same(from + at_model, personal->model, sizeof personal->model)",
        "same(from + at_model, personal->model, 0)",
        "the model's hash",
        REFUSED,
    ),
    Mutant(
        "a last layer of another shape is taken",
        PROFILE,
        "inputs != personal->head.inputs",
        "inputs > personal->head.inputs",
        "the shape of the last layer",
        REFUSED,
    ),
    Mutant("Python's gravity by floor", PYTHON, "else -(-away // count)", "else away // count", "rounding", SPECIFIED),
    Mutant(
        "Python's gravity forgets early", PYTHON, "MEAN_SAMPLES - self._count", "24 - self._count", "chunks", SPECIFIED
    ),
    Mutant(
        "Python's flush keeps gravity", STREAMER, "        self._path.clear()\n", "", "what a flush forgets", FLUSHES
    ),
    Mutant(
        "Python forgets the rotation",
        PYTHON,
        "turned[:, at : at + 3] = rotate(values[:, at : at + 3], rotation)",
        "turned[:, at : at + 3] = values[:, at : at + 3]",
        "a rotation that is forgotten",
        ANY,
    ),
    Mutant(
        "windows from before the front end",
        "edgehar/data/resampling.py",
        "acc=apply_front_end(contract.front_end, part.acc)",
        "acc=part.acc",
        "what training sees",
        CUT,
    ),
)
