"""Mutants of the kernels for RISC-V: their definition in C, their assembly, their packer, and their place in a blob."""

from __future__ import annotations

from tests.mutants.mutant import DEFINITION, Mutant, cases

SRC, PACK = "firmware_ref/src", "edgehar/compile/pack/riscv.py"
CONV, DEPTHWISE = (cases(DEFINITION, (f"riscv-{kind}",)) for kind in ("conv", "depthwise"))
ON_RISCV = "tests/ports/test_riscv.py::test_the_kernels_in_assembly"
CONV_ON_RISCV, DEPTHWISE_ON_RISCV = (cases(ON_RISCV, (kind,)) for kind in ("conv", "depthwise"))
CHOICE = cases("tests/emulated/test_kernels.py::test_the_packer_chooses_the_kernels_for_riscv", ("conv", "depthwise"))
BLOB = cases("tests/firmware/test_blob.py::test_shipped_models_on_a_recording", ("riscv-nano",))

KERNELS_RISCV = (
    Mutant(
        "riscv: half up where a sum is below zero",
        f"{SRC}/conv1d_riscv.c",
        "((uint32_t)product >> 31) - (sum < 0);",
        "((uint32_t)product >> 31);",
        "halves are rounded away from zero",
        CONV,
    ),
    Mutant(
        "riscv: the last position is not computed again",
        f"{SRC}/conv1d_riscv.c",
        "        if (left > 1) {",
        "        if (left > 0) {",
        "fewer positions than four",
        CONV,
    ),
    Mutant(
        "riscv: the last four channels begin one too late",
        f"{SRC}/conv1d_riscv.c",
        "overlap = channels - EDGEHAR_FOUR;",
        "overlap = channels - EDGEHAR_FOUR + 1u;",
        "channels that are no multiple of 4",
        DEPTHWISE,
    ),
    Mutant(
        "riscv: the assembly's chain is entered one input late",
        f"{SRC}/conv1d_riscv_block.S",
        "    addi  a6, a6, -2\n    bltz  a6, 3f",
        "    addi  a6, a6, -2\n    bltz  a6, 4f",
        "inputs that are no multiple of 4",
        CONV_ON_RISCV,
    ),
    Mutant(
        "riscv: the assembly takes the sign of another filter",
        f"{SRC}/conv1d_riscv_block.S",
        "    EDGEHAR_OUTPUTS 2, s2, s6, s10, t5",
        "    EDGEHAR_OUTPUTS 2, s2, s6, s10, t6",
        "a register of the sums",
        CONV_ON_RISCV,
    ),
    Mutant(
        "riscv: the upper bound of an output is not held",
        f"{SRC}/conv1d_riscv_block.S",
        "    mv    a6, t2\n",
        "    mv    a6, a6\n",
        "outputs beyond the activation's bound",
        CONV_ON_RISCV,
    ),
    Mutant(
        "riscv: depthwise inputs of the first four channels for all",
        f"{SRC}/conv1d_riscv_block.S",
        "    add   a3, a3, a6\n    slli  a7, a7, 2",
        "    slli  a7, a7, 2",
        "where the fourth position's channels lie",
        DEPTHWISE_ON_RISCV,
    ),
    Mutant(
        "riscv: shifts of one are taken",
        PACK,
        "max(layer.shift) <= -2",
        "max(layer.shift) <= -1",
        "a zero point that does not fit beside the sum",
        CHOICE,
    ),
    Mutant(
        "a blob's convolution must have tables of its own",
        f"{SRC}/edgehar_blob_conv.c",
        "    case EDGEHAR_KERNEL_CONV1D_RISCV:\n",
        "",
        "weights that hold biases and scales",
        BLOB,
    ),
)
