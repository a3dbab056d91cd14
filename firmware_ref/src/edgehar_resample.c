/* From a sensor's rate to the model's: a straight line between two samples, read at even points, and a polyphase filter over
 * these; docs/spec.md, "Sensor". Python's reference is edgehar/streaming/sensor.py. */
#include "edgehar_resample.h"
#include "edgehar_dsp.h"

/* What is not done for every sample stays out of the way of what is. */
#if defined(__GNUC__)
#define EDGEHAR_SELDOM __attribute__((noinline)) static
#else
#define EDGEHAR_SELDOM static
#endif

/* A point between two samples: its distance from the first, of the distance of both, in Q14. */
#define EDGEHAR_LINE_BITS 14

#if EDGEHAR_WITH_DSP

/* Two values, and on to the next: one instruction, where the compiler would step all pointers by themselves. */
static inline uint32_t two(const int16_t **from)
{
    uint32_t both;
    __asm volatile("ldr %0, [%1], #4" : "=r"(both), "+r"(*from) : : "memory");
    return both;
}

static inline int32_t add_products(int32_t sum, uint32_t values, uint32_t taps)
{
    int32_t result;
    __asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(values), "r"(taps), "r"(sum));
    return result;
}

static inline int32_t add_four(int32_t sum, const int16_t **values, uint32_t early, uint32_t late)
{
    sum = add_products(sum, two(values), early);
    return add_products(sum, two(values), late);
}

/* One row of coefficients, a multiple of 8, over the three rows of points. */
static void filter(const int16_t *taps, const int16_t *points, size_t row, int length, int32_t sums[3])
{
    const int16_t *second = points + row, *third = second + row;
    int32_t x = 0, y = 0, z = 0;

    for (; length != 0; length -= 8) {
        uint32_t early = two(&taps), late = two(&taps);
        x = add_four(x, &points, early, late);
        y = add_four(y, &second, early, late);
        z = add_four(z, &third, early, late);
        early = two(&taps);
        late = two(&taps);
        x = add_four(x, &points, early, late);
        y = add_four(y, &second, early, late);
        z = add_four(z, &third, early, late);
    }
    sums[0] = x;
    sums[1] = y;
    sums[2] = z;
}

/* The same over one row. */
static int32_t filter_one(const int16_t *taps, const int16_t *points, int length)
{
    int32_t sum = 0;

    for (; length != 0; length -= 8) {
        uint32_t early = two(&taps), late = two(&taps);
        sum = add_four(sum, &points, early, late);
        early = two(&taps);
        late = two(&taps);
        sum = add_four(sum, &points, early, late);
    }
    return sum;
}

#else

static void filter(const int16_t *taps, const int16_t *points, size_t row, int length, int32_t sums[3])
{
    int32_t x = 0, y = 0, z = 0;

    for (; length > 0; length--, taps++, points++) {
        x += *taps * points[0];
        y += *taps * points[row];
        z += *taps * points[2 * row];
    }
    sums[0] = x;
    sums[1] = y;
    sums[2] = z;
}

static int32_t filter_one(const int16_t *taps, const int16_t *points, int length)
{
    int32_t sum = 0;

    for (; length > 0; length--) {
        sum += *taps++ * *points++;
    }
    return sum;
}

#endif

/* The line's value at a part, in Q14, of the way. */
static inline int32_t between(int32_t from, int32_t to, int32_t part)
{
    return from + (((to - from) * part + (1 << (EDGEHAR_LINE_BITS - 1))) >> EDGEHAR_LINE_BITS);
}

static int16_t *points_of(edgehar_resample_state *state)
{
    return (int16_t *)(void *)(state + 1);
}

/* The last sample of `channels` channels other than x, y, z. */
static int16_t *last_of(const edgehar_resampler *resampler, edgehar_resample_state *state, int channels)
{
    return points_of(state) + (size_t)channels * EDGEHAR_RESAMPLE_ROW(resampler->length);
}

/* The next point stands a period later. */
static void advance(const edgehar_resampler *resampler, edgehar_resample_state *state)
{
    state->ahead_us += resampler->period_us;
    state->rest_us = (uint16_t)(state->rest_us + resampler->rest_us);
    if (state->rest_us >= resampler->down) {
        state->rest_us = (uint16_t)(state->rest_us - resampler->down);
        state->ahead_us++;
    }
}

/* The first sample after a flush: it is held before its time, as a device at rest would have read it. */
EDGEHAR_SELDOM void begin(const edgehar_resampler *resampler, edgehar_resample_state *state, int channels,
                          const int16_t *counts, uint64_t time_us)
{
    const size_t row = EDGEHAR_RESAMPLE_ROW(resampler->length);
    int16_t *points = points_of(state);
    uint16_t index;
    int channel;

    state->output_us = time_us;
    state->ahead_us = 0;
    state->rest_us = 0;
    state->phase = 0;
    state->wait = resampler->lead;
    state->filled = (uint16_t)(resampler->length - resampler->lead);
    for (channel = 0; channel < channels; channel++, points += row) {
        for (index = 0; index < state->filled; index++) {
            points[index] = counts[channel];
        }
    }
    advance(resampler, state);
}

/* Move `count` values down by the slack and one, in pieces that do not overlap. */
EDGEHAR_SELDOM void move_down(int16_t *to, size_t count)
{
    const size_t piece = EDGEHAR_RESAMPLE_SLACK + 1;

    for (; count > piece; count -= piece, to += piece) {
        memcpy(to, to + piece, piece * sizeof *to);
    }
    memcpy(to, to + piece, count * sizeof *to);
}

/* Where the next point of the first channel comes; those of the others lie a row behind each other. */
static inline int16_t *next_point(const edgehar_resampler *resampler, edgehar_resample_state *state, int channels)
{
    const size_t row = EDGEHAR_RESAMPLE_ROW(resampler->length);
    int channel;

    if (state->filled == row) {
        state->filled = (uint16_t)(resampler->length - 1u);
        for (channel = 0; channel < channels; channel++) {
            move_down(points_of(state) + (size_t)channel * row, state->filled);
        }
    }
    state->wait--;
    return points_of(state) + state->filled++;
}

/* The next output stands a period of the model later. */
static inline void next_output(const edgehar_resampler *resampler, edgehar_resample_state *state)
{
    state->output_us += resampler->output_us;
    for (state->phase = (uint16_t)(state->phase + resampler->down); state->phase >= resampler->up;
         state->phase = (uint16_t)(state->phase - resampler->up)) {
        state->wait++;
    }
}

/* What the points allow; a hop is no less than resampler->most, so that there is one decision at most. */
EDGEHAR_SELDOM int put_out(edgehar *self, const edgehar_resampler *resampler, int status, edgehar_decision *decision)
{
    edgehar_resample_state *state = self->sensor_memory;
    const size_t row = EDGEHAR_RESAMPLE_ROW(resampler->length);

    do {
        int32_t sums[3];
        filter(resampler->taps + (size_t)state->phase * resampler->length,
               points_of(state) + state->filled - resampler->length, row, resampler->length, sums);
        status = edgehar_take_sums(self, sums, resampler->bits, state->output_us, status, decision);
        next_output(resampler, state);
    } while (state->wait == 0);
    return status;
}

/* The same of other channels, three of them at a time. */
EDGEHAR_SELDOM int put_out_channels(edgehar *self, const edgehar_resampler *resampler, int status,
                                    edgehar_decision *decision)
{
    edgehar_resample_state *state = self->sensor_memory;
    const int channels = self->config->model->channels;
    const size_t row = EDGEHAR_RESAMPLE_ROW(resampler->length);

    do {
        const int16_t *taps = resampler->taps + (size_t)state->phase * resampler->length;
        const int16_t *points = points_of(state) + state->filled - resampler->length;
        int32_t sums[EDGEHAR_MOST_CHANNELS];
        int channel = 0;
        for (; channel + 3 <= channels; channel += 3, points += 3 * row) {
            filter(taps, points, row, resampler->length, sums + channel);
        }
        for (; channel < channels; channel++, points += row) {
            sums[channel] = filter_one(taps, points, resampler->length);
        }
        status = edgehar_take_channel_sums(self, sums, resampler->bits, state->output_us, status, decision);
        next_output(resampler, state);
    } while (state->wait == 0);
    return status;
}

/* The part, in Q14, of the way from the last sample to this one at which the next point stands. */
static inline int32_t part_of(const edgehar_resample_state *state, uint32_t step)
{
    return (int32_t)((state->ahead_us << EDGEHAR_LINE_BITS) / step);
}

int edgehar_resample(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision)
{
    const edgehar_sensor *sensor = self->sensor;
    const edgehar_resampler *resampler = sensor->resampler;
    edgehar_resample_state *state = self->sensor_memory;
    const uint32_t step = (uint32_t)time_us - state->last_us;

    if (self->fresh) {
        begin(resampler, state, 3, counts, time_us);
        self->fresh = 0;
    } else {
        while (state->ahead_us <= step) {
            const size_t row = EDGEHAR_RESAMPLE_ROW(resampler->length);
            int32_t x = counts[0], y = counts[1], z = counts[2];
            int16_t *point;
            if (state->ahead_us != step) {
                const int32_t part = part_of(state, step);
                x = between(state->last[0], x, part);
                y = between(state->last[1], y, part);
                z = between(state->last[2], z, part);
            }
            point = next_point(resampler, state, 3);
            point[0] = (int16_t)x;
            point[row] = (int16_t)y;
            point[2 * row] = (int16_t)z;
            if (state->wait == 0) {
                status = put_out(self, resampler, status, decision);
            }
            advance(resampler, state);
        }
        state->ahead_us -= step;
    }
    memcpy(state->last, counts, 3 * sizeof *counts);
    state->last_us = (uint32_t)time_us;
    self->step_us = state->ahead_us;
    return status;
}

int edgehar_resample_channels(edgehar *self, const int16_t *counts, uint64_t time_us, int status,
                              edgehar_decision *decision)
{
    const edgehar_sensors *sensors = self->sensor;
    const edgehar_resampler *resampler = sensors->resampler;
    edgehar_resample_state *state = self->sensor_memory;
    const int channels = self->config->model->channels;
    const uint32_t step = (uint32_t)time_us - state->last_us;
    int16_t *last = last_of(resampler, state, channels);

    if (self->fresh) {
        begin(resampler, state, channels, counts, time_us);
        self->fresh = 0;
    } else {
        while (state->ahead_us <= step) {
            const int32_t part = state->ahead_us != step ? part_of(state, step) : 1 << EDGEHAR_LINE_BITS;
            int16_t *point = next_point(resampler, state, channels);
            int channel;
            for (channel = 0; channel < channels; channel++, point += EDGEHAR_RESAMPLE_ROW(resampler->length)) {
                *point = (int16_t)between(last[channel], counts[channel], part);
            }
            if (state->wait == 0) {
                status = put_out_channels(self, resampler, status, decision);
            }
            advance(resampler, state);
        }
        state->ahead_us -= step;
    }
    memcpy(last, counts, (size_t)channels * sizeof *counts);
    state->last_us = (uint32_t)time_us;
    self->step_us = state->ahead_us;
    return status;
}
