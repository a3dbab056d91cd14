/* libFuzzer target for what comes from outside beside samples: a profile as a file, a sensor's unit, axes, rate and
 * whole FIFOs, a rotation, the alignment by walking. Nothing may trip a sanitizer, and what is refused changes nothing.
 *
 * An input is a row of records: kind, length, so many bytes. The mutator makes profiles' checksums right, and heads
 * often.
 */
#include "edgehar.h"
#include "edgehar_align.h"
#include "edgehar_profile.h"
#include "edgehar_resample.h"
#include "edgehar_sensor.h"
#include "model_data.h"
#include "mutate.h"

#include <stdlib.h>

#define TAPS 16

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t filter_memory[(EDGEHAR_RESAMPLE_BYTES(TAPS, 0) + 3) / 4];
static int16_t taps[8 * TAPS]; /* means: a sensor's rate is what matters here */
/* 52 and 12.5 Hz to 20 Hz. */
static const edgehar_resampler resamplers[2] = {
    {edgehar_resample, taps, 50000, 19230, 10, TAPS, TAPS / 2, 5, 13, 14, 1, 0},
    {edgehar_resample, taps, 50000, 80000, 0, TAPS, TAPS / 2, 8, 5, 14, 2, 0},
};

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

    memcpy(source, data, sizeof source);
    memcpy(target, data + sizeof source, sizeof target);
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
    uint8_t *kept = NULL; /* the profile in use */
    uint64_t time = 0;
    uint32_t period = EDGEHAR_MODEL_PERIOD_US;
    int next = 0, index;

    memset(sensors, 0, sizeof sensors);
    for (index = 0; index < 8 * TAPS; index++) {
        taps[index] = (1 << 14) / TAPS;
    }
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
                if (edgehar_set_profile(&stream, &edgehar_model_personal, profile, length) == EDGEHAR_OK) {
                    uint8_t *before = kept; /* no longer in use */
                    kept = profile;
                    profile = before;
                }
            }
            free(profile);
        } else if (kind % 5 == 1 && length >= 18) {
            turn(&stream, data, rotation);
        } else if (kind % 5 == 2 && length >= 8) {
            edgehar_sensor *sensor = &sensors[next];
            memcpy(&sensor->unit.multiplier, data, sizeof sensor->unit.multiplier);
            sensor->unit.shift = data[4];
            memcpy(sensor->axes, data + 5, 3);
            sensor->resampler = length < 9 || data[8] < 86 ? NULL : &resamplers[data[8] % 2];
            if (edgehar_set_sensor(&stream, sensor, filter_memory, sizeof filter_memory) == EDGEHAR_OK) {
                next ^= 1;
                period = sensor->resampler ? sensor->resampler->period_us : EDGEHAR_MODEL_PERIOD_US;
            }
        } else if (kind % 5 == 3) {
            (void)edgehar_align(&stream, kind & 64 ? &alignment : NULL, &q8);
        } else {
            int16_t counts[40 * 3];
            size_t many = length / 6 < 40 ? length / 6 : 40;
            int repeat;

            memcpy(counts, data, many * 6);
            /* A large kind repeats them, so that few of them reach a decision and an alignment. */
            for (repeat = 0; many && repeat <= (kind & 127) / 16; repeat++) {
                time += many * period;
                if (edgehar_push_fifo(&stream, counts, (int)many, kind & 128 ? EDGEHAR_NO_TIME : time, check, &stream) <
                    0) {
                    abort();
                }
            }
        }
        data += length, size -= length;
    }
    free(kept);
    return 0;
}

#ifdef EDGEHAR_LIBFUZZER
/* Whole profiles out of records that say they are some. */
static void repair(uint8_t *record, size_t length, uint32_t *seed)
{
    const edgehar_head *head = &edgehar_model_personal.head;
    const uint8_t whole[] = {
        'E', 'H', 'P', '1', 3, 0, (uint8_t)head->classes, 0, (uint8_t)head->inputs, (uint8_t)(head->inputs >> 8)};

    if (length < 44 || length % 4 != 0) {
        return;
    }
    if (draw(seed, 4) != 0) {
        memcpy(record, whole, sizeof whole);
        memset(record + 10, 0, 2);
        memcpy(record + 12, edgehar_model_personal.model, 8);
        memset(record + 38, 0, 2);
    }
    put_checksum(record, length);
}

EDGEHAR_FROM_LIBFUZZER size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed_value)
{
    uint32_t seed = seed_value | 1u;
    size_t at = 0;

    size = mutate(data, size, most);
    while (at + 2 <= size && draw(&seed, 16) != 0) {
        size_t length = data[at + 1];
        if (data[at] % 5 == 0 && size - at - 2 >= EDGEHAR_MODEL_PROFILE_BYTES && draw(&seed, 2) == 0) {
            data[at + 1] = EDGEHAR_MODEL_PROFILE_BYTES < 256 ? EDGEHAR_MODEL_PROFILE_BYTES : 255;
            length = data[at + 1];
        }
        length = length < size - at - 2 ? length : size - at - 2;
        if (data[at] % 5 == 0) {
            repair(data + at + 2, length, &seed);
        }
        at += 2 + length;
    }
    return size;
}
#endif
