/* Semihosting: the emulator does files, console and exit for the image. Arm's "Semihosting for AArch32 and AArch64"
 * gives the operation numbers, which "RISC-V Semihosting" takes over. */
#include "port_board.h"

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
    STOPPED_APPLICATION_EXIT = 0x20026
};

#if defined(__riscv)
static int32_t call(uint32_t operation, const void *argument)
{
    register uint32_t a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = argument;
    /* The three must be whole words, side by side in one page. */
    __asm volatile(".option push\n"
                   ".option norvc\n"
                   ".balign 16\n"
                   "slli x0, x0, 0x1f\n"
                   "ebreak\n"
                   "srai x0, x0, 7\n"
                   ".option pop\n"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return (int32_t)a0;
}
#else
static int32_t call(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}
#endif

void board_exit(int status)
{
    const uint32_t block[2] = {STOPPED_APPLICATION_EXIT, (uint32_t)status};
    call(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void board_print(const char *text)
{
    call(SYS_WRITE0, text);
}

void board_print_number(int32_t value)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    *at = 0;
    do {
        *--at = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    board_print(at);
}

void board_print_pair(const char *key, int32_t value)
{
    board_print(key);
    board_print(" ");
    board_print_number(value);
    board_print("\n");
}

int board_command_line(char *buffer, size_t size)
{
    uint32_t block[2] = {(uint32_t)buffer, size};
    return call(SYS_GET_CMDLINE, block) == 0 ? 0 : -1;
}

int board_open(const char *path, char mode)
{
    uint32_t length = 0;
    while (path[length]) {
        length++;
    }
    const uint32_t block[3] = {(uint32_t)path, mode == 'w' ? 5u : 1u, length};
    return (int)call(SYS_OPEN, block);
}

void board_close(int handle)
{
    const uint32_t block[1] = {(uint32_t)handle};
    call(SYS_CLOSE, block);
}

size_t board_read(int handle, void *buffer, size_t size)
{
    const uint32_t block[3] = {(uint32_t)handle, (uint32_t)buffer, size};
    const uint32_t left = (uint32_t)call(SYS_READ, block);
    return left > size ? 0u : size - left;
}

void board_write(int handle, const void *buffer, size_t size)
{
    const uint32_t block[3] = {(uint32_t)handle, (uint32_t)buffer, size};
    if (call(SYS_WRITE, block) != 0) {
        board_exit(3);
    }
}
