"""Mutants of the element-wise operators on the M55."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

_SRC = "firmware_ref/src"
_CORE = "tests/emulated/test_operators.py::test_a_core_decides_as_the_host_does"
_FACTOR = ("tests/emulated/test_vector_factor.py::test_four_values_have_the_bits_of_one",)

HELIUM = (
    Mutant(
        "helium: halves below zero are rounded up",
        f"{_SRC}/edgehar_factor.h",
        "vdupq_n_s32(factor->negative)",
        "vdupq_n_s32(0)",
        "rounding of negative values",
        _FACTOR,
    ),
    Mutant(
        "helium: a sum's second operand without its zero point",
        f"{_SRC}/add.c",
        "vaddq_n_s32(load_vector(y + at, kept), offset_)",
        "load_vector(y + at, kept)",
        "one zero point for both",
        cases(_CORE, ("cortex-m55-sum-None",)),
    ),
    Mutant(
        "helium: a gate takes its own values twice",
        f"{_SRC}/multiply.c",
        "vaddq_n_s32(load_vector(second + at, kept), pair.offset[1])",
        "vaddq_n_s32(load_vector(first + at, kept), pair.offset[0])",
        "the second operand",
        cases(_CORE, ("cortex-m55-gate-None",)),
    ),
    Mutant(
        "helium: a sum's constant is the first channel's",
        f"{_SRC}/constant.c",
        "vldrwq_z_s32(operand + channel, kept)",
        "vldrwq_z_s32(operand, kept)",
        "the constant's place",
        cases(_CORE, ("cortex-m55-add-channels-None",)),
    ),
    Mutant(
        "helium: slopes above zero",
        f"{_SRC}/constant.c",
        "vcmpgeq_n_s32(value, 0)",
        "vcmpltq_n_s32(value, 0)",
        "the side that a slope is for",
        cases(_CORE, ("cortex-m55-prelu-None",)),
    ),
    Mutant(
        "helium: a table's index is of the bytes before",
        f"{_SRC}/table.c",
        "vldrbq_z_u8((const uint8_t *)x + at, kept)",
        "vldrbq_z_u8((const uint8_t *)x, kept)",
        "values beyond the first sixteen",
        cases(_CORE, ("cortex-m55-gate-None",)),
    ),
)
