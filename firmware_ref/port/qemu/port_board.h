/* What the programs of this port use of the emulated boards: semihosting, an instruction counter, the stack's mark. */
#ifndef PORT_BOARD_H
#define PORT_BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Leave the emulator with this exit status. */
void board_exit(int status) __attribute__((noreturn));

/* Write text, a decimal number, or a line of key and number to the emulator's console. */
void board_print(const char *text);
void board_print_number(int32_t value);
void board_print_pair(const char *key, int32_t value);

/* Copy the words given with `-semihosting-config arg=` into `buffer`, parted by blanks. 0, or -1 if it is too long. */
int board_command_line(char *buffer, size_t size);

/* The word at `*at`, ended with a zero in place; `*at` is then the next one's start. */
static inline char *board_next_word(char **at)
{
    char *start = *at;
    while (**at && **at != ' ') {
        (*at)++;
    }
    if (**at) {
        *(*at)++ = 0;
    }
    return start;
}

/* Open a file of the machine that runs the emulator: mode 'r' or 'w'. A handle, or -1. */
int board_open(const char *path, char mode);
void board_close(int handle);

/* Open the two files that the words given with `-semihosting-config arg=` begin with, behind the program's own name:
 * one to read, one to write. The words behind them, in `buffer`, or NULL where those are too long or a file does not
 * open. */
static inline char *board_open_files(char *buffer, size_t size, int *input, int *output)
{
    char *at = buffer;
    if (board_command_line(buffer, size) < 0) {
        return NULL;
    }
    board_next_word(&at);
    *input = board_open(board_next_word(&at), 'r');
    *output = board_open(board_next_word(&at), 'w');
    return *input < 0 || *output < 0 ? NULL : at;
}

/* Read up to `size` bytes. The number read; 0 at the end of the file. */
size_t board_read(int handle, void *buffer, size_t size);

/* Write `size` bytes; leaves the emulator with status 3 where that fails. */
void board_write(int handle, const void *buffer, size_t size);

/* Start the tick counter; called once by the start-up code. */
void board_count_start(void);

/* Ticks since the start, modulo 2^24. With `-icount shift=0` one instruction takes one nanosecond, so that a tick is
 * 1e9 / (the board's clock) instructions, exactly and repeatably. These are instructions, never time. */
uint32_t board_ticks(void);

/* Ticks from one reading to another; no longer than 2^24 ticks, which is more than 500 million instructions. On RISC-V
 * a tick is an instruction, and 32 bits of them are counted. */
static inline uint32_t board_ticks_between(uint32_t from, uint32_t to)
{
#if defined(__riscv)
    return to - from;
#else
    return (to - from) & 0xFFFFFFu;
#endif
}

/* Print "calibration INSTRUCTIONS TICKS" of a loop of known length, so that the reader can check the ratio. */
void board_calibrate(void);

/* Fill the unused stack with a pattern, and tell how many bytes below the painter's caller have been used since. */
void board_stack_paint(void);
int32_t board_stack_used(void);

/* Print "layer INDEX TICKS FIRINGS COLUMNS" for each layer; nothing where the image was not built for it. */
void board_profile_print(void);

#endif
