"""Mutants of the loops for a single position: Cortex-M0, M3 and RISC-V."""

from __future__ import annotations

from tests.mutants.mutant import DEFINITION, ON_CORE, Mutant, cases

_SRC = "firmware_ref/src"
_M3, _M3_DEPTHWISE = (cases(ON_CORE, (f"cortex-m3-thumb2-{kind}",)) for kind in ("conv", "depthwise"))
_M0, _M0_DEPTHWISE = (cases(ON_CORE, (f"cortex-m3-thumb-{kind}",)) for kind in ("conv", "depthwise"))
_RISCV = "tests/ports/test_riscv.py::test_the_kernels_in_assembly"

SINGLE_POSITION = (
    Mutant(
        "single position on the M3: a filter's sum in another's register",
        f"{_SRC}/conv1d_thumb2_block.S",
        "    EDGEHAR_LONE r10\n    EDGEHAR_LONE r11\n    cmp   x, q\n",
        "    EDGEHAR_LONE r11\n    EDGEHAR_LONE r10\n    cmp   x, q\n",
        "the order of four filters",
        _M3,
    ),
    Mutant(
        "single position on the M3: the third channel twice",
        f"{_SRC}/conv1d_thumb2_block.S",
        "    ldrsb p, [x, #3]\n    EDGEHAR_LONE r11\n",
        "    ldrsb p, [x, #2]\n    EDGEHAR_LONE r11\n",
        "an offset of the depthwise loop",
        _M3_DEPTHWISE,
    ),
    Mutant(
        "single position on the M0: the last of four inputs loses its sign",
        f"{_SRC}/conv1d_thumb_block.S",
        "    asrs  r5, r5, #8\n    muls  r3, r5, r3\n    add   r8, r8, r3\n    cmp   r6, r12\n",
        "    lsrs  r5, r5, #8\n    muls  r3, r5, r3\n    add   r8, r8, r3\n    cmp   r6, r12\n",
        "a logical shift for an arithmetic one",
        _M0,
    ),
    Mutant(
        "single position on the M0: taps beside one another",
        f"{_SRC}/conv1d_thumb_block.S",
        "    EDGEHAR_FIRST_POSITION\n    adds  r4, r4, r3\n",
        "    EDGEHAR_FIRST_POSITION\n    adds  r4, r4, #1\n",
        "the step from tap to tap",
        _M0_DEPTHWISE,
    ),
    Mutant(
        "single position on the M0: the strip is of the position behind",
        f"{_SRC}/conv1d_thumb.c",
        "strip[input] = input < inputs ? x[input] : 0;",
        "strip[input] = input < inputs ? x[input + step] : 0;",
        "a stride too far",
        cases(DEFINITION, ("thumb-conv",)),
    ),
    Mutant(
        "single position on RISC-V: the next input's weights",
        f"{_SRC}/conv1d_riscv_block.S",
        "    EDGEHAR_SINGLE 3, s3\n    addi  a0, a0, 1\n    addi  a4, a4, 4\n",
        "    EDGEHAR_SINGLE 3, s3\n    addi  a0, a0, 1\n    addi  a4, a4, 3\n",
        "the step through four filters' weights",
        cases(_RISCV, ("conv",)),
    ),
    Mutant(
        "single position on RISC-V: two channels exchanged",
        f"{_SRC}/conv1d_riscv_block.S",
        "    EDGEHAR_SINGLE_CHANNEL 2, s2\n    EDGEHAR_SINGLE_CHANNEL 3, s3\n",
        "    EDGEHAR_SINGLE_CHANNEL 2, s3\n    EDGEHAR_SINGLE_CHANNEL 3, s2\n",
        "a register of the depthwise loop",
        cases(_RISCV, ("depthwise",)),
    ),
)
