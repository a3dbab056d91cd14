/* libFuzzer target for what comes from outside beside samples: a profile as a file, a sensor's unit, axes and whole
 * FIFOs, a rotation, the alignment by walking. Nothing may trip a sanitizer, and what is refused changes nothing.
 */
#include "edgehar.h"
#include "edgehar_align.h"
#include "edgehar_profile.h"
#include "edgehar_sensor.h"
#include "model_data.h"

#include <stdlib.h>
#include <string.h>

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *context, int status, const edgehar_decision *decision)
{
    const edgehar *stream = (const edgehar *)context;

    if (status < 0 || (status == EDGEHAR_DECISION && !edgehar_label_name(stream->config->model, decision->label))) {
        abort();
    }
}

/* Turn samples by what two directions give; `rotation` is the streamer's from then on. */
static void turn(edgehar *stream, const uint8_t *data, int16_t rotation[9])
{
    int32_t source[3];
    int16_t target[3];
    int axis;

    memcpy(source, data, sizeof source);
    memcpy(target, data + sizeof source, sizeof target);
    for (axis = 0; axis < 3; axis++) {
        source[axis] /= 2; /* up to 2^30, as the header asks */
    }
    (void)edgehar_set_rotation(stream, NULL); /* which lets go of the one before */
    if (edgehar_shortest_turn(source, target, rotation) == EDGEHAR_OK) {
        (void)edgehar_set_rotation(stream, rotation);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    edgehar_config config = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 9.80665 / 8192);
    edgehar_sensor sensors[2]; /* the one in use, and the next */
    edgehar_counts q8 = EDGEHAR_COUNTS_TO_Q8(9.80665 / 8192);
    edgehar_alignment alignment;
    edgehar stream;
    int16_t rotation[9];
    uint64_t time = 0;
    int next = 0;

    memset(sensors, 0, sizeof sensors);
    config.hop = EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        abort();
    }
    while (size >= 2) {
        size_t length = data[1];
        uint8_t kind = data[0];

        data += 2, size -= 2;
        length = length < size ? length : size;
        if (kind % 5 == 0) {
            /* A copy of its very size, so that a read beyond its end shows. */
            uint8_t *profile = (uint8_t *)malloc(length ? length : 1);
            if (profile) {
                memcpy(profile, data, length);
                (void)edgehar_set_profile(&stream, &edgehar_model_personal, profile, length);
            }
            free(profile);
        } else if (kind % 5 == 1 && length >= 18) {
            turn(&stream, data, rotation);
        } else if (kind % 5 == 2 && length >= 8) {
            edgehar_sensor *sensor = &sensors[next];
            memcpy(&sensor->unit.multiplier, data, sizeof sensor->unit.multiplier);
            sensor->unit.shift = data[4];
            memcpy(sensor->axes, data + 5, 3);
            next ^= edgehar_set_sensor(&stream, sensor, NULL, 0) == EDGEHAR_OK;
        } else if (kind % 5 == 3) {
            (void)edgehar_align(&stream, kind & 64 ? &alignment : NULL, &q8);
        } else {
            int16_t counts[40 * 3];
            size_t many = length / 6 < 40 ? length / 6 : 40;
            int repeat;

            memcpy(counts, data, many * 6);
            /* A large kind repeats them, so that few of them reach a decision and an alignment. */
            for (repeat = 0; many && repeat <= (kind & 127) / 16; repeat++) {
                time += many * EDGEHAR_MODEL_PERIOD_US;
                if (edgehar_push_fifo(&stream, counts, (int)many, kind & 128 ? EDGEHAR_NO_TIME : time, check, &stream) <
                    0) {
                    abort();
                }
            }
        }
        data += length, size -= length;
    }
    return 0;
}
