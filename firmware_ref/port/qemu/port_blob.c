/* A model that is no part of the image: takes it in packets, as over the air, decides, moves it elsewhere as an update
 * does, and decides again. What tests/emulated compares with the image that has the model compiled in.
 *
 *     arg: SAMPLES RESULTS HOP BLOB PLACE
 *
 * Samples and results are those of port_replay.c. The blob comes to lie at the begin of a slot of EDGEHAR_BLOB_ROOM
 * bytes; then PLACE bytes, a multiple of 4, further on, and what it left is 0xFF, as erased flash. Results of both
 * stand one behind the other. The image has every kernel that its core can run, and no model. */
#include "edgehar_blob.h"
#include "edgehar_dsp.h"
#include "edgehar_mve.h"
#include "port_board.h"

#include <string.h>

#ifndef EDGEHAR_BLOB_ROOM
#define EDGEHAR_BLOB_ROOM (1u << 20)
#endif
#ifndef EDGEHAR_BLOB_STATE
#define EDGEHAR_BLOB_STATE 65536u
#endif
#define MOST_LAYERS 24
#define MOST_CLASSES 8

static const edgehar_kernel_table table = {
    .kernels =
        {
            [EDGEHAR_KERNEL_CONV1D_PORTABLE] = edgehar_conv1d_portable,
            [EDGEHAR_KERNEL_DEPTHWISE_PORTABLE] = edgehar_depthwise_portable,
            [EDGEHAR_KERNEL_MAX_POOL] = edgehar_max_pool,
            [EDGEHAR_KERNEL_AVERAGE_POOL] = edgehar_average_pool,
            [EDGEHAR_KERNEL_MEAN_TIME] = edgehar_mean_time,
            [EDGEHAR_KERNEL_SOFTMAX_COLUMNS] = edgehar_softmax_columns,
#if defined(__thumb2__)
            [EDGEHAR_KERNEL_CONV1D_THUMB2] = edgehar_conv1d_thumb2,
            [EDGEHAR_KERNEL_DEPTHWISE_THUMB2] = edgehar_depthwise_thumb2,
#elif defined(__thumb__)
            [EDGEHAR_KERNEL_CONV1D_THUMB] = edgehar_conv1d_thumb,
            [EDGEHAR_KERNEL_DEPTHWISE_THUMB] = edgehar_depthwise_thumb,
#endif
#if defined(__riscv)
            [EDGEHAR_KERNEL_CONV1D_RISCV] = edgehar_conv1d_riscv,
            [EDGEHAR_KERNEL_DEPTHWISE_RISCV] = edgehar_depthwise_riscv,
#endif
#if EDGEHAR_WITH_DSP
            [EDGEHAR_KERNEL_CONV1D_DSP] = edgehar_conv1d_dsp,
            [EDGEHAR_KERNEL_DEPTHWISE_DSP] = edgehar_depthwise_dsp,
            [EDGEHAR_KERNEL_MEAN_DSP] = edgehar_mean_dsp,
#endif
#if EDGEHAR_WITH_MVE
            [EDGEHAR_KERNEL_CONV1D_MVE] = edgehar_conv1d_mve,
            [EDGEHAR_KERNEL_DEPTHWISE_MVE] = edgehar_depthwise_mve,
            [EDGEHAR_KERNEL_MAX_POOL_MVE] = edgehar_max_pool_mve,
            [EDGEHAR_KERNEL_MEAN_MVE] = edgehar_mean_mve,
#endif
        },
    .share = edgehar_spread,
};

__attribute__((section(".bss.engine_ram"))) static uint32_t slot[EDGEHAR_BLOB_ROOM / 4];
__attribute__((section(".bss.engine_ram"))) static uint32_t memory[EDGEHAR_BLOB_STATE / 4];
__attribute__((
    section(".bss.engine_ram"))) static uint32_t model_memory[(EDGEHAR_BLOB_MEMORY(MOST_LAYERS, MOST_CLASSES) + 3) / 4];
__attribute__((section(".bss.engine_ram"))) static edgehar stream;

static edgehar_config config;
static char arguments[700];

typedef struct {
    int32_t status, label, reason, raw;
    uint32_t ticks, total, worst;
    uint32_t time[2];
} result_head;

static uint32_t number(const char *digit)
{
    uint32_t value = 0;
    for (; *digit; digit++) {
        value = 10 * value + (uint32_t)(*digit - '0');
    }
    return value;
}

/* Take the blob as packets come: into a buffer, and from there to its place. 0 where it is too large. */
static uint32_t receive(int file, uint32_t room)
{
    static uint8_t packet[100];
    uint32_t at = 0;
    size_t count;
    while ((count = board_read(file, packet, sizeof packet)) > 0) {
        if (count > room - at) {
            return 0;
        }
        memcpy((uint8_t *)slot + at, packet, count);
        at += (uint32_t)count;
    }
    return at;
}

/* Move it to another place, and erase what it left; the places may overlap. */
static void move(uint32_t bytes, uint32_t place)
{
    volatile uint8_t *const at = (volatile uint8_t *)slot;
    uint32_t index;
    for (index = bytes; index-- > 0;) {
        at[place + index] = at[index];
    }
    for (index = 0; index < place && index < bytes; index++) {
        at[index] = 0xFF;
    }
}

/* Open what lies there, and decide on all samples of the file. 0, or the status of what failed. */
static int decide(uint32_t place, const char *path, int results, int32_t *stack)
{
    const int samples = board_open(path, 'r');
    const edgehar_model *model = NULL;
    uint32_t record[5];
    int status = edgehar_open_blob((uint8_t *)slot + place, sizeof slot - place, &table, model_memory,
                                   sizeof model_memory, &model);
    if (status == EDGEHAR_OK) {
        config.model = model;
        status = edgehar_init(&stream, &config, memory, sizeof memory);
    }
    if (status != EDGEHAR_OK || samples < 0) {
        return status != EDGEHAR_OK ? -status : 2;
    }
    while (board_read(samples, record, sizeof record) == sizeof record) {
        result_head head = {0, 0, 0, 0, 0, 0, 0, {0, 0}};
        edgehar_decision decision;
        float sample[3];
        uint64_t time;
        int32_t deep;
        memcpy(sample, record, sizeof sample);
        memcpy(&time, record + 3, sizeof time);
        board_stack_paint();
        head.status = edgehar_push(&stream, sample, time, &decision);
        deep = board_stack_used();
        *stack = deep > *stack ? deep : *stack;
        if (head.status == EDGEHAR_DECISION) {
            head.label = decision.label;
            head.reason = decision.reason;
            head.raw = decision.raw;
            memcpy(head.time, &decision.time_us, sizeof head.time);
        }
        if (head.status != EDGEHAR_OK) {
            board_write(results, &head, sizeof head);
        }
        if (head.status == EDGEHAR_DECISION) {
            board_write(results, decision.p, (size_t)decision.classes);
            board_write(results, decision.scores, sizeof(int32_t) * (size_t)decision.classes);
        }
    }
    board_close(samples);
    return 0;
}

int main(void)
{
    char *at = arguments;
    const char *path;
    uint32_t bytes, place;
    int32_t stack = 0;
    int results, blob, failed;

    if (board_command_line(arguments, sizeof arguments) < 0) {
        return 2;
    }
    board_next_word(&at); /* the program's own name */
    path = board_next_word(&at);
    results = board_open(board_next_word(&at), 'w');
    config = (edgehar_config)EDGEHAR_CONFIG(NULL, (uint16_t)number(board_next_word(&at)));
    blob = board_open(board_next_word(&at), 'r');
    place = number(board_next_word(&at));
    if (results < 0 || blob < 0 || place % 4 != 0 || place >= sizeof slot ||
        (bytes = receive(blob, sizeof slot - place)) == 0) {
        return 2;
    }
    board_calibrate();
    failed = decide(0, path, results, &stack);
    if (!failed) {
        move(bytes, place);
        failed = decide(place, path, results, &stack);
    }
    if (failed) {
        return failed;
    }
    board_print_pair("classes", config.model->classes);
    board_print_pair("stack", stack);
    board_profile_print();
    board_print("done\n");
    return 0;
}
