"""Mutants of the last layer's adaptation on the device."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ADAPT = "firmware_ref/src/edgehar_adapt.c"
_TESTS = "tests/personal/test_adaptation.py"
REFERENCE = (f"{_TESTS}::test_c_equals_the_reference",)
TYPICAL = ("tests/personal/test_command.py::test_the_most_typical_window_of_a_stretch_is_learned_from",)
REFUSALS = (f"{_TESTS}::test_what_is_no_case_is_refused_alike",)

ADAPTATION = (
    Mutant(
        "adaptation: two steps less",
        ADAPT,
        "steps = 48,",
        "steps = 46,",
        "the number of steps, which go in pairs",
        REFERENCE,
    ),
    Mutant(
        "adaptation: a slip in the table",
        ADAPT,
        "27554",
        "27545",
        "two digits of the table of powers exchanged",
        REFERENCE,
    ),
    Mutant(
        "adaptation: the smallest probability is lost",
        ADAPT,
        "whole < 16u ?",
        "whole < 14u ?",
        "where the table of powers ends",
        REFERENCE,
    ),
    Mutant(
        "adaptation: the pull rounds to zero",
        ADAPT,
        "(*old >> 7)",
        "(*old / 128)",
        "rounding of negative coefficients",
        REFERENCE,
    ),
    Mutant(
        "adaptation: weights are cut off",
        ADAPT,
        "int64_t rounding = 1 << 19;",
        "int64_t rounding = 0;",
        "rounding of the weights' change",
        REFERENCE,
    ),
    Mutant(
        "adaptation: weights reach -128",
        ADAPT,
        "(first >> 20), 127);",
        "(first >> 20), 128);",
        "saturation; the packed kernels cannot take -128",
        REFERENCE,
    ),
    Mutant(
        "adaptation: products without a zero point",
        ADAPT,
        "(*two++ - two_zero)",
        "(*two++ + two_zero)",
        "the embedding's zero point",
        REFERENCE,
    ),
    Mutant(
        "adaptation: an odd number of labels is taken for an even one",
        ADAPT,
        "const int32_t *two = classes & 1 ? one : one + windows;",
        "const int32_t *two = one + windows;",
        "the pairs of labels",
        REFERENCE,
    ),
    Mutant(
        "adaptation: an odd number of inputs is taken for an even one",
        ADAPT,
        "index + 1 < inputs ? 1 : 0",
        "index < inputs ? 1 : 0",
        "the pairs of inputs; the last one writes into the next label's weights",
        REFERENCE,
    ),
    Mutant(
        "adaptation: one label too many",
        ADAPT,
        "labels[index] >= head->classes",
        "labels[index] > head->classes",
        "a label out of range writes beside the coefficients",
        REFUSALS,
    ),
    Mutant(
        "adaptation: the least typical window",
        "edgehar/personal/person.py",
        "np.argmin(sums)",
        "np.argmax(sums)",
        "which window of a stretch is learned from",
        TYPICAL,
    ),
    Mutant(
        "adaptation: the window nearest to the mean",
        "edgehar/personal/person.py",
        "np.sqrt(lengths + own - 2 * (rows @ row)).sum()",
        "(lengths + own - 2 * (rows @ row)).sum()",
        "distances, in which one window unlike all others does not count more",
        TYPICAL,
    ),
)
