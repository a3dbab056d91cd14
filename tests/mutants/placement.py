"""Mutants of what tells that a device is worn as it was never trained, in C and in Python."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

C, STREAM = "firmware_ref/src/edgehar_placement.c", "firmware_ref/src/edgehar.c"
PYTHON, FIT, STREAMER = "edgehar/placement.py", "edgehar/convert/worn.py", "edgehar/streaming/streamer.py"
_C = "tests/firmware/test_placement.py"
ANY = (f"{_C}::test_any_stream",)
_PYTHON = "tests/streaming/test_placement.py"
RULE = (f"{_PYTHON}::test_any_chunking_says_what_the_rule_says",)
FITTED = (f"{_PYTHON}::test_the_limits_are_of_people_left_out", f"{_PYTHON}::test_where_nothing_can_be_told")

PLACEMENT = (
    Mutant(
        "walking is strange a block late",
        C,
        "#define EDGEHAR_WALKED_STRANGELY 4",
        "#define EDGEHAR_WALKED_STRANGELY 5",
        "a count",
        ANY,
    ),
    Mutant(
        "walking is trusted at once",
        C,
        "#define EDGEHAR_WALKED_AS_TRAINED 2",
        "#define EDGEHAR_WALKED_AS_TRAINED 1",
        "a count",
        ANY,
    ),
    Mutant("gravity need not be steady", C, "<= self->steady;", "<= self->walk_limit;", "steadiness", ANY),
    Mutant("axes weigh the same", C, "* self->weights[axis]", "* self->weights[0]", "weights at rest", ANY),
    Mutant(
        "a rest ends a turn",
        C,
        "wearing->walked_as_trained = 0;\n        wearing->rested",
        "wearing->turned = 0;\n        wearing->rested",
        "what a rest keeps",
        ANY,
    ),
    Mutant(
        "a flush keeps the placement",
        STREAM,
        "memset(wearing_of(self), 0, sizeof(edgehar_wearing));",
        "wearing_of(self)->filled = 0;",
        "what a flush forgets",
        (*ANY, f"{_C}::test_a_reset_forgets"),
    ),
    Mutant(
        "the switch does nothing",
        STREAM,
        "model->placement && !self->config->any_placement",
        "model->placement",
        "any_placement",
        (f"{_C}::test_told_to_decide_however_it_is_worn",),
    ),
    Mutant("a block at rest counts as moving", PYTHON, "spread > placement.moving", "spread >= 0", "the spread", RULE),
    Mutant("chunks begin blocks anew", PYTHON, "self._filled += rest", "self._filled = rest", "small chunks", RULE),
    Mutant(
        "the last block is not looked at",
        STREAMER,
        "self._wearing.push(stored)",
        "self._wearing.push(stored[:-1])",
        "samples that a stream hands on",
        (f"{_PYTHON}::test_a_stream_is_unsure_with_the_reason_and_otherwise_the_same",),
    ),
    Mutant(
        "limits of people who are among the means",
        FIT,
        "_mean(sums[walking & ~own])",
        "sums[walking & own]",
        "folds by person",
        FITTED,
    ),
    Mutant("a wrist has limits", FIT, "> (FARTHEST * step) ** 2", "> (99 * step) ** 2", "what tells nothing", FITTED),
)
