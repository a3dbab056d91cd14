/* A stream of weeks, faster than it happens: the samples of a recording again and again, at a clock that goes on.
 *
 *     soak MODEL'S-SAMPLES COUNT [FIRST-US]
 *
 * The file holds float32 x, y, z. Every million samples and a bit, a stream that begins with the window just decided
 * must give the same probabilities: nothing that the long one has gathered may show. Prints samples, decisions,
 * comparisons, how many classes were seen, and a checksum of all decisions; status 1 where a comparison failed or a
 * status was not what it must be.
 */
#include "edgehar.h"
#include "model_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    most_samples = 1 << 20,
    hop = EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20
};

static float samples[most_samples][3];
static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4], fresh_memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];

/* FNV-1a, over what a decision says. */
static uint64_t hashed(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    while (count-- > 0) {
        hash = (hash ^ *byte++) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Whether a stream that begins with the window whose last sample is `last` decides as the long one has. */
static int same_anew(const edgehar_config *config, long length, uint64_t last, uint64_t time_us,
                     const edgehar_decision *decision)
{
    static edgehar stream;
    edgehar_decision anew;
    uint64_t place;
    int status = EDGEHAR_OK;

    if (edgehar_init(&stream, config, fresh_memory, sizeof fresh_memory) != EDGEHAR_OK) {
        return 0;
    }
    for (place = last + 1 - EDGEHAR_MODEL_WINDOW; place <= last; place++) {
        status = edgehar_push(&stream, samples[place % (uint64_t)length],
                              time_us - (last - place) * EDGEHAR_MODEL_PERIOD_US, &anew);
    }
    return status == EDGEHAR_DECISION && anew.raw == decision->raw && anew.time_us == decision->time_us &&
           memcmp(anew.p, decision->p, EDGEHAR_MODEL_CLASSES) == 0;
}

int main(int count, char **words)
{
    static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, hop);
    static edgehar stream;
    FILE *file = count > 2 ? fopen(words[1], "rb") : NULL;
    const long length = file ? (long)fread(samples, sizeof samples[0], most_samples, file) : 0;
    const uint64_t wanted = count > 2 ? strtoull(words[2], NULL, 10) : 0;
    const uint64_t first_us = count > 3 ? strtoull(words[3], NULL, 10) : 0;
    uint64_t place, decisions = 0, compared = 0, wrong = 0, due = 0, hash = UINT64_C(14695981039346656037);
    uint64_t seen[EDGEHAR_MODEL_CLASSES + 1] = {0};
    int label, classes = 0;

    if (length < EDGEHAR_MODEL_WINDOW || edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        fprintf(stderr, "usage: soak FILE-OF-FLOAT32 COUNT [FIRST-US]\n");
        return 2;
    }
    fclose(file);
    for (place = 0; place < wanted; place++) {
        edgehar_decision decision;
        const uint64_t time_us = first_us + place * EDGEHAR_MODEL_PERIOD_US;
        const int status = edgehar_push(&stream, samples[place % (uint64_t)length], time_us, &decision);
        const int expected = place + 1 >= EDGEHAR_MODEL_WINDOW && (place + 1 - EDGEHAR_MODEL_WINDOW) % hop == 0;

        if (status != (expected ? EDGEHAR_DECISION : EDGEHAR_OK)) {
            fprintf(stderr, "sample %" PRIu64 ": status %d\n", place, status);
            return 1;
        }
        if (!expected) {
            continue;
        }
        decisions++;
        seen[decision.label + 1]++;
        hash = hashed(hash, decision.p, EDGEHAR_MODEL_CLASSES);
        hash = hashed(hash, &decision.label, sizeof decision.label);
        if (place >= due) {
            compared++;
            wrong += !same_anew(&config, length, place, time_us, &decision);
            due = place + 1000003;
        }
    }
    for (label = 0; label <= EDGEHAR_MODEL_CLASSES; label++) {
        classes += seen[label] != 0;
    }
    printf("samples %" PRIu64 " decisions %" PRIu64 " compared %" PRIu64 " wrong %" PRIu64 " labels %d hash %016" PRIx64
           "\n",
           place, decisions, compared, wrong, classes, hash);
    return wrong != 0;
}
