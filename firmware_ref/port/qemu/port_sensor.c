/* What a sensor at its own rate costs: prints the ticks of OUTPUTS samples at the model's rate, none of which decides,
 *
 *     plain TICKS     pushed at the model's rate
 *     untimed TICKS   through the filter, without times: each sample is a point
 *     timed TICKS     through the filter, at times between which a point has to be found on the line
 *     answer NUMBER   of the probabilities of three windows through the filter */
#include "edgehar_sensor.h"
#include "model_data.h"
#include "port_board.h"

#define OUTPUTS (EDGEHAR_MODEL_WINDOW - 2)

static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static edgehar stream;

static const edgehar_config config =
    EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : EDGEHAR_MODEL_WINDOW);
#ifdef EDGEHAR_MODEL_SENSOR_UNITS
#define ONE_UNIT EDGEHAR_SENSOR_UNIT(0.0012)
#define SENSOR(filter)                                                                           \
    {(filter),                                                                                   \
     {ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT, ONE_UNIT}, \
     {1, 2, 3, 4, 5, 6, 7, 8, 9}}
#define SET_SENSOR edgehar_set_sensors
typedef edgehar_sensors sensor_type;
#else
#define SENSOR(filter) {(filter), EDGEHAR_SENSOR_UNIT(0.0012), {2, -1, 3}}
#define SET_SENSOR edgehar_set_sensor
typedef edgehar_sensor sensor_type;
#endif
static const sensor_type plain = SENSOR(NULL);
static const sensor_type filtered = SENSOR(&edgehar_model_resampler);

/* What the sensor reads; channels behind the fourth rest. */
static const int16_t *counts_at(int32_t index)
{
    static int16_t counts[EDGEHAR_MOST_CHANNELS];
    counts[0] = (int16_t)(index * 37);
    counts[1] = (int16_t)(8000 - index * 11);
    counts[2] = (int16_t)(index * index);
    counts[3] = (int16_t)(index * 53);
    return counts;
}

/* Ticks of `count` samples, one `period_us` after the other, every second one `jitter_us` later; 0: without times. */
static int32_t ticks_of(const sensor_type *sensor, int32_t count, uint64_t period_us, uint32_t jitter_us)
{
    uint32_t ticks = 0;
    int32_t index;

    if (SET_SENSOR(&stream, sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK) {
        return -1;
    }
    for (index = 0; index < count; index++) {
        const int16_t *counts = counts_at(index);
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

/* Three decisions as one number: each probability is added to 31 times what there was. */
static int32_t answer(void)
{
    uint32_t found = 0;
    int32_t index, decisions = 0;

    if (SET_SENSOR(&stream, &filtered, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK) {
        return -1;
    }
    for (index = 0; decisions < 3; index++) {
        edgehar_decision decision;
        const int status = edgehar_push_counts(&stream, counts_at(index), EDGEHAR_NO_TIME, &decision);
        int label;
        for (label = 0; status == EDGEHAR_DECISION && label < decision.classes; label++) {
            found = found * 31 + decision.p[label];
        }
        decisions += status == EDGEHAR_DECISION;
    }
    return (int32_t)(found & 0x7FFFFFFF);
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
    board_print_pair("answer", answer());
    return 0;
}
