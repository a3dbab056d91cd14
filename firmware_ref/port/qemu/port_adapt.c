/* Runs edgehar_adapt on cases from a file; results and tick counts go to another file, for tests/emulated and
 * benchmarks/instructions.py to compare and count.
 *
 *     arg: CASES RESULTS
 *
 * A case is int32 windows, classes, inputs and zero point, then int32 bias, multiplier and inverse, int8 shift,
 * weights, embeddings and uint8 labels, each padded to 4 bytes. A result is uint32 ticks, uint32 guard (1 where nothing
 * was written behind the work or the weights), then int32 bias, and the weights padded to 4 bytes. */
#include "edgehar_adapt.h"
#include "port_board.h"

#define MOST_INPUTS 96
#define GUARD 0x5A5A5A5Au

typedef struct {
    int32_t windows, classes, inputs, zero_point;
} case_header;

/* The largest case: 16 windows, 16 classes. */
static uint32_t body[3 * 16 + 4 + 2 * 16 * MOST_INPUTS / 4 + 4];
static uint32_t work[EDGEHAR_ADAPT_WORDS(16, 16) + 1];
static uint32_t weights[16 * MOST_INPUTS / 4 + 1];
static int32_t bias[16];
static char arguments[256];

static size_t words(int32_t bytes)
{
    return ((size_t)bytes + 3u) / 4u;
}

static void run(const case_header *header, int results)
{
    const int32_t classes = header->classes, cells = classes * header->inputs;
    const size_t room = (size_t)EDGEHAR_ADAPT_WORDS(header->windows, classes);
    const uint32_t *at = body;
    const int8_t *embeddings;
    const uint8_t *labels;
    edgehar_head head;

    head.bias = (const int32_t *)at, at += classes;
    head.multiplier = (const int32_t *)at, at += classes;
    head.inverse = (const int32_t *)at, at += classes;
    head.shift = (const int8_t *)at, at += words(classes);
    head.weights = (const int8_t *)at, at += words(cells);
    embeddings = (const int8_t *)at, at += words(header->windows * header->inputs);
    labels = (const uint8_t *)at;
    head.inputs = (uint16_t)header->inputs;
    head.classes = (uint8_t)classes;
    head.zero_point = (int8_t)header->zero_point;
    weights[words(cells)] = GUARD;
    work[room] = GUARD;

    const uint32_t before = board_ticks();
    const int status =
        edgehar_adapt(&head, embeddings, labels, header->windows, (int8_t *)weights, bias, (int32_t *)work);
    uint32_t result[2] = {board_ticks_between(before, board_ticks()), 0};
    if (status != 0) {
        board_exit(5);
    }
    result[1] = (uint32_t)(work[room] == GUARD && weights[words(cells)] == GUARD);
    board_write(results, result, sizeof result);
    board_write(results, bias, 4u * (size_t)classes);
    board_write(results, weights, 4u * words(cells));
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
        const size_t size =
            4u * (3u * (size_t)header.classes + words(header.classes) + words(header.classes * header.inputs) +
                  words(header.windows * header.inputs) + words(header.windows));
        if (size > sizeof body || header.windows > 16 || header.classes > 16 || header.inputs > MOST_INPUTS ||
            board_read(cases, body, size) != size) {
            return 3;
        }
        run(&header, results);
    }
    board_print("done\n");
    return 0;
}
