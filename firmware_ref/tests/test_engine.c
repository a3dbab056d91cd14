/* The laws of the public interface on the small model in tests/model; arithmetic is tests/firmware's matter. */
#include "edgehar.h"
#include "model_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOP 20
#define PERIOD EDGEHAR_MODEL_PERIOD_US

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, HOP);
static const edgehar_config by_counts = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, HOP, 9.80665 / 2048);

#define EXPECT(condition)                                                   \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

/* A sample of a fixed walk. */
static void walk(int index, float sample[3])
{
    sample[0] = (float)(index % 7) - 3.0f;
    sample[1] = 9.81f + (float)(index % 5);
    sample[2] = (float)(index * index % 11) * 0.5f;
}

/* Push `count` regular samples that begin with sample `index` of the walk; returns the last status. */
static int push(edgehar *stream, int index, int count, uint64_t time, edgehar_decision *decision)
{
    int status = EDGEHAR_OK;
    for (; count > 0; count--, index++, time += PERIOD) {
        float sample[3];
        walk(index, sample);
        status = edgehar_push(stream, sample, time, decision);
        EXPECT(status >= 0);
    }
    return status;
}

static void test_refuses_bad_arguments(void)
{
    edgehar stream;
    edgehar_config bad = config;
    float sample[3] = {0};
    int16_t counts[3] = {0};
    edgehar_decision decision;

    EXPECT(edgehar_init(NULL, &config, memory, sizeof memory) == EDGEHAR_ERROR_ARGUMENT);
    EXPECT(edgehar_init(&stream, NULL, memory, sizeof memory) == EDGEHAR_ERROR_ARGUMENT);
    EXPECT(edgehar_init(&stream, &config, NULL, sizeof memory) == EDGEHAR_ERROR_ARGUMENT);
    EXPECT(edgehar_init(&stream, &config, memory, 16) == EDGEHAR_ERROR_MEMORY);
    EXPECT(edgehar_init(&stream, &config, (uint8_t *)memory + 1, sizeof memory) == EDGEHAR_ERROR_MEMORY);
    bad.hop = 0;
    EXPECT(edgehar_init(&stream, &bad, memory, sizeof memory) == EDGEHAR_ERROR_CONFIG);
    bad = config;
    bad.votes = 16;
    EXPECT(edgehar_init(&stream, &bad, memory, sizeof memory) == EDGEHAR_ERROR_CONFIG);
    bad = config;
    bad.alpha = 257;
    EXPECT(edgehar_init(&stream, &bad, memory, sizeof memory) == EDGEHAR_ERROR_CONFIG);
    EXPECT(edgehar_init(&stream, &config, memory, sizeof memory) == EDGEHAR_OK);
    EXPECT(edgehar_push(&stream, NULL, 0, &decision) == EDGEHAR_ERROR_ARGUMENT);
    EXPECT(edgehar_push(&stream, sample, 0, NULL) == EDGEHAR_ERROR_ARGUMENT);
    EXPECT(edgehar_push_counts(&stream, counts, 0, &decision) == EDGEHAR_ERROR_CONFIG);
}

static void test_decides_after_a_window_and_then_every_hop(void)
{
    edgehar stream;
    edgehar_decision decision;
    int index, decisions = 0;

    EXPECT(edgehar_init(&stream, &config, memory, sizeof memory) == EDGEHAR_OK);
    for (index = 0; index < 3 * EDGEHAR_MODEL_WINDOW; index++) {
        const int due = index + 1 >= EDGEHAR_MODEL_WINDOW && (index + 1 - EDGEHAR_MODEL_WINDOW) % HOP == 0;
        const int status = push(&stream, index, 1, (uint64_t)index * PERIOD, &decision);
        EXPECT(status == (due ? EDGEHAR_DECISION : EDGEHAR_OK));
        decisions += due;
        if (due) {
            EXPECT(decision.time_us == (uint64_t)index * PERIOD);
            EXPECT(decision.label >= EDGEHAR_UNSURE && decision.label < EDGEHAR_MODEL_CLASSES);
        }
    }
    EXPECT(decisions == 2 * EDGEHAR_MODEL_WINDOW / HOP + 1);
}

static void test_flushes(void)
{
    const uint32_t not_a_number = 0x7FC00000u;
    edgehar stream;
    edgehar_decision decision;
    float sample[3];
    uint64_t time = 1000000;

    EXPECT(edgehar_init(&stream, &config, memory, sizeof memory) == EDGEHAR_OK);
    EXPECT(push(&stream, 0, 1, time, &decision) == EDGEHAR_OK);
    EXPECT(push(&stream, 1, 1, time, &decision) == EDGEHAR_DUPLICATE);
    EXPECT(push(&stream, 1, 1, time + 2 * PERIOD, &decision) == EDGEHAR_OK);
    EXPECT(push(&stream, 2, 1, time + 4 * PERIOD + 1, &decision) == EDGEHAR_FLUSH_GAP);
    EXPECT(push(&stream, 3, 1, time, &decision) == EDGEHAR_FLUSH_BACKWARD);
    EXPECT(push(&stream, 3, EDGEHAR_MODEL_WINDOW - 2, time + PERIOD, &decision) == EDGEHAR_OK);
    walk(0, sample);
    memcpy(&sample[1], &not_a_number, sizeof not_a_number);
    EXPECT(edgehar_push(&stream, sample, EDGEHAR_NO_TIME, &decision) == EDGEHAR_FLUSH_NAN);
    /* Whatever the time: the next sample starts anew. */
    EXPECT(push(&stream, 4, EDGEHAR_MODEL_WINDOW - 1, 7, &decision) == EDGEHAR_OK);
    EXPECT(push(&stream, 4, 1, EDGEHAR_NO_TIME, &decision) == EDGEHAR_DECISION);
}

static void test_a_rate_over_a_tenth_off_gives_no_decision(void)
{
    edgehar stream;
    edgehar_decision decision;
    float sample[3] = {0};
    uint64_t time = 0;
    int index, flushes = 0;

    EXPECT(edgehar_init(&stream, &config, memory, sizeof memory) == EDGEHAR_OK);
    for (index = 0; index < 10 * EDGEHAR_MODEL_WINDOW; index++, time += PERIOD * 20 / 104) {
        const int status = edgehar_push(&stream, sample, time, &decision);
        EXPECT(status == EDGEHAR_OK || status == EDGEHAR_FLUSH_RATE);
        flushes += status == EDGEHAR_FLUSH_RATE;
    }
    EXPECT(flushes >= 10);
}

static void test_reset_and_two_streams_change_nothing(void)
{
    static uint32_t other[EDGEHAR_MODEL_MEMORY_BYTES / 4];
    edgehar first, second;
    edgehar_decision one, two;
    uint8_t before[EDGEHAR_MODEL_CLASSES];
    int index;

    EXPECT(edgehar_init(&first, &config, memory, sizeof memory) == EDGEHAR_OK);
    EXPECT(edgehar_init(&second, &config, other, sizeof other) == EDGEHAR_OK);
    EXPECT(push(&first, 0, EDGEHAR_MODEL_WINDOW, 0, &one) == EDGEHAR_DECISION);
    memcpy(before, one.p, sizeof before);
    edgehar_reset(&first);
    (void)push(&second, 5, 3, 0, &two);
    edgehar_reset(&second);
    for (index = 0; index < EDGEHAR_MODEL_WINDOW; index++) {
        const int status = push(&first, index, 1, (uint64_t)index * PERIOD, &one);
        EXPECT(push(&second, index, 1, (uint64_t)index * PERIOD, &two) == status);
    }
    EXPECT(memcmp(before, one.p, sizeof before) == 0);
    EXPECT(memcmp(before, two.p, sizeof before) == 0);
}

static void test_a_decision_is_a_copy(void)
{
    edgehar stream;
    edgehar_decision first, kept, later;

    EXPECT(edgehar_init(&stream, &config, memory, sizeof memory) == EDGEHAR_OK);
    memset(&first, 0, sizeof first);
    EXPECT(push(&stream, 0, EDGEHAR_MODEL_WINDOW, 0, &first) == EDGEHAR_DECISION);
    memcpy(&kept, &first, sizeof kept);
    EXPECT(push(&stream, 31, HOP, (uint64_t)PERIOD * EDGEHAR_MODEL_WINDOW, &later) == EDGEHAR_DECISION);
    EXPECT(memcmp(later.p, first.p, EDGEHAR_MODEL_CLASSES) != 0);
    EXPECT(memcmp(&kept, &first, sizeof kept) == 0);
    memset(memory, 0, sizeof memory);
    EXPECT(memcmp(&kept, &first, sizeof kept) == 0);
}

static void test_counts_are_mapped_at_compile_time(void)
{
    edgehar stream;
    edgehar_decision decision;
    int16_t counts[3] = {32767, -32768, 0};
    int index, status = EDGEHAR_OK;
    const double ratio = 9.80665 / 2048 / (double)EDGEHAR_MODEL_INPUT_SCALE;
    const double made = (double)by_counts.counts.multiplier / (double)((uint64_t)1 << by_counts.counts.shift);

    EXPECT(by_counts.counts.multiplier >= 0x40000000u && by_counts.counts.multiplier <= 0x80000000u);
    EXPECT((made - ratio) / ratio < 1e-9 && (ratio - made) / ratio < 1e-9);
    EXPECT(edgehar_init(&stream, &by_counts, memory, sizeof memory) == EDGEHAR_OK);
    for (index = 0; index < EDGEHAR_MODEL_WINDOW; index++) {
        status = edgehar_push_counts(&stream, counts, EDGEHAR_NO_TIME, &decision);
    }
    EXPECT(status == EDGEHAR_DECISION);
}

static void test_names(void)
{
    EXPECT(strcmp(edgehar_label_name(&edgehar_model_data, EDGEHAR_UNSURE), "unsure") == 0);
    EXPECT(edgehar_label_name(&edgehar_model_data, 0) != NULL);
    EXPECT(edgehar_label_name(&edgehar_model_data, EDGEHAR_MODEL_CLASSES) == NULL);
    EXPECT(edgehar_label_name(&edgehar_model_data, -2) == NULL);
}

int main(void)
{
    test_refuses_bad_arguments();
    test_decides_after_a_window_and_then_every_hop();
    test_flushes();
    test_a_rate_over_a_tenth_off_gives_no_decision();
    test_reset_and_two_streams_change_nothing();
    test_a_decision_is_a_copy();
    test_counts_are_mapped_at_compile_time();
    test_names();
    printf("engine: all tests passed\n");
    return 0;
}
