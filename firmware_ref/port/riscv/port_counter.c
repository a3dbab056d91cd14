/* Instructions by the counter that every RISC-V has, and the stack's mark. */
#include "port_board.h"

extern uint32_t __stack_limit[];

#define PAINT 0xA5C35A3Cu

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

/* Where the stack stood when it was painted. The words next to it may hold registers that the painter saves. */
static const volatile uint32_t *painter;
#define SPARED 16

__attribute__((noinline)) void board_stack_paint(void)
{
    uint32_t *sp;
    __asm volatile("mv %0, sp" : "=r"(sp));
    for (volatile uint32_t *word = __stack_limit; word < sp - SPARED; word++) {
        *word = PAINT;
    }
    painter = sp;
}

int32_t board_stack_used(void)
{
    const volatile uint32_t *word = __stack_limit;
    while (*word == PAINT && word < painter - SPARED) {
        word++;
    }
    return (int32_t)((const volatile char *)painter - (const volatile char *)word);
}

void board_profile_print(void)
{
}
