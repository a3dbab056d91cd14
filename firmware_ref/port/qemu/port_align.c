/* Runs walking and rotation on streams from a file; results and tick counts go to another file, for tests/emulated to
 * compare and count.
 *
 *     arg: STREAMS RESULTS
 *
 * A stream is int32 samples, int16 target and int16 0, then int16 x, y, z in Q8 of each sample, 8 bytes with int16 0.
 * A result is uint32 samples until the rotation was found (0: never), uint32 ticks of all pushes, uint32 ticks of the
 * rotation, and int16 rotation[9] with int16 0. */
#include "edgehar_align.h"
#include "port_board.h"

typedef struct {
    int32_t samples;
    int16_t target[4];
} stream_header;

typedef struct {
    uint32_t found, ticks, turn;
    int16_t rotation[10];
} stream_result;

static edgehar_walking walking;
static char arguments[256];

static int run(int streams, const stream_header *header, stream_result *result)
{
    int32_t at;
    edgehar_walking_clear(&walking);
    for (at = 1; at <= header->samples; at++) {
        int16_t record[4];
        if (board_read(streams, record, sizeof record) != sizeof record) {
            return 0;
        }
        if (result->found) {
            continue;
        }
        const int32_t sample[3] = {record[0], record[1], record[2]};
        uint32_t before = board_ticks();
        const int ended = edgehar_walking_push(&walking, sample);
        result->ticks += board_ticks_between(before, board_ticks());
        if (ended && walking.row == EDGEHAR_WALKING_ROW) {
            int32_t gravity[3];
            before = board_ticks();
            edgehar_walking_gravity(&walking, gravity);
            const int status = edgehar_shortest_turn(gravity, header->target, result->rotation);
            result->turn = board_ticks_between(before, board_ticks());
            result->found = status == EDGEHAR_OK ? (uint32_t)at : 0;
        }
    }
    return 1;
}

int main(void)
{
    int streams, results;
    if (!board_open_files(arguments, sizeof arguments, &streams, &results)) {
        return 2;
    }
    board_calibrate();
    stream_header header;
    while (board_read(streams, &header, sizeof header) == sizeof header) {
        stream_result result = {0, 0, 0, {0}};
        if (!run(streams, &header, &result)) {
            return 3;
        }
        board_write(results, &result, sizeof result);
    }
    board_print("done\n");
    return 0;
}
