"""Mutants of what a model blob with a made-up plan is refused for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

SRC = "firmware_ref/src"
LAYER, CONV, REHEARSE = f"{SRC}/edgehar_blob_layer.c", f"{SRC}/edgehar_blob_conv.c", f"{SRC}/edgehar_rehearse.c"
_TEST = "tests/firmware/test_blob.py"
LEAST = f"{_TEST}::test_one_column_or_byte_less_than_a_plan_needs_is_refused"
LIES = f"{_TEST}::test_parameters_that_leave_the_plans_columns_are_refused"
POOLS = (f"{_TEST}::test_pools_must_have_something_to_pool",)

BLOB = (
    Mutant("a rehearsal that sees nothing", REHEARSE, "if (!(condition)) {", "if (0) {", "capacity",
        cases(LEAST, ("portable",))),
    Mutant("a thumb strip too small", CONV, "needs.scratch = 16u * words", "needs.scratch = 4u * words", "scratch",
        cases(LEAST, ("thumb",))),
    Mutant("weights of any size", CONV, "conv->weight_bytes < needs.weights ||", "", "packed",
        cases(LEAST, ("portable",))),
    Mutant("a sum to any place", LAYER, "inputs == layer->outputs &&", "", "a mean",
        cases(LIES, ("swish-mean_time-2",))),
    Mutant("a pool of padding", LAYER, "left == 0;", "1;", "division by zero", POOLS),
    Mutant("a softmax of nothing", LAYER, "softmax->difference_min <= 0 &&", "", "no end",
        cases(LIES, ("swish-softmax_columns-2",))),
    Mutant("a second operand anywhere", LAYER, "apart ==", "0 == 0 *", "join",
        cases(LIES, ("join-two-join_columns-4",))),
)  # fmt: skip
