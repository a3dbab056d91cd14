/* libFuzzer target: any bytes become samples, times, resets and a configuration; nothing may trip a sanitizer, and
 * every decision must be one that the specification allows.
 */
#include "edgehar.h"
#include "model_data.h"

#include <stdlib.h>
#include <string.h>

#define RECORD 21 /* bytes of one step: kind, time, three values of 4 bytes */

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const edgehar *stream, const edgehar_decision *decision)
{
    int index, best = 0;
    for (index = 0; index < decision->classes; index++) {
        if (decision->scores[index] < 0 || decision->scores[index] > 1 << 15) {
            abort();
        }
        best = decision->p[index] > decision->p[best] ? index : best;
    }
    if (decision->classes != EDGEHAR_MODEL_CLASSES || decision->raw != best ||
        !edgehar_label_name(stream->config->model, decision->label)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    edgehar_config config = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 9.80665 / 16384);
    edgehar stream;
    edgehar_decision decision;
    uint64_t time = 0;

    if (size < 8) {
        return 0;
    }
    config.hop = EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : (uint16_t)(data[0] + 1);
    config.smoothing = data[1];
    config.votes = data[2];
    config.alpha = (uint16_t)(data[3] * 2);
    config.threshold = (uint16_t)(data[4] * 2);
    config.hysteresis = data[5];
    config.min_dwell = data[6];
    config.counts.shift = data[7];
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        return 0;
    }
    for (data += 8, size -= 8; size >= RECORD; data += RECORD, size -= RECORD) {
        float sample[3];
        int16_t counts[3];
        uint64_t step;
        int repeat, status = EDGEHAR_OK;

        memcpy(&step, data + 1, sizeof step);
        memcpy(sample, data + 9, sizeof sample);
        memcpy(counts, data + 9, sizeof counts);
        /* A low nibble of 0 … 13 is a run of regular samples, so that few bytes reach a decision. */
        for (repeat = 0; repeat <= (data[0] >> 4) * 8; repeat++) {
            switch (data[0] & 15) {
            case 15:
                edgehar_reset(&stream);
                break;
            case 14:
                time += step;
                status = edgehar_push(&stream, sample, time, &decision);
                break;
            case 13:
                status = edgehar_push(&stream, sample, EDGEHAR_NO_TIME, &decision);
                break;
            case 12:
                time += EDGEHAR_MODEL_PERIOD_US;
                counts[repeat % 3] = (int16_t)(counts[repeat % 3] + 1);
                status = edgehar_push_counts(&stream, counts, time, &decision);
                break;
            default:
                time += EDGEHAR_MODEL_PERIOD_US;
                sample[repeat % 3] *= -1.0f;
                status = edgehar_push(&stream, sample, time, &decision);
                break;
            }
            if (status < 0) {
                abort();
            }
            if (status == EDGEHAR_DECISION) {
                check(&stream, &decision);
            }
        }
    }
    return 0;
}
