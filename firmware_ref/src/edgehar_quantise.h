/* From a sample to int8: what edgehar.c and edgehar_path.c share. Internal. */
#ifndef EDGEHAR_QUANTISE_H
#define EDGEHAR_QUANTISE_H

#include "edgehar_engine.h"

#define EDGEHAR_ROTATION_BITS 14
#define EDGEHAR_ROTATION_ONE (1 << EDGEHAR_ROTATION_BITS)
/* A sample on its way is kept within ± this: in Q8, 1/256 of its unit, or in counts. */
#define EDGEHAR_LARGEST_SAMPLE 32767

/* Steps between samples, at the model's rate, over which the rate is told. */
#define EDGEHAR_RATE_STEPS(window) ((uint16_t)(((window) + 1u) / 2u))

/* Keep a quantised sample; decide when it is time. Returns EDGEHAR_DECISION, else `status`. */
int edgehar_keep(edgehar *self, const int8_t *quantised, uint64_t time_us, int status, edgehar_decision *decision);

/* Forget all but the clock, which passes over `lost` samples. */
void edgehar_lose(edgehar *self, uint32_t lost);

/* Forget windows, smoothing and label. */
void edgehar_forget(edgehar *self);

/* A sample in Q8, which is used up, turned and through the front end where there are these, as int8. Returns what becomes of
 * it: EDGEHAR_FLUSH_ALIGNED where it has told how samples are turned, else `status`. */
int edgehar_take_q8(edgehar *self, int32_t sample[3], int status, int8_t quantised[3]);

/* The same of other channels, which no front end has. */
int edgehar_take_channels_q8(edgehar *self, int32_t *sample, int status, int8_t *quantised);

/* Whether somebody still waits for walking. */
static inline int edgehar_waits(const edgehar *self)
{
    return self->alignment && !self->alignment->found;
}

/* Show it x, y, z of the acceleration in Q8; returns what becomes of the sample. */
static inline int edgehar_show(edgehar *self, const int32_t acceleration[3], int status)
{
    if (!edgehar_waits(self) || !self->alignment->take(self->alignment, self->config->model, acceleration)) {
        return status;
    }
    edgehar_forget(self);
    return EDGEHAR_FLUSH_ALIGNED;
}

/* What turns samples now, or NULL. */
static inline const int16_t *edgehar_rotation_now(const edgehar *self)
{
    return self->alignment && self->alignment->found ? self->alignment->rotation : self->rotation;
}

/* Whether counts were pushed without a sensor and nobody could tell walking from them. */
static inline int edgehar_counts_lack_q8(const edgehar *self, const edgehar_counts *channel_counts)
{
    return (self->config->counts.multiplier != 0 || channel_counts) && self->alignment &&
           self->alignment->counts.multiplier == 0;
}

/* value * multiplier / 2^shift, rounded half up, within ±largest. */
static inline int32_t edgehar_map(const edgehar_counts *counts, int32_t value, int32_t largest)
{
    const int64_t product = (int64_t)value * counts->multiplier;
    const int shift = counts->shift;

    if (shift >= 33) {
        /* The half lies in the high word, and so does all that is left: in 32 bits, since a product has at most 62. */
        const int32_t near = ((int32_t)(product >> 32) + (int32_t)(1u << (shift - 33))) >> (shift - 32);
        return near > largest ? largest : near < -largest ? -largest : near;
    } else {
        const int64_t far = (product + ((int64_t)1 << (shift - 1))) >> shift;
        return far > largest ? largest : far < -largest ? -largest : (int32_t)far;
    }
}

static inline int8_t edgehar_quantise_count(const edgehar_model *model, const edgehar_counts *counts, int32_t value)
{
    return edgehar_clamp(edgehar_map(counts, value, 512) + model->input_zero, -128, 127);
}

/* Turn x, y and z by a matrix in Q14. */
static inline void edgehar_turn(const int16_t *row, int32_t sample[3])
{
    const int32_t x = sample[0], y = sample[1], z = sample[2];
    int axis;

    for (axis = 0; axis < 3; axis++, row += 3) {
        const int32_t sum = row[0] * x + row[1] * y + row[2] * z;
        const int32_t turned = (sum + EDGEHAR_ROTATION_ONE / 2) >> EDGEHAR_ROTATION_BITS;
        const int32_t lower = turned < EDGEHAR_LARGEST_SAMPLE ? turned : EDGEHAR_LARGEST_SAMPLE;
        sample[axis] = lower > -EDGEHAR_LARGEST_SAMPLE ? lower : -EDGEHAR_LARGEST_SAMPLE;
    }
}

#ifndef EDGEHAR_COUNTS_ONLY
/* By the exponent, so that -ffast-math cannot optimise it away. */
static inline int edgehar_is_finite(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits << 1 < 0xFF000000u;
}

/* floor(value * 256 + 0.5): the product is exact, and the sum is rounded to float whatever the compiler widens. */
static inline int32_t edgehar_to_q8(float value)
{
    const float edge = (float)EDGEHAR_LARGEST_SAMPLE / 256.0f;
    const float kept = value > edge ? edge : value < -edge ? -edge : value;
    const volatile float sum = kept * 256.0f + 0.5f;
    const int32_t whole = (int32_t)sum;
    return whole - ((float)whole > sum);
}

static inline int8_t edgehar_quantise_by(float inverse_scale, int32_t zero, float value)
{
    /* Volatile: the product is rounded to float before all else, whatever the compiler may fuse or widen. */
    const volatile float product = value * inverse_scale;
    const float scaled = product > 512.0f ? 512.0f : product < -512.0f ? -512.0f : product;
    int32_t whole = (int32_t)scaled;
    const float rest = scaled - (float)whole; /* exact */

    /* Half away from zero; adding 0.5 first would round 0.49999997 up. */
    whole += (rest >= 0.5f) - (rest <= -0.5f);
    return edgehar_clamp(whole + zero, -128, 127);
}

static inline int8_t edgehar_quantise(const edgehar_model *model, float value)
{
    return edgehar_quantise_by(model->inverse_scale, model->input_zero, value);
}
#endif

#endif
