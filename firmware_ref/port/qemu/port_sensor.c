/* What a sensor at its own rate costs: prints the ticks of OUTPUTS samples at the model's rate, none of which decides,
 *
 *     plain TICKS     pushed at the model's rate
 *     untimed TICKS   through the filter, without times: each sample is a point
 *     timed TICKS     through the filter, at times between which a point has to be found on the line */
#include "edgehar_sensor.h"
#include "model_data.h"
#include "port_board.h"

#define OUTPUTS (EDGEHAR_MODEL_WINDOW - 2)

static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static edgehar stream;

static const edgehar_config config =
    EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : EDGEHAR_MODEL_WINDOW);
static const edgehar_sensor plain = {NULL, EDGEHAR_SENSOR_UNIT(0.0012), {2, -1, 3}};
static const edgehar_sensor filtered = {&edgehar_model_resampler, EDGEHAR_SENSOR_UNIT(0.0012), {2, -1, 3}};

/* Ticks of `count` samples, one `period_us` after the other, every second one `jitter_us` later; 0: without times. */
static int32_t ticks_of(const edgehar_sensor *sensor, int32_t count, uint64_t period_us, uint32_t jitter_us)
{
    uint32_t ticks = 0;
    int32_t index;

    if (edgehar_set_sensor(&stream, sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK) {
        return -1;
    }
    for (index = 0; index < count; index++) {
        const int16_t counts[3] = {(int16_t)(index * 37), (int16_t)(8000 - index * 11), (int16_t)(index * index)};
        const uint64_t even_us = (uint64_t)index * period_us + (index & 1 ? jitter_us : 0);
        const uint64_t time_us = period_us ? even_us : EDGEHAR_NO_TIME;
        edgehar_decision decision;
        const uint32_t before = board_ticks();
        const int status = edgehar_push_counts(&stream, counts, time_us, &decision);
        ticks += board_ticks_between(before, board_ticks());
        if (status != EDGEHAR_OK) {
            return -1;
        }
    }
    return (int32_t)ticks;
}

int main(void)
{
    const edgehar_resampler *filter = &edgehar_model_resampler;
    const int32_t samples = OUTPUTS * filter->down / filter->up;

    board_calibrate();
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        return 4;
    }
    board_print_pair("outputs", OUTPUTS);
    board_print_pair("samples", samples);
    board_print_pair("plain", ticks_of(&plain, OUTPUTS, EDGEHAR_MODEL_PERIOD_US, 0));
    board_print_pair("untimed", ticks_of(&filtered, samples, 0, 0));
    board_print_pair("timed", ticks_of(&filtered, samples, filter->period_us, filter->period_us / 3));
    return 0;
}
