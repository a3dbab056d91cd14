/* Instructions by the counter that every RISC-V has. */
#include "port_board.h"

void board_count_start(void)
{
}

uint32_t board_ticks(void)
{
    uint32_t count;
    __asm volatile("csrr %0, minstret" : "=r"(count));
    return count;
}

void board_calibrate(void)
{
    const uint32_t rounds = 1u << 20;
    uint32_t left = rounds;
    const uint32_t before = board_ticks();
    __asm volatile("1: addi %0, %0, -1\n"
                   "   bnez %0, 1b\n"
                   : "+r"(left));
    const uint32_t ticks = board_ticks_between(before, board_ticks());
    board_print("calibration ");
    board_print_number((int32_t)(2u * rounds));
    board_print(" ");
    board_print_number((int32_t)ticks);
    board_print("\n");
}

void board_profile_print(void)
{
}
