/* The board of the emulator: an LSM6DSO that plays back what its FIFO held, from a file.
 *
 *     arg: FIFOS RESULTS
 *
 * FIFOS holds for each interrupt uint64 microseconds, uint8 FIFO_STATUS2 (its bits 9, 8 left out), uint8 words, then 7 bytes
 * a word. RESULTS gets for each status int32 status, label, raw, uint32 0, uint64 time and 32 uint8 probabilities, and
 * behind each interrupt one record with status -100, whose label is the ticks that the program took without the bus, and
 * whose raw is the words. */
#include "device.h"
#include "lsm6dso.h"
#include "port_board.h"

#include <string.h>

#define WORD 7

static uint8_t registers[128];
static uint8_t fifo[WORD * 255];
static size_t fifo_bytes, fifo_at;
static uint8_t state;
static int fifos = -1, results;
static char arguments[600];
static uint32_t woken, on_bus;

typedef struct {
    int32_t status, label, raw;
    uint32_t unused;
    uint32_t time[2];
    uint8_t p[EDGEHAR_MOST_CLASSES];
} record;

/* Whether the program has set the sensor up, with or without its gyroscope: without that, no interrupt comes. */
static int is_started(void)
{
    const int both = registers[0x11] == 0x3C;
    return (both || registers[0x11] == 0) && registers[0x07] == (both ? 2 : 1) * LSM6DSO_WATERMARK &&
           registers[0x09] == (both ? 0x33 : 0x03) && registers[0x08] == 0 && registers[0x0A] == 0x06 &&
           registers[0x0D] == 0x08 && registers[0x10] == 0x38 && registers[0x12] == 0x44;
}

int device_write(uint8_t reg, uint8_t value)
{
    registers[reg & 127] = value;
    if (reg == 0x12 && (value & 1)) {
        memset(registers, 0, sizeof registers);
        registers[0x12] = 0x05; /* the reset's bit falls after it was read once */
    }
    return 0;
}

int device_read(uint8_t reg, uint8_t *to, size_t count)
{
    const uint32_t before = board_ticks();
    size_t index;

    registers[0x0F] = 0x6C;
    registers[0x3A] = (uint8_t)((fifo_bytes - fifo_at) / WORD);
    registers[0x3B] = state;
    for (index = 0; index < count; index++) {
        if (reg >= 0x78) {
            to[index] = fifo_at < fifo_bytes ? fifo[fifo_at++] : 0;
        } else {
            to[index] = registers[(reg + index) & 127];
        }
    }
    if (reg == 0x12) {
        registers[0x12] &= 0xFE;
    }
    if (reg <= 0x3B && reg + count > 0x3B) {
        state = 0;
    }
    on_bus += board_ticks_between(before, board_ticks());
    return 0;
}

static void put(int32_t status, int32_t label, int32_t raw, const edgehar_decision *decision)
{
    record one;
    memset(&one, 0, sizeof one);
    one.status = status;
    one.label = label;
    one.raw = raw;
    if (decision) {
        memcpy(one.time, &decision->time_us, sizeof one.time);
        memcpy(one.p, decision->p, (size_t)decision->classes);
    }
    board_write(results, &one, sizeof one);
}

int device_wait(uint64_t *now_us)
{
    uint8_t head[10];
    const uint32_t took = board_ticks_between(woken, board_ticks()) - on_bus;

    if (fifos < 0) {
        char *at = arguments;
        if (!is_started() || board_command_line(arguments, sizeof arguments) < 0) {
            return 0;
        }
        board_next_word(&at);
        fifos = board_open(board_next_word(&at), 'r');
        results = board_open(board_next_word(&at), 'w');
        board_calibrate();
    } else {
        put(-100, (int32_t)took, (int32_t)(fifo_bytes / WORD), NULL);
    }
    if (fifos < 0 || results < 0 || board_read(fifos, head, sizeof head) != sizeof head) {
        return 0;
    }
    memcpy(now_us, head, 8);
    state = head[8];
    fifo_bytes = (size_t)WORD * head[9];
    fifo_at = 0;
    if (board_read(fifos, fifo, fifo_bytes) != fifo_bytes) {
        return 0;
    }
    on_bus = 0;
    woken = board_ticks();
    return 1;
}

void device_show(int status, const edgehar_decision *decision)
{
    const uint32_t before = board_ticks();
    const int decided = status == EDGEHAR_DECISION;
    put(status, decided ? decision->label : 0, decided ? decision->raw : 0, decided ? decision : NULL);
    on_bus += board_ticks_between(before, board_ticks());
}
