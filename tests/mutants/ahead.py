"""Mutants of convolutions that add up the next position ahead."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

_FILE = "tests/firmware/test_vector_ahead.py"
_KERNEL = "firmware_ref/src/conv1d_vector_ahead.c"
POSITIONS = cases(f"{_FILE}::test_each_position_is_the_plain_one", [3])

AHEAD = (
    Mutant(
        "ahead: the next position's columns begin a column too early",
        _KERNEL,
        "quad_at(x + 4 * (quad + phase + column))",
        "quad_at(x + 4 * (quad + phase))",
        "the columns that two positions share",
        POSITIONS,
    ),
    Mutant(
        "ahead: sums outlive a block of several positions",
        _KERNEL,
        "block->positions == 1 || ahead->state == has_all",
        "block->positions == 1",
        "what was added up is of another position by then",
        POSITIONS,
    ),
    Mutant(
        "ahead: a new stream goes on with the sums of the one before",
        "firmware_ref/src/edgehar_engine.c",
        "    forget(model, memory);\n",
        "    (void)forget;\n",
        "a reset of what layers keep",
        (f"{_FILE}::test_a_new_stream_owes_nothing_to_the_one_before",),
    ),
    Mutant(
        "ahead: all layers read their weights at the same decision",
        "edgehar/compile/scratch.py",
        "sum(map(bool, keeps)) % 2",
        "len(keeps) * 0",
        "every second decision slow, the others quick",
        (f"{_FILE}::test_they_take_turns",),
    ),
)
