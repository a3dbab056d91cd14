"""Mutants of alignment by walking, in C and in Python."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

WALKING, ALIGN = "firmware_ref/src/edgehar_walking.c", "firmware_ref/src/edgehar_align.c"
PATH, STREAM = "firmware_ref/src/edgehar_path.c", "firmware_ref/src/edgehar.c"
PYTHON, STREAMER = "edgehar/personal/alignment.py", "edgehar/streaming/streamer.py"
QUANTISE, CHANNELS = "firmware_ref/src/edgehar_quantise.h", "firmware_ref/src/edgehar_channels.c"
_C = "tests/firmware/test_alignment.py"
CASES = (f"{_C}::test_walking_and_rotation_of_random_streams",)
TURNS = (
    f"{_C}::test_the_shortest_turn_of_random_directions[opposite]",
    f"{_C}::test_the_shortest_turn_of_random_directions[any]",
)
LONG = (f"{_C}::test_the_shortest_turn_of_random_directions[long]",)
STREAMS = (f"{_C}::test_streams_decide_like_python",)
CHUNKS = (f"{_C}::test_whatever_the_chunks",)
SETUP = (f"{_C}::test_what_is_set_up_wrongly_is_refused",)
_ALIGNED = "tests/personal/test_aligned.py"
_SENSORS = "tests/firmware/test_alignment_channels.py"
SEVERAL = (f"{_SENSORS}::test_streams_of_several_sensors",)

ALIGNMENT = (
    Mutant("a longer step", WALKING, "LONGEST_LAG 16", "LONGEST_LAG 17", "the slowest step", CASES),
    Mutant(
        "a lag that is not scaled", WALKING, "2 * (EDGEHAR_WINDOW - lag)", "2 * EDGEHAR_WINDOW", "few products", CASES
    ),
    Mutant("a mean that is cut off", WALKING, "mean /= EDGEHAR_WINDOW;", "mean >>= 6;", "the mean of |a|", CASES),
    Mutant("any movement walks", WALKING, "power <= EDGEHAR_LEAST", "power < 0 * EDGEHAR_LEAST", "rest walks", CASES),
    Mutant("two windows are enough", WALKING, "(self->row < EDGEHAR_WALKING_ROW)", "2", "windows in a row", CASES),
    Mutant("walking by unlimited samples", WALKING, "square += v * v", "square += v * v / 2", "the length of a", CASES),
    Mutant("gravity of the windows' halves once", WALKING, "self->sums[window][axis] + ", "", "windows overlap", CASES),
    Mutant("a quotient towards zero", ALIGN, "(value - quotient * divisor < 0)", "0", "floored division", TURNS),
    Mutant("a root of 32 bits", ALIGN, "(int64_t)1 << 62", "(int64_t)1 << 56", "long vectors", TURNS),
    Mutant("a vector that is not scaled up", ALIGN, "largest < 1 << 28", "largest < 1 << 20", "short vectors", TURNS),
    Mutant(
        "longer vectors than hold", ALIGN, "EDGEHAR_LONGEST (1 << 30)", "EDGEHAR_LONGEST 0x7FFFFFFF", "the end", LONG
    ),
    Mutant("the ends are left out", PYTHON, "largest > _LONGEST", "largest >= _LONGEST", "2^30 itself", LONG),
    Mutant("opposites by division", ALIGN, "EDGEHAR_ONE >> 12", "EDGEHAR_ONE >> 13", "upside down", TURNS),
    Mutant(
        "the turn the other way", ALIGN, "== 1 ? -w[other] : w[other]", "== 1 ? w[other] : -w[other]", "sign", TURNS
    ),
    Mutant("the turn is cut off", ALIGN, "(1 << (EDGEHAR_COARSER - 1))", "0", "rounding of the rotation", TURNS),
    Mutant(
        "counts without a unit",
        ALIGN,
        "!self->take && !counts && ",
        "!self->take && 0 && ",
        "counts that nobody can tell in Q8",
        SETUP,
    ),
    Mutant(
        "aligned without forgetting", QUANTISE, "    edgehar_forget(self);\n", "", "windows of two directions", STREAMS
    ),
    Mutant(
        "a flush keeps the walking",
        STREAM,
        "edgehar_walking_clear(&self->alignment->walking);",
        "self->alignment->walking.row += 0;",
        "walking across a gap",
        STREAMS,
    ),
    Mutant(
        "a reset keeps the alignment", STREAM, "self->alignment->found = 0;", ";", "the next recording's turn", STREAMS
    ),
    Mutant(
        "Python's windows in a row", PYTHON, "self._row + 1 if walks", "self._row + 1 if True or walks", "rest", CASES
    ),
    Mutant("Python's halves", PYTHON, "self._halves[-2:]", "self._halves[:2]", "the newest window", CASES),
    Mutant("Python's chunks", PYTHON, "STEP - len(self._newest)]", "STEP]", "a half window in two chunks", CHUNKS),
    Mutant(
        "Python aligns a sample late", STREAMER, "times, taken - 1, events", "times, taken, events", "where", STREAMS
    ),
    Mutant(
        "Python's reset keeps the alignment",
        STREAMER,
        "        self._path.rotation = self._given\n",
        "",
        "the next recording's turn",
        STREAMS,
    ),
    Mutant(
        "directions that disagree",
        "edgehar/personal/aligned.py",
        "LEAST_AGREEMENT = 0.95",
        "LEAST_AGREEMENT = 0.5",
        "a wrist's mean direction",
        (f"{_ALIGNED}::test_only_recordings_that_agree_have_a_usual_gravity",),
    ),
    Mutant(
        "a recording counts by its parts",
        "edgehar/personal/aligned.py",
        "next((found for part in parts if",
        "next((found for part in parts[::-1] if",
        "the first walking",
        (f"{_ALIGNED}::test_a_recording_counts_once_whatever_its_gaps",),
    ),
    Mutant(
        "walking told by the first three values",
        CHANNELS,
        "    status = edgehar_show(self, sample + model->acceleration, status);",
        "    status = edgehar_show(self, sample, status);",
        "an acceleration behind another sensor",
        SEVERAL,
    ),
    Mutant(
        "counts of the first three values walk",
        CHANNELS,
        "counts[model->acceleration + channel]",
        "counts[channel]",
        "an acceleration behind another sensor",
        SEVERAL,
    ),
    Mutant(
        "Python turns the acceleration alone",
        "edgehar/front_end.py",
        "for at in self._vectors:",
        "for at in self._vectors[:1]:",
        "a gyroscope that is turned with the device",
        (f"{_SENSORS}::test_recordings_of_several_sensors", *SEVERAL),
    ),
    Mutant(
        "counts whose walking nobody can tell",
        QUANTISE,
        "self->alignment->counts.multiplier == 0;",
        "self->alignment->counts.multiplier == 1;",
        "counts that come after edgehar_align was told of none",
        (f"{_SENSORS}::test_counts_that_cannot_walk_are_refused",),
    ),
)
