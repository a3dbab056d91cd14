/* How deep the stack went, on Cortex-M and RISC-V. */
#include "port_board.h"

extern uint32_t __stack_limit[];

#define PAINT 0xA5C35A3Cu

/* Where the stack stood when it was painted. The words next to it may hold registers that the painter saves. */
static const volatile uint32_t *painter;
#define SPARED 16

__attribute__((noinline)) void board_stack_paint(void)
{
    uint32_t *sp;
#if defined(__riscv)
    __asm volatile("mv %0, sp" : "=r"(sp));
#else
    __asm volatile("mov %0, sp" : "=r"(sp));
#endif
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
