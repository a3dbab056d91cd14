/* Drives edgehar_open_blob for test_blob.py.
 *
 *     blob FILE stream HOP < float32 samples    decisions as lines; with COMPILED_IN those of edgehar_model_data
 *     blob FILE flips STEP                      every bit of every STEP-th byte and every shorter length is refused
 *     blob FILE mutate COUNT SEED               bytes changed and the checksum made right again: only that nothing is
 *                                               read or written outside
 *     blob FILE status                          what comes of too little memory, a missing kernel, another format, …
 */
#include "edgehar_checksum.h"
#include "every_kernel.h"
#ifdef COMPILED_IN
#include "model_data.h"
#endif
#include <stdio.h>
#include <stdlib.h>

#ifdef ALL_KERNELS
#define OTHER(kernel) kernel
#else
#define OTHER(kernel) NULL
#endif

static edgehar_kernel_table table = EDGEHAR_EVERY_KERNEL(OTHER);
static uint64_t memory[1 << 13];
static uint32_t random_state;
static volatile int touched;

static uint32_t draw(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % below;
}

/* Read what a model's convolutions point to, so that the sanitizer sees where it lies. */
static int touch(const edgehar_model *model)
{
    int index, at, sum = 0;
    for (index = 0; index < model->layer_count; index++) {
        const edgehar_layer *layer = &model->layers[index];
        const edgehar_conv *conv = layer->parameters;
        if (layer->kernel == edgehar_conv1d_portable) {
            for (at = 0; at < conv->out_channels * conv->in_channels * conv->kernel; at++) {
                sum ^= ((const int8_t *)conv->weights)[at];
            }
            for (at = 0; at < conv->out_channels; at++) {
                sum ^= conv->bias[at] ^ conv->multiplier[at] ^ conv->shift[at];
            }
        }
    }
    return sum;
}

/* Open a copy that has room for no byte more. */
static int open_copy(const uint8_t *blob, size_t bytes, const edgehar_model **model)
{
    uint8_t *copy = malloc(bytes + !bytes);
    int status;
    memcpy(copy, blob, bytes);
    status = edgehar_open_blob(copy, bytes, &table, memory, sizeof memory, model);
    if (status == EDGEHAR_OK) {
        touched ^= touch(*model);
    }
    free(copy);
    return status;
}

static void put_sum(uint8_t *blob, size_t bytes)
{
    const uint32_t sum = edgehar_checksum(blob, (uint32_t)bytes - 4);
    memcpy(blob + bytes - 4, &sum, 4);
}

static int stream(const edgehar_model *model, int hop)
{
    edgehar_config config = EDGEHAR_CONFIG(model, (uint16_t)hop);
    size_t bytes = model->state_bytes + model->classes * sizeof(int32_t);
    void *state;
    edgehar self;
    edgehar_decision decision;
    float sample[3];
    int index;

    config.any_placement = 1;
    bytes = model->placement ? bytes + sizeof(edgehar_wearing) : edgehar_blob_stream_bytes(model);
    state = malloc(bytes);
    if (edgehar_init(&self, &config, state, bytes) != EDGEHAR_OK) {
        return 1;
    }
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        if (edgehar_push(&self, sample, EDGEHAR_NO_TIME, &decision) == EDGEHAR_DECISION) {
            printf("%llu %s %d %d", (unsigned long long)decision.time_us, edgehar_label_name(model, decision.label),
                   decision.raw, decision.reason);
            for (index = 0; index < decision.classes; index++) {
                printf(" %d:%d", decision.p[index], (int)decision.scores[index]);
            }
            printf("\n");
        }
    }
    free(state);
    return 0;
}

static int flips(uint8_t *blob, size_t bytes, size_t step)
{
    const edgehar_model *model = NULL;
    size_t at, refused = 0, tried = 0;
    int bit;
    for (at = 0; at < bytes; at += step) {
        for (bit = 0; bit < 8; bit++) {
            blob[at] = (uint8_t)(blob[at] ^ (1u << bit));
            refused += open_copy(blob, bytes, &model) == EDGEHAR_ERROR_BLOB;
            blob[at] = (uint8_t)(blob[at] ^ (1u << bit));
            tried++;
        }
        refused += open_copy(blob, at, &model) == EDGEHAR_ERROR_BLOB;
        tried++;
    }
    printf("%d %d %d\n", (int)tried, (int)refused, model == NULL);
    return 0;
}

static int mutate(const uint8_t *blob, size_t bytes, int count)
{
    static const uint8_t favoured[] = {0, 1, 3, 127, 128, 254, 255};
    int statuses[3] = {0, 0, 0}, other = 0;
    uint8_t *copy = malloc(bytes);
    uint32_t layers, edges;
    memcpy(&layers, blob + 20, 4);
    memcpy(&edges, blob + 24, 4);

    for (; count > 0; count--) {
        const edgehar_model *model;
        size_t length = bytes;
        int changes = 1 + (int)draw(3), status;
        memcpy(copy, blob, bytes);
        for (; changes > 0; changes--) {
            /* The head, the layers' and edges' records, or anywhere. */
            const uint32_t where = draw(4), from = where == 0 ? 20 : where == 1 ? layers : where == 2 ? edges : 0;
            const uint32_t room = where == 0 ? 64 : where == 3 ? (uint32_t)bytes - 4 : 200;
            const uint32_t at = from + draw(room);
            if (at < bytes) {
                copy[at] = draw(2) ? favoured[draw(sizeof favoured)] : (uint8_t)draw(256);
            }
        }
        if (draw(8) == 0) { /* shorter, and it says so */
            const uint32_t told = 4 * (22 + draw((uint32_t)bytes / 4 - 22));
            memcpy(copy + 8, &told, 4);
            length = told;
        }
        put_sum(copy, length);
        status = open_copy(copy, length, &model);
        if (status == EDGEHAR_OK) {
            statuses[0]++;
        } else if (status == EDGEHAR_ERROR_BLOB) {
            statuses[1]++;
        } else if (status == EDGEHAR_ERROR_KERNEL) {
            statuses[2]++;
        } else {
            other++;
        }
    }
    printf("%d %d %d %d\n", statuses[0], statuses[1], statuses[2], other);
    free(copy);
    return 0;
}

static int status(uint8_t *blob, size_t bytes)
{
    const edgehar_model *model = NULL;
    uint8_t layers, classes;
    size_t needed;
    int number;

    classes = blob[74];
    layers = blob[75];
    needed = EDGEHAR_BLOB_MEMORY(layers, classes);
    printf("ok %d\n", edgehar_open_blob(blob, bytes, &table, memory, needed, &model));
    model = NULL;
    printf("memory %d\n", edgehar_open_blob(blob, bytes, &table, memory, needed - 1, &model));
    printf("memory_address %d\n",
           edgehar_open_blob(blob, bytes, &table, (char *)memory + 1, sizeof memory - 8, &model));
    printf("null %d\n", edgehar_open_blob(NULL, bytes, &table, memory, needed, &model));
    for (number = 0; number < EDGEHAR_KERNELS; number++) {
        edgehar_kernel *kernel = table.kernels[number];
        table.kernels[number] = NULL;
        if (kernel) {
            printf("without%d %d\n", number, open_copy(blob, bytes, &model));
        }
        table.kernels[number] = kernel;
    }
    table.share = NULL;
    printf("without_share %d\n", open_copy(blob, bytes, &model));
    table.share = edgehar_spread;
    table.front = NULL;
    printf("without_front %d\n", open_copy(blob, bytes, &model));
    table.front = edgehar_front_pocket;
    blob[4]++;
    put_sum(blob, bytes);
    model = NULL;
    printf("format %d\n", edgehar_open_blob(blob, bytes, &table, memory, needed, &model));
    printf("untouched %d\n", model == NULL);
    return 0;
}

int main(int argc, char **argv)
{
    const edgehar_model *model = NULL;
    FILE *file = argc > 3 ? fopen(argv[1], "rb") : NULL;
    uint8_t *blob = NULL;
    long bytes = 0;
    int result = 2;

    if (!file) {
        return 2;
    }
    fseek(file, 0, SEEK_END);
    bytes = ftell(file);
    rewind(file);
    blob = malloc((size_t)bytes);
    if (fread(blob, 1, (size_t)bytes, file) != (size_t)bytes) {
        return 2;
    }
    fclose(file);
    random_state = argc > 4 ? (uint32_t)atoi(argv[4]) : 1;
    if (argv[2][0] == 's' && argv[2][2] == 'r') {
#ifdef COMPILED_IN
        model = &edgehar_model_data;
#else
        result = edgehar_open_blob(blob, (size_t)bytes, &table, memory, sizeof memory, &model);
#endif
        result = model ? stream(model, atoi(argv[3])) : -result;
    } else if (argv[2][0] == 'f') {
        result = flips(blob, (size_t)bytes, (size_t)atoi(argv[3]));
    } else if (argv[2][0] == 'm') {
        result = mutate(blob, (size_t)bytes, atoi(argv[3]));
    } else {
        result = status(blob, (size_t)bytes);
    }
    free(blob);
    return result;
}
