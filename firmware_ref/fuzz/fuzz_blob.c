/* libFuzzer target for model blobs whose checksum is right, whatever else they say: what edgehar_open_blob takes must
 * also run on samples, within memory of the very size that it asks for. */
#include "every_kernel.h"
#include "mutate.h"

#include <stdlib.h>

#define LARGEST_STATE (1u << 20)
#define MOST_SAMPLES 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVERY(kernel) kernel
static const edgehar_kernel_table table = EDGEHAR_EVERY_KERNEL(EVERY);

static uint64_t memory[1 << 13];

static void run(const edgehar_model *model, uint8_t *state, size_t bytes)
{
    edgehar_config config = EDGEHAR_CONFIG(model, 1);
    edgehar_decision decision;
    edgehar stream;
    int left;

    config.hop = model->hop ? model->hop : (uint16_t)(model->window / 2 + 1);
    config.hop = config.hop > model->window ? model->window : config.hop;
    left = model->window + 3 * config.hop;
    if (edgehar_init(&stream, &config, state, bytes) != EDGEHAR_OK) {
        return;
    }
    for (left = left < MOST_SAMPLES ? left : MOST_SAMPLES; left > 0; left--) {
        const float sample[3] = {(float)(left % 7) - 3.0f, 9.8f, (float)left * 0.1f};
        const int status = edgehar_push(&stream, sample, EDGEHAR_NO_TIME, &decision);
        if (status < 0 || (status == EDGEHAR_DECISION && !edgehar_label_name(model, decision.label))) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const edgehar_model *model = NULL;
    /* A copy of its very size, so that a read beyond its end shows. */
    uint8_t *blob = (uint8_t *)malloc(size ? size : 1);

    if (!blob) {
        return 0;
    }
    memcpy(blob, data, size);
    if (edgehar_open_blob(blob, size, &table, memory, sizeof memory, &model) == EDGEHAR_OK) {
        const size_t bytes = edgehar_blob_stream_bytes(model);
        uint8_t *state = bytes < LARGEST_STATE ? (uint8_t *)calloc(bytes, 1) : NULL;
        if (state) {
            run(model, state, bytes);
        }
        free(state);
    }
    free(blob);
    return 0;
}

#ifdef EDGEHAR_LIBFUZZER
/* A field of two or four bytes: something near it, a limit, or another field's value. */
static void change_field(uint8_t *data, size_t size, uint32_t *seed)
{
    static const int32_t limits[] = {0,   1,   2,   3,   4,   7,     8,      15,    16, 80,
                                     127, 128, 254, 255, 256, 32767, -32768, 65535, -1};
    const size_t wide = draw(seed, 3) == 0 ? 4 : draw(seed, 2) ? 2 : 1;
    /* The head, then the records behind its offsets, then anywhere. */
    const uint32_t where = draw(seed, 4);
    uint32_t begin = 20, room = 64, value = 0;
    size_t at;

    if (where == 1 || where == 2) {
        memcpy(&begin, data + (where == 1 ? 20 : 24), sizeof begin);
        room = 32u * data[75];
    } else if (where == 3) {
        begin = 88;
        room = (uint32_t)size;
    }
    at = ((size_t)begin + draw(seed, room ? room : 1)) & ~(wide - 1);
    if (at + wide + 4 > size) {
        return;
    }
    memcpy(&value, data + at, wide);
    switch (draw(seed, 4)) {
    case 0:
        value = (uint32_t)limits[draw(seed, sizeof limits / sizeof *limits)];
        break;
    case 1:
        value += draw(seed, 9) - 4u;
        break;
    case 2:
        value ^= 1u << draw(seed, 8u * (uint32_t)wide);
        break;
    default:
        memcpy(&value, data + (draw(seed, (uint32_t)size - 4u) & ~3u), wide);
        break;
    }
    memcpy(data + at, &value, wide);
}

EDGEHAR_FROM_LIBFUZZER size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed_value)
{
    uint32_t seed = seed_value | 1u;
    uint32_t told;
    uint32_t changes;

    EDGEHAR_KNOWN(data, most);
    if (size < 88 || draw(&seed, 8) == 0) {
        size = mutate(data, size, most);
    } else {
        for (changes = 1 + draw(&seed, 4); changes > 0; changes--) {
            change_field(data, size, &seed);
        }
    }
    size &= ~(size_t)3;
    if (size >= 88) {
        told = (uint32_t)size;
        memcpy(data, "EHM1", 4);
        memcpy(data + 8, &told, sizeof told);
        put_checksum(data, size);
    }
    return size;
}
#endif
