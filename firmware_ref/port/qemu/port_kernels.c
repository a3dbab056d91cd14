/* Runs one kernel path over convolutions from a file: outputs and tick counts go to another file, for
 * tests/emulated and benchmarks/instructions.py to compare and count.
 *
 *     arg: CASES RESULTS
 *
 * A case is its header, then int32 bias and multiplier, int8 shift padded to 4 bytes, the packed weights and the
 * columns padded to 4 bytes. A result is uint32 ticks, uint32 guard (1 where nothing was written outside the buffers),
 * then the output columns padded to 4 bytes. */
#include "edgehar_kernels.h"
#include "port_board.h"

#ifndef KERNEL
#define KERNEL edgehar_conv1d_portable
#endif

typedef struct {
    int32_t in_channels, out_channels, kernel, stride, positions;
    int32_t output_zero, activation_min, activation_max;
    int32_t weight_words, scratch_bytes, column_bytes;
} case_header;

#define GUARD 64
#define FILL 0x5A

static uint32_t body[200 * 1024];
static uint32_t scratch[8 * 1024];
static uint32_t out[16 * 1024];
static char arguments[1024];

/* Whether the `GUARD` bytes at `at` are as they were filled. */
static int untouched(const uint8_t *at)
{
    for (int i = 0; i < GUARD; i++) {
        if (at[i] != FILL) {
            return 0;
        }
    }
    return 1;
}

static size_t words(int32_t bytes)
{
    return ((size_t)bytes + 3u) / 4u;
}

static void run(const case_header *header, int results)
{
    const uint32_t *at = body;
    edgehar_conv conv;
    edgehar_block block;
    memset(&conv, 0, sizeof conv);
    conv.bias = (const int32_t *)at, at += header->out_channels;
    conv.multiplier = (const int32_t *)at, at += header->out_channels;
    conv.shift = (const int8_t *)at, at += words(header->out_channels);
    conv.weights = at, at += header->weight_words;
    conv.in_channels = (uint16_t)header->in_channels;
    conv.out_channels = (uint16_t)header->out_channels;
    conv.kernel = (uint16_t)header->kernel;
    conv.stride = (uint16_t)header->stride;
    conv.output_zero = (int8_t)header->output_zero;
    conv.activation_min = (int8_t)header->activation_min;
    conv.activation_max = (int8_t)header->activation_max;

    const int32_t out_bytes = header->out_channels * header->positions;
    uint8_t *const scratch_start = (uint8_t *)scratch + GUARD;
    uint8_t *const out_start = (uint8_t *)out + GUARD;
    if ((uint32_t)header->scratch_bytes + 2u * GUARD > sizeof scratch ||
        (uint32_t)out_bytes + 2u * GUARD > sizeof out) {
        board_exit(4);
    }
    memset(scratch, FILL, sizeof scratch);
    memset(out, FILL, sizeof out);
    block.columns = (const int8_t *)at;
    block.out = (int8_t *)out_start;
    block.scratch = scratch_start;
    block.positions = header->positions;
    block.first = 0;

    const uint32_t before = board_ticks();
    KERNEL(&conv, &block);
    uint32_t result[2] = {board_ticks_between(before, board_ticks()), 0};
    result[1] = (uint32_t)(untouched((uint8_t *)scratch) && untouched(scratch_start + header->scratch_bytes) &&
                           untouched((uint8_t *)out) && untouched(out_start + out_bytes));
    board_write(results, result, sizeof result);
    board_write(results, out_start, 4u * words(out_bytes));
}

int main(void)
{
    int cases, results;
    if (!board_open_files(arguments, sizeof arguments, &cases, &results)) {
        return 2;
    }
    board_calibrate();
    case_header header;
    while (board_read(cases, &header, sizeof header) == sizeof header) {
        const size_t size = 4u * (2u * (size_t)header.out_channels + words(header.out_channels) +
                                  (size_t)header.weight_words + words(header.column_bytes));
        if (size > sizeof body || board_read(cases, body, size) != size) {
            return 3;
        }
        run(&header, results);
    }
    board_print("done\n");
    return 0;
}
