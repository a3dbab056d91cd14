"""Mutants of the compiler: reading, planning, writing C, and the incremental .tflite."""

from __future__ import annotations

from tests.mutants.mutant import LAYERS, LONG, Mutant, cases

COMPILE = "edgehar/compile"
PLAN, SCHEDULE, TABLES, EMIT, OPERATORS, ELEMENTWISE = (
    f"{COMPILE}/{name}.py" for name in ("plan", "schedule", "c/layers", "c/emit", "operators", "elementwise")
)
STEP, STEP_PLAN = f"{COMPILE}/incremental.py", f"{COMPILE}/incremental_plan.py"
NETWORKS = cases(LAYERS, (0, 1, 3, 4, 6, 7, 9, 10))
STREAMS = cases(LONG, ("3-hop", "7-hop", "21-spread", "39-hop", "80-hop"))
PADDED = ("tests/firmware/test_incremental.py::test_padding_and_global_layers_keep_the_whole_window",)
FACTORS = ("tests/compile/test_multiplier.py::test_a_factor_is_the_nearest_of_31_bits",)
_LAW = "tests/incremental/test_law.py"
STEPS = (
    *cases(f"{_LAW}::test_depthwise_separable", ("litert-int8-reference-4", "litert-int8-reference-20")),
    *cases(f"{_LAW}::test_random_networks", ("litert-int8-reference",)),
)

COMPILER = (
    Mutant(
        "a buffer holds one column less",
        SCHEDULE,
        "self.high[index] = max(self.high[index], self._count[index])",
        "self.high[index] = max(self.high[index], self._count[index] - 1)",
        "capacity",
        NETWORKS,
    ),
    Mutant(
        "any hop keeps the phase",
        PLAN,
        "if hop % stride == 0 and",
        "if",
        "a hop that no stride divides",
        STREAMS,
    ),
    Mutant(
        "a branch may cross the split",
        PLAN,
        " and not later & before:",
        ":",
        "a residual branch reads columns that are no longer kept",
        (*STREAMS, *cases(LONG, ("1-hop", "2-hop"))),
    ),
    Mutant(
        "padding may be kept",
        PLAN,
        "    if layer.pad_left or layer.pad_right:",
        "    if False:",
        "a padded window's columns differ from the stream's",
        PADDED,
    ),
    Mutant(
        "one column too few is needed",
        PLAN,
        "(outputs - 1) * layer.stride + layer.kernel - layer.pad_left",
        "(outputs - 1) * layer.stride + layer.kernel - layer.pad_left - 1",
        "off by one in what a decision needs",
        NETWORKS,
    ),
    Mutant(
        "drop counts outputs as inputs",
        PLAN,
        "delivered[tensor] - needed[layer.output] * layer.stride",
        "delivered[tensor] - needed[layer.output]",
        "what a hop leaves out, behind a stride",
        STREAMS,
    ),
    Mutant(
        "the history is a column short",
        PLAN,
        "place += aligned(history * network.tensors[kept].channels)",
        "place += aligned((history - 1) * network.tensors[kept].channels)",
        "two buffers overlap",
        (*NETWORKS, *STREAMS),
    ),
    Mutant(
        "zero point folded with the wrong sign",
        TABLES,
        "layer.bias.astype(np.int64) - source.zero_point * sums",
        "layer.bias.astype(np.int64) + source.zero_point * sums",
        "the input's zero point",
        NETWORKS,
    ),
    Mutant(
        "mean's bias of one column",
        TABLES,
        '"bias": -source.zero_point * source.columns',
        '"bias": -source.zero_point',
        "the input's zero point in a mean",
        NETWORKS,
    ),
    Mutant(
        "an average sees its padding",
        EMIT,
        '"average_pool": 0}',
        '"average_pool": 1}',
        "pad value",
        cases(LAYERS, range(0, 18)),
    ),
    Mutant(
        "operands of an addition exchanged",
        TABLES,
        "plan.offsets[second] - plan.offsets[first]",
        "plan.offsets[first] - plan.offsets[second]",
        "where the second operand lies",
        NETWORKS,
    ),
    Mutant(
        "padding rather left than right",
        OPERATORS,
        '"pad_left": total // 2, "pad_right": total - total // 2',
        '"pad_left": total - total // 2, "pad_right": total // 2',
        "TensorFlow pads the odd column on the right",
        NETWORKS,
    ),
    Mutant(
        "the mean's factor folded one bit less",
        OPERATORS,
        "fold = min(source.columns.bit_length() - 1, 32, 31 + shift)",
        "fold = min(source.columns.bit_length() - 2, 32, 31 + shift)",
        "a bit of the multiplier is lost",
        NETWORKS,
    ),
    Mutant(
        "addition scaled by the smaller operand",
        ELEMENTWISE,
        "twice = 2.0 * max(",
        "twice = 2.0 * min(",
        "the operands' common scale",
        NETWORKS,
    ),
    Mutant(
        "filters' scales read as one",
        OPERATORS,
        "source.scale * float(scale) / out_scale) for scale in scales",
        "source.scale * float(scales[0]) / out_scale) for scale in scales",
        "a factor per filter",
        NETWORKS,
    ),
    Mutant(
        "multipliers are cut off",
        f"{COMPILE}/network.py",
        "math.floor(fraction * (1 << 31) + 0.5)",
        "math.floor(fraction * (1 << 31))",
        "rounding of the factor itself",
        FACTORS,
    ),
    Mutant(
        "state behind the new columns",
        STEP,
        '"CONCATENATION", [state, new]',
        '"CONCATENATION", [new, state]',
        "order of time in the incremental .tflite",
        STEPS,
    ),
    Mutant(
        "state one column old",
        STEP,
        "[0, 0, length - columns, 0], [1, 1, length, channels]",
        "[0, 0, length - columns - 1, 0], [1, 1, length - 1, channels]",
        "off by one in the kept columns",
        STEPS,
    ),
    Mutant(
        "a layer takes a column less",
        STEP_PLAN,
        "takes[index] = (made - 1) * layer.stride + layer.kernel +",
        "takes[index] = (made - 1) * layer.stride + layer.kernel - 1 +",
        "off by one in what a step reads",
        STEPS,
    ),
    Mutant(
        "columns out of the stride's reach are read",
        STEP_PLAN,
        " + _unread(network, layer, slot)",
        "",
        "the phase of a stride counted from the newest column",
        STEPS,
    ),
    Mutant(
        "the smallest history is not taken for all",
        STEP_PLAN,
        "read[operand] = max(read.get(operand, 0), takes[index])",
        "read[operand] = takes[index]",
        "two readers of a tensor need the longer state",
        STEPS,
    ),
)
