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

static inline uint32_t two(const int16_t *from)
{
    uint32_t both;
    memcpy(&both, from, 4);
    return both;
}

static inline int32_t add_products(int32_t sum, uint32_t values, uint32_t taps)
{
    int32_t result;
    __asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(values), "r"(taps), "r"(sum));
    return result;
}

/* One row of coefficients over the three rows of points. */
static void filter(const int16_t *taps, const int16_t *points, size_t row, int length, int32_t sums[3])
{
    const int16_t *second = points + row, *third = second + row;
    int32_t x = 0, y = 0, z = 0;

    for (; length > 0; length -= 8, taps += 8, points += 8, second += 8, third += 8) {
        uint32_t early = two(taps), late = two(taps + 2);
        x = add_products(add_products(x, two(points), early), two(points + 2), late);
        y = add_products(add_products(y, two(second), early), two(second + 2), late);
        z = add_products(add_products(z, two(third), early), two(third + 2), late);
        early = two(taps + 4);
        late = two(taps + 6);
        x = add_products(add_products(x, two(points + 4), early), two(points + 6), late);
        y = add_products(add_products(y, two(second + 4), early), two(second + 6), late);
        z = add_products(add_products(z, two(third + 4), early), two(third + 6), late);
    }
    sums[0] = x;
    sums[1] = y;
    sums[2] = z;
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

#endif

/* The line's value at a part, in Q14, of the way. */
static inline int16_t between(int32_t from, int32_t to, int32_t part)
{
    return (int16_t)(from + (((to - from) * part + (1 << (EDGEHAR_LINE_BITS - 1))) >> EDGEHAR_LINE_BITS));
}

static int16_t *points_of(edgehar_resample_state *state)
{
    return (int16_t *)(void *)(state + 1);
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
EDGEHAR_SELDOM void begin(const edgehar_resampler *resampler, edgehar_resample_state *state, const int16_t counts[3],
                          uint64_t time_us)
{
    const size_t row = (size_t)resampler->length + EDGEHAR_RESAMPLE_SLACK;
    int16_t *points = points_of(state);
    uint16_t index;
    int axis;

    state->output_us = time_us;
    state->ahead_us = 0;
    state->rest_us = 0;
    state->phase = 0;
    state->wait = resampler->lead;
    state->filled = (uint16_t)(resampler->length - resampler->lead);
    for (axis = 0; axis < 3; axis++, points += row) {
        for (index = 0; index < state->filled; index++) {
            points[index] = counts[axis];
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

/* Put one point behind the others. */
static void add_point(const edgehar_resampler *resampler, edgehar_resample_state *state, const int16_t point[3])
{
    const size_t row = (size_t)resampler->length + EDGEHAR_RESAMPLE_SLACK;
    int16_t *points = points_of(state);
    int axis;

    if (state->filled == row) {
        state->filled = (uint16_t)(resampler->length - 1u);
        for (axis = 0; axis < 3; axis++) {
            move_down(points + (size_t)axis * row, state->filled);
        }
    }
    points += state->filled++;
    points[0] = point[0];
    points[row] = point[1];
    points[2 * row] = point[2];
    state->wait--;
}

/* What the points allow; a hop is no less than resampler->most, so that there is one decision at most. */
EDGEHAR_SELDOM int put_out(edgehar *self, int status, edgehar_decision *decision)
{
    const edgehar_resampler *resampler = self->sensor->resampler;
    edgehar_resample_state *state = self->sensor_memory;
    const size_t row = (size_t)resampler->length + EDGEHAR_RESAMPLE_SLACK;

    do {
        int32_t sums[3];
        filter(resampler->taps + (size_t)state->phase * resampler->length,
               points_of(state) + state->filled - resampler->length, row, resampler->length, sums);
        status = edgehar_take_sums(self, sums, resampler->bits, state->output_us, status, decision);
        state->output_us += resampler->output_us;
        for (state->phase = (uint16_t)(state->phase + resampler->down); state->phase >= resampler->up;
             state->phase = (uint16_t)(state->phase - resampler->up)) {
            state->wait++;
        }
    } while (state->wait == 0);
    return status;
}

int edgehar_resample(edgehar *self, const int16_t counts[3], uint64_t time_us, int status, edgehar_decision *decision)
{
    const edgehar_resampler *resampler = self->sensor->resampler;
    edgehar_resample_state *state = self->sensor_memory;
    const uint32_t step = (uint32_t)time_us - state->last_us;
    int16_t point[3];

    if (self->fresh) {
        begin(resampler, state, counts, time_us);
        self->fresh = 0;
    } else {
        while (state->ahead_us <= step) {
            if (state->ahead_us == step) {
                memcpy(point, counts, sizeof point);
            } else {
                const int32_t part = (int32_t)((state->ahead_us << EDGEHAR_LINE_BITS) / step);
                point[0] = between(state->last[0], counts[0], part);
                point[1] = between(state->last[1], counts[1], part);
                point[2] = between(state->last[2], counts[2], part);
            }
            add_point(resampler, state, point);
            if (state->wait == 0) {
                status = put_out(self, status, decision);
            }
            advance(resampler, state);
        }
        state->ahead_us -= step;
    }
    memcpy(state->last, counts, sizeof point);
    state->last_us = (uint32_t)time_us;
    self->step_us = state->ahead_us;
    return status;
}
