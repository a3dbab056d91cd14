/* Reset, vectors and faults for Cortex-M boards. */
#include "port_board.h"

extern uint32_t __data_start[], __data_end[], __data_load[], __bss_start[], __bss_end[], __stack_top[];

int main(void);
void reset_handler(void) __attribute__((noreturn));

static void __attribute__((noreturn)) fault_handler(void)
{
    board_print("fault\n");
    board_exit(70);
}

/* The first word is an address of data, the others of code; the union lets C hold both. */
typedef union {
    const void *address;
    void (*code)(void);
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    {.address = __stack_top}, {.code = reset_handler}, {.code = fault_handler}, {.code = fault_handler},
    {.code = fault_handler},  {.code = fault_handler}, {.code = fault_handler}, {.code = fault_handler},
    {.address = 0},           {.address = 0},          {.address = 0},          {.code = fault_handler},
    {.code = fault_handler},  {.address = 0},          {.code = fault_handler}, {.code = fault_handler},
};

__attribute__((weak)) void board_profile_print(void)
{
}

void reset_handler(void)
{
    for (uint32_t *to = __data_start, *from = __data_load; to < __data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *word = __bss_start; word < __bss_end;) {
        *word++ = 0;
    }
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: coprocessors 10 and 11 on */
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    board_count_start();
    board_exit(main());
}
