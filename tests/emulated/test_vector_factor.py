"""Four values times a factor on the M55: the bits of one value's, halves above and below zero among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehar.benchmark import qemu
from edgehar.engine import engine_dir
from tests.scripts import load_runner

PROGRAM = """#include "edgehar_factor.h"
#include "port_board.h"

int main(void)
{
    static const int32_t multipliers[] = {1 << 30, 1518500250, 0x7fffffff, 0};
    int32_t differ = 0, halves = 0;
    board_calibrate();
    for (int which = 0; which < 4; which++) {
        for (int shift = -12; shift <= 6; shift++) {
            const edgehar_factor factor = edgehar_factor_of(multipliers[which], shift);
            for (int32_t value = -4096; value < 4096; value += 4) {
                const int32_t four[4] = {value, value + 1, value + 2, (value + 3) * 4001};
                int32_t got[4];
                vstrwq_s32(got, times_vector(vldrwq_s32(four), &factor));
                for (int at = 0; at < 4; at++) {
                    differ += got[at] != edgehar_times(four[at], &factor);
                    halves += which == 0 && shift < 0 && four[at] < 0 &&
                              (-four[at] & (4 * factor.half - 1)) == 2 * factor.half;
                }
            }
        }
    }
    board_print_pair("differ", differ);
    board_print_pair("halves", halves);
    return 0;
}
"""


@pytest.mark.emulated
def test_four_values_have_the_bits_of_one(tmp_path: Path) -> None:
    (tmp_path / "Include").symlink_to(engine_dir() / "src")
    image = load_runner("baseline_cmsis_nn").build(PROGRAM, tmp_path, "cortex-m55", tmp_path)
    said = {name: int(number) for name, number, *_ in map(str.split, qemu.run("cortex-m55", image, []))}
    assert said["differ"] == 0 and said["halves"] > 1000
