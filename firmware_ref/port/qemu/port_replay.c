/* Feeds a recording from a file to the engine and writes every decision with what it cost.
 *
 *     arg: SAMPLES RESULTS HOP
 *
 * A sample is a float for each channel (x, y, z in m/s²) and uint64 microseconds, without padding. A result is int32
 * status, label, reason, raw class, uint32 ticks of this push, uint32 ticks of all pushes since the last decision,
 * uint32 of the longest of these, uint64 time, then one uint8 probability and one int32 score a class; every status but
 * EDGEHAR_OK is written.
 *
 * EDGEHAR_REPLAY_ROTATION, nine numbers, turns the samples: see edgehar_set_rotation. EDGEHAR_REPLAY_PERSONAL takes a
 * profile with a last layer, the model's own, and aligns the samples by the first walking. */
#include "edgehar.h"
#include "model_data.h"
#include "port_board.h"

#include <string.h>

/* The engine's RAM, as firmware would have it. */
__attribute__((section(".bss.engine_ram"))) static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
__attribute__((section(".bss.engine_ram"))) static edgehar stream;

static edgehar_config config;
#ifdef EDGEHAR_REPLAY_ROTATION
static const int16_t rotation[9] = {EDGEHAR_REPLAY_ROTATION};
#endif
#ifdef EDGEHAR_REPLAY_PERSONAL
#include "edgehar_align.h"
#include "edgehar_profile.h"
__attribute__((section(".bss.engine_ram"))) static uint32_t profile[EDGEHAR_MODEL_PROFILE_BYTES / 4];
__attribute__((section(".bss.engine_ram"))) static edgehar_alignment alignment;

/* The profile is made here as a device makes it. */
static int take_person(void)
{
    const edgehar_head *head = &edgehar_model_personal.head;
    const int bytes =
        edgehar_write_profile(&edgehar_model_personal, NULL, head->weights, head->bias, profile, sizeof profile);
    return bytes > 0 && edgehar_set_profile(&stream, &edgehar_model_personal, profile, (size_t)bytes) == EDGEHAR_OK &&
           edgehar_align(&stream, &alignment, NULL) == EDGEHAR_OK;
}
#endif
static char arguments[600];

typedef struct {
    int32_t status, label, reason, raw;
    uint32_t ticks, total, worst;
    uint32_t time[2];
} result_head;

static void write_result(int results, int32_t status, const edgehar_decision *decision, uint32_t ticks, uint32_t total,
                         uint32_t worst)
{
    result_head head = {status, 0, 0, 0, ticks, total, worst, {0, 0}};
    if (status == EDGEHAR_DECISION) {
        head.label = decision->label;
        head.reason = decision->reason;
        head.raw = decision->raw;
        memcpy(head.time, &decision->time_us, sizeof head.time);
    }
    board_write(results, &head, sizeof head);
    if (status == EDGEHAR_DECISION) {
        board_write(results, decision->p, (size_t)decision->classes);
        board_write(results, decision->scores, sizeof(int32_t) * (size_t)decision->classes);
    }
}

int main(void)
{
    int samples, results;
    char *at = board_open_files(arguments, sizeof arguments, &samples, &results);
    if (!at) {
        return 2;
    }
    const char *digit = board_next_word(&at);
    uint16_t hop = 0;
    for (; *digit; digit++) {
        hop = (uint16_t)(10 * hop + (*digit - '0'));
    }
    config = (edgehar_config)EDGEHAR_CONFIG(&edgehar_model_data, hop);
    board_calibrate();
    board_print_pair("classes", EDGEHAR_MODEL_CLASSES);

    uint32_t total = 0, worst = 0;
    int32_t stack = 0;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        return 4;
    }
#ifdef EDGEHAR_REPLAY_ROTATION
    if (edgehar_set_rotation(&stream, rotation) != EDGEHAR_OK) {
        return 4;
    }
#endif
#ifdef EDGEHAR_REPLAY_PERSONAL
    if (!take_person()) {
        return 4;
    }
#endif
    for (;;) {
        uint32_t record[EDGEHAR_MODEL_CHANNELS + 2];
        float sample[EDGEHAR_MODEL_CHANNELS];
        uint64_t time;
        edgehar_decision decision;
        if (board_read(samples, record, sizeof record) != sizeof record) {
            break;
        }
        memcpy(sample, record, sizeof sample);
        memcpy(&time, record + EDGEHAR_MODEL_CHANNELS, sizeof time);
        board_stack_paint();
        const uint32_t before = board_ticks();
        const int status = edgehar_push(&stream, sample, time, &decision);
        const uint32_t ticks = board_ticks_between(before, board_ticks());
        const int32_t deep = board_stack_used();
        total += ticks;
        worst = ticks > worst ? ticks : worst;
        stack = deep > stack ? deep : stack;
        if (status != EDGEHAR_OK) {
            write_result(results, status, &decision, ticks, total, worst);
        }
        if (status == EDGEHAR_DECISION) {
            total = 0;
            worst = 0;
        }
    }
    board_print_pair("stack", stack);
    board_profile_print();
    board_print("done\n");
    return 0;
}
