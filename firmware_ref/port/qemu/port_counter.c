/* The instruction counter: SysTick on the processor's clock, which every emulated board has. */
#include "port_board.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

void board_count_start(void)
{
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0;
    SYST_CSR = 5u; /* enabled, processor clock, no interrupt */
}

uint32_t board_ticks(void)
{
    return 0xFFFFFFu - SYST_CVR;
}

void board_calibrate(void)
{
    const uint32_t rounds = 1u << 20;
    uint32_t left = rounds;
    const uint32_t before = board_ticks();
    __asm volatile(".syntax unified\n"
                   "1: subs %0, %0, #1\n"
                   "   bne 1b\n"
                   : "+l"(left)
                   :
                   : "cc");
    const uint32_t ticks = board_ticks_between(before, board_ticks());
    board_print("calibration ");
    board_print_number((int32_t)(2u * rounds));
    board_print(" ");
    board_print_number((int32_t)ticks);
    board_print("\n");
}
