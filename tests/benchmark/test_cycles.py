"""The estimate of cycles against sums made by hand from the tables of Arm's manuals."""

from __future__ import annotations

import pytest

from edgehar.benchmark.cycles import Executed, estimate


def took(core: str, *lines: str, times: int = 1, jumps: int = 0) -> tuple[int, int]:
    """Least and most cycles of instructions in a row; the last one jumps."""
    code = [line.partition(" ") for line in lines]
    executed = [
        Executed(4 * at, name, operands, times, jumps if at == len(lines) - 1 else 0)
        for at, (name, _, operands) in enumerate(code)
    ]
    found = estimate(core, executed)
    assert found is not None and found.instructions == times * len(lines)
    return found.least, found.most


@pytest.mark.parametrize(
    ("core", "line", "cycles"),
    [
        ("cortex-m0", "adds r0, r0, r1", (1, 1)),
        ("cortex-m0", "muls r0, r1", (1, 1)),
        ("cortex-m0", "ldrsb r0, [r4, r6]", (2, 2)),
        ("cortex-m0", "ldmia r6!, {r0, r1, r2, r3}", (5, 5)),
        ("cortex-m3", "mla r4, r3, ip, r4", (2, 2)),
        ("cortex-m3", "smlal ip, lr, r4, r1", (4, 7)),
        ("cortex-m3", "smull r0, r1, r2, r3", (3, 5)),
        ("cortex-m3", "ldrsb.w ip, [r0], #1", (2, 2)),
        ("cortex-m3", "strb.w r4, [r0], #1", (1, 2)),
        ("cortex-m3", "ldrd r0, r1, [sp]", (3, 3)),
        ("cortex-m4", "mla r4, r3, ip, r4", (1, 1)),
        ("cortex-m4", "smlal ip, lr, r4, r1", (1, 1)),
        ("cortex-m4", "smlad r4, r2, r8, r4", (1, 1)),
        ("cortex-m4", "smmlar r4, r4, r8, r0", (1, 1)),
        ("cortex-m4", "udiv r0, r1, r2", (2, 12)),
        ("cortex-m4", "ldmia.w r1!, {r2, r3, ip, lr}", (5, 5)),
        ("cortex-m4", "stmdb sp!, {r4-r11, lr}", (10, 10)),
        ("cortex-m4", "vldr s0, [r0]", (2, 2)),
        ("cortex-m4", "vpush {d8-d9}", (5, 5)),
        ("cortex-m4", "vdiv.f32 s0, s1, s2", (14, 14)),
        ("cortex-m4", "vmla.f32 s0, s1, s2", (3, 3)),
        ("cortex-m4", "vadd.f32 s0, s1, s2", (1, 1)),
        ("cortex-m4", "ite eq", (0, 1)),
        ("cortex-m4", "ldrhi r0, [r1]", (2, 2)),
        ("cortex-m4", "bics r0, r1", (1, 1)),
        ("cortex-m7", "mla r4, r3, ip, r4", (1, 1)),
    ],
)
def test_one_instruction(core: str, line: str, cycles: tuple[int, int]) -> None:
    assert took(core, line) == cycles
    assert took(core, line, times=7) == (7 * cycles[0], 7 * cycles[1])


@pytest.mark.parametrize(
    ("core", "line", "cycles"),
    [
        ("cortex-m0", "bne.n 10", (3, 3)),
        ("cortex-m0", "bl 20", (4, 4)),
        ("cortex-m0", "bx lr", (3, 3)),
        ("cortex-m0", "pop {r4, r5, pc}", (7, 7)),
        ("cortex-m3", "bne.w 10", (2, 4)),
        ("cortex-m4", "bl 20", (2, 4)),
        ("cortex-m4", "ldmia.w sp!, {r4, pc}", (4, 6)),
        ("cortex-m4", "ldr.w pc, [sp, #8]", (3, 5)),
        ("cortex-m4", "tbb [pc, r0]", (3, 5)),
    ],
)
def test_one_jump(core: str, line: str, cycles: tuple[int, int]) -> None:
    assert took(core, line, jumps=1) == cycles


def test_a_jump_that_is_not_taken_takes_one_cycle() -> None:
    assert took("cortex-m4", "bne.n 10", times=10, jumps=0) == (10, 10)


def test_loads_in_a_row_may_overlap() -> None:
    assert took("cortex-m4", "ldr r0, [r1]", "ldr r2, [r3]", "ldrb r4, [r5]") == (4, 6)
    assert took("cortex-m4", "ldr r0, [r1]", "adds r0, #1", "ldr r2, [r3]") == (5, 5)
    assert took("cortex-m0", "ldr r0, [r1]", "ldr r2, [r3]") == (4, 4)


def test_nothing_is_said_of_a_core_whose_manual_has_no_table() -> None:
    assert estimate("cortex-m55", [Executed(0, "nop", "", 1, 0)]) is None


def test_the_estimate_is_the_middle() -> None:
    found = estimate("cortex-m3", [Executed(0, "smlal", "r0, r1, r2, r3", 4, 0)])
    assert found is not None and (found.least, found.cycles, found.most, found.error) == (16, 22, 28, 6)
