"""Mutants of the kernels of single operators, of the tables made for them, and of what is left out of a network."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

SRC = "firmware_ref/src"
COMPILE = "edgehar/compile"
_LAYERS = "tests/firmware/test_operators.py::test_every_layer_equals_the_oracles"
_STREAMS = "tests/firmware/test_operators.py::test_incremental_equals_whole"
_STEPS = "tests/incremental/test_operators.py::test_a_step_equals_the_whole_window"


def blocks(*names: str) -> tuple[str, ...]:
    """The test of every layer for these blocks, with ordinary and with extreme scales."""
    return cases(_LAYERS, (f"{name}-{seed}" for name in names for seed in (0, 2)))


OPERATORS = (
    Mutant(
        "a table by the signed value",
        f"{SRC}/table.c",
        "table.values[(uint8_t)*x++]",
        "table.values[(uint8_t)(*x++ ^ 0x80)]",
        "which end of a table is the negative one",
        blocks("tanh", "leaky_relu"),
    ),
    Mutant(
        "a product without its second zero point",
        f"{SRC}/multiply.c",
        "(*second++ + pair.offset[1])",
        "(*second++)",
        "the zero point of a gate",
        blocks("gate", "product"),
    ),
    Mutant(
        "a product without its activation",
        f"{SRC}/multiply.c",
        "edgehar_clamp(value, pair.activation_min, pair.activation_max)",
        "edgehar_clamp(value, -128, 127)",
        "a fused ReLU is forgotten",
        blocks("gate", "product"),
    ),
    Mutant(
        "one constant for all columns",
        f"{SRC}/constant.c",
        "(block->first + position) * constant->step",
        "position * constant->step",
        "a block that is not the window's first",
        blocks("mul-columns", "add-columns", "prelu-columns"),
    ),
    Mutant(
        "a constant's sum scaled by the input's factor",
        f"{SRC}/constant.c",
        "finished(&constant, scaled + *operand++, &last)",
        "finished(&constant, scaled + *operand++, &factor)",
        "two factors exchanged",
        blocks("add-channels", "sub-channels"),
    ),
    Mutant(
        "the slope above zero",
        f"{SRC}/constant.c",
        "value >= 0 ?",
        "value < 0 ?",
        "PReLU's two sides exchanged",
        blocks("prelu"),
    ),
    Mutant(
        "a sum whose second operand has the larger scale",
        f"{SRC}/add.c",
        "add.shift[0] == 0 ? 0 : 1, other",
        "add.shift[0] == 0 ? 0 : 0, other",
        "which operand's factor is a half",
        blocks("sum", "squeeze-add"),
    ),
    Mutant(
        "a factor that rounds halves up",
        f"{SRC}/edgehar_factor.h",
        "factor.negative = shift < 0 ? -1 : 0;",
        "factor.negative = 0;",
        "halves are rounded away from zero",
        ("tests/firmware/test_factor.py::test_equals_the_requantisation",),
    ),
    Mutant(
        "a joined column steps by its own channels",
        f"{SRC}/copies.c",
        "out += join->channels[0] + join->channels[1];",
        "out += join->channels[0] + 1;",
        "where the next column begins",
        blocks("join-two", "join-four"),
    ),
    Mutant(
        "taps side by side",
        f"{SRC}/copies.c",
        "from += gather->apart",
        "from += gather->channels",
        "dilation",
        blocks("dilated", "dilated-depthwise"),
    ),
    Mutant(
        "the largest is not begun anew",
        f"{SRC}/max_time.c",
        "block->first == 0",
        "block->first < 0",
        "an earlier window's maximum stays",
        blocks("max"),
    ),
    Mutant(
        "the largest of the last block",
        f"{SRC}/max_time.c",
        "largest[channel] = *x > largest[channel] ? *x : largest[channel];",
        "largest[channel] = *x;",
        "no maximum at all",
        blocks("max"),
    ),
    Mutant(
        "logistic cut off",
        f"{COMPILE}/unary.py",
        "fixed_point.round_shift(fixed_point.logistic(x), 23) - 128",
        "(fixed_point.logistic(x) >> 23) - 128",
        "the last rounding",
        ("tests/compile/test_unary.py::test_a_table_is_tflite_micros[LOGISTIC]",),
    ),
    Mutant(
        "hard swish rounds its product",
        f"{COMPILE}/unary.py",
        "high = abs(product) >> 15",
        "high = (abs(product) + (1 << 14)) >> 15",
        "a product that is cut off towards zero",
        ("tests/compile/test_unary.py::test_a_table_is_tflite_micros[HARD_SWISH]",),
    ),
    Mutant(
        "a difference adds",
        f"{COMPILE}/elementwise.py",
        'sign = -1 if name == "SUB" and slot == 0 else 1',
        "sign = 1",
        "Normalization's subtraction",
        blocks("sub-one", "sub-channels"),
    ),
    Mutant(
        "a slice forgets where it begins",
        f"{COMPILE}/simplify.py",
        "start = begin + layer.passed_over(slot)",
        "start = begin",
        "the last step of a causal network: computed right, but from whole windows",
        ("tests/firmware/test_operators.py::test_a_causal_network_whose_last_step_is_read_streams_to_the_end",),
    ),
    Mutant(
        "padding in front of a pool",
        f"{COMPILE}/simplify.py",
        '_SEES_PADDING = ("conv", "depthwise", "gather")',
        '_SEES_PADDING = ("conv", "depthwise", "gather", "average_pool")',
        "an average that leaves zeros out",
        blocks("pads"),
    ),
    Mutant(
        "a residual is not delayed",
        f"{COMPILE}/simplify.py",
        "lead = tuple(max(0, columns) for columns in behind)",
        "lead = tuple(0 for columns in behind)",
        "two readers of one tensor, the second of which begins later",
        blocks("causal-last"),
    ),
    Mutant(
        "neighbours in the batch as neighbours in time",
        f"{COMPILE}/operators.py",
        "dilation *= builder.apart[given]",
        "dilation *= 1",
        "SPACE_TO_BATCH_ND",
        ("tests/firmware/test_keras_operators.py::test_equal_to_tflite_micro[gated]",),
    ),
    Mutant(
        "constants per column on a stream",
        "edgehar/compile/plan.py",
        "if layer.operand is not None and len(layer.operand) > 1:",
        "if False:",
        "a constant that belongs to a place in the window",
        cases(_STREAMS, ("mul-columns", "add-columns", "prelu-columns", "sub-columns")),
    ),
    Mutant(
        "a piece read from its beginning",
        "edgehar/compile/incremental_plan.py",
        "return kept.index >= 0 and kept.first == 0 and not dense and not late",
        "return kept.index >= 0 and not dense and not late",
        "the rest of the network given fewer columns than it reads",
        cases(_STEPS, ("causal-last", "crop")),
    ),
)
