/* Walking, told window by window: edgehar_walking.h. */
#include "edgehar_walking.h"

#include "edgehar_root.h"

#include <string.h>

#define EDGEHAR_WINDOW EDGEHAR_WALKING_WINDOW
#define EDGEHAR_STEP EDGEHAR_WALKING_STEP
/* Within this, 54.7 m/s², sums of three squares hold in 32 bits. */
#define EDGEHAR_LARGEST 14000
/* Sum of squares of a window that moves: a deviation of 0.8 m/s². */
#define EDGEHAR_LEAST_MOVEMENT (EDGEHAR_WINDOW * 2048 * 2048 / 100)
/* A step comes every 0.25 … 0.8 s; lags in samples. */
#define EDGEHAR_SHORTEST_LAG 5
#define EDGEHAR_LONGEST_LAG 16

/* The sum of `count` products. */
#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32
static int64_t alike(const int16_t *one, const int16_t *two, int count)
{
    uint32_t low = 0, high = 0;
    for (; count > 1; count -= 2, one += 2, two += 2) {
        uint32_t a, b;
        memcpy(&a, one, sizeof a);
        memcpy(&b, two, sizeof b);
        __asm("smlald %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(a), "r"(b));
    }
    return (int64_t)((uint64_t)high << 32 | low) + (count != 0 ? *one * *two : 0);
}
#else
static int64_t alike(const int16_t *one, const int16_t *two, int count)
{
    int64_t sum = 0;
    for (; count > 0; count--) {
        sum += *one++ * *two++;
    }
    return sum;
}
#endif

/* Whether the window moves, and at some lag is like itself by 0.4 or more, for as many products as the window has. */
static int walks(const int16_t lengths[EDGEHAR_WINDOW])
{
    int16_t away[EDGEHAR_WINDOW];
    int64_t power = 0;
    int32_t mean = 0;
    int index, lag;

    for (index = 0; index < EDGEHAR_WINDOW; index++) {
        mean += lengths[index];
    }
    mean /= EDGEHAR_WINDOW;
    for (index = 0; index < EDGEHAR_WINDOW; index++) {
        away[index] = (int16_t)(lengths[index] - mean);
        power += away[index] * away[index];
    }
    if (power <= EDGEHAR_LEAST_MOVEMENT) {
        return 0;
    }
    for (lag = EDGEHAR_SHORTEST_LAG; lag <= EDGEHAR_LONGEST_LAG; lag++) {
        if (5 * EDGEHAR_WINDOW * alike(away, away + lag, EDGEHAR_WINDOW - lag) > 2 * (EDGEHAR_WINDOW - lag) * power) {
            return 1;
        }
    }
    return 0;
}

int edgehar_walking_push(edgehar_walking *self, const int32_t sample[3])
{
    int32_t *sums = self->sums[EDGEHAR_WALKING_ROW];
    int32_t square = 0;
    int axis, half;

    if (self->samples == 0) {
        for (half = 0; half < EDGEHAR_WALKING_ROW; half++) {
            memcpy(self->sums[half], self->sums[half + 1], sizeof self->sums[0]);
        }
        memset(sums, 0, sizeof self->sums[0]);
        memcpy(self->lengths, self->lengths + EDGEHAR_STEP, EDGEHAR_STEP * sizeof self->lengths[0]);
        self->halves = (uint8_t)(self->halves + (self->halves < 2));
    }
    for (axis = 0; axis < 3; axis++) {
        const int32_t lower = sample[axis] < EDGEHAR_LARGEST ? sample[axis] : EDGEHAR_LARGEST;
        const int32_t v = lower > -EDGEHAR_LARGEST ? lower : -EDGEHAR_LARGEST;
        square += v * v;
        sums[axis] += sample[axis];
    }
    self->lengths[EDGEHAR_STEP + self->samples] = (int16_t)edgehar_root(square);
    if (++self->samples < EDGEHAR_STEP) {
        return 0;
    }
    self->samples = 0;
    if (self->halves < 2) {
        return 0;
    }
    self->row = (uint8_t)(walks(self->lengths) ? self->row + (self->row < EDGEHAR_WALKING_ROW) : 0);
    return 1;
}

void edgehar_walking_gravity(const edgehar_walking *self, int32_t gravity[3])
{
    int axis, window;

    for (axis = 0; axis < 3; axis++) {
        gravity[axis] = 0;
        for (window = 0; window < EDGEHAR_WALKING_ROW; window++) {
            gravity[axis] += self->sums[window][axis] + self->sums[window + 1][axis];
        }
    }
}
