"""Mutants of the last layer's adaptation on the device."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ADAPT = "firmware_ref/src/edgehar_adapt.c"
_TESTS = "tests/personal/test_adaptation.py"
REFERENCE = (f"{_TESTS}::test_c_equals_the_reference",)
REFUSALS = (f"{_TESTS}::test_what_is_no_case_is_refused_alike",)

ADAPTATION = (
    Mutant(
        "adaptation: one step less",
        ADAPT,
        "steps = 64,",
        "steps = 63,",
        "off by one in the steps",
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
        "(away >> 16) < 16u ?",
        "(away >> 16) < 14u ?",
        "where the table of powers ends",
        REFERENCE,
    ),
    Mutant(
        "adaptation: the pull rounds to zero",
        ADAPT,
        "(coefficients[window] >> 7)",
        "(coefficients[window] / 128)",
        "rounding of negative coefficients",
        REFERENCE,
    ),
    Mutant(
        "adaptation: weights are cut off",
        ADAPT,
        "int64_t sum = 1 << 19;",
        "int64_t sum = 0;",
        "rounding of the weights' change",
        REFERENCE,
    ),
    Mutant(
        "adaptation: weights reach -128",
        ADAPT,
        "(sum >> 20), 127);",
        "(sum >> 20), 128);",
        "saturation; the packed kernels cannot take -128",
        REFERENCE,
    ),
    Mutant(
        "adaptation: products without a zero point",
        ADAPT,
        "(one[index] - zero) * (two[index] - zero)",
        "(one[index] - zero) * two[index]",
        "the embedding's zero point",
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
)
