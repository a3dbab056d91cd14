/* The board's functions on the machine that runs the tests, so that port_kernels.c runs under its sanitizers. */
#include "port_board.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int argument_count;
static char **argument_list;

__attribute__((constructor)) static void remember(int count, char **list)
{
    argument_count = count;
    argument_list = list;
}

void board_exit(int status)
{
    exit(status);
}

void board_print(const char *text)
{
    fputs(text, stdout);
}

int board_command_line(char *buffer, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < argument_count; i++) {
        at += (size_t)snprintf(buffer + at, size - at, "%s%s", i ? " " : "", argument_list[i]);
    }
    return at < size ? 0 : -1;
}

int board_open(const char *path, char mode)
{
    return mode == 'w' ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : open(path, O_RDONLY);
}

size_t board_read(int handle, void *buffer, size_t size)
{
    const ssize_t got = read(handle, buffer, size);
    return got < 0 ? 0u : (size_t)got;
}

void board_write(int handle, const void *buffer, size_t size)
{
    if (write(handle, buffer, size) != (ssize_t)size) {
        exit(3);
    }
}

uint32_t board_ticks(void)
{
    return 0;
}

void board_calibrate(void)
{
}
