/* SOFTMAX in fixed point; parameters: edgehar_softmax. Qn.m has n integer and m fraction bits, beside the sign.
 *
 * scratch: an exponential for each channel, int32.
 *
 * The arithmetic is TensorFlow Lite's, which is gemmlowp's fixed-point exponential and reciprocal.
 */
#include "edgehar_kernels.h"

/* Shift to the left with saturation. */
static int32_t shift_left(int32_t value, int exponent)
{
    const int32_t limit = INT32_MAX >> exponent;
    return value > limit ? INT32_MAX : value < -limit ? INT32_MIN : value * (1 << exponent);
}

/* exp(value), Q5.26 to Q0.31, for values up to 0. */
static int32_t exponential(int32_t value)
{
    if (value == 0) {
        return INT32_MAX;
    }
    /* exp(-2^k), Q0.31, k = -2 … 4 */
    static const int32_t power[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = (int32_t)1 << 24;
    const int32_t base = (value & (quarter - 1)) - quarter; /* -1/4 … 0 */
    const int32_t rest = base - value;                      /* a multiple of 1/4 */
    const int32_t x = base * 32 + ((int32_t)1 << 28);       /* Q0.31, around -1/8 */
    const int32_t x2 = edgehar_high_multiply(x, x);
    const int32_t x3 = edgehar_high_multiply(x2, x);
    const int32_t x4 = edgehar_high_multiply(x2, x2);
    const int32_t third = 715827883, centre = 1895147668; /* 1/3; exp(-1/8) */
    const int32_t series = edgehar_round_shift(edgehar_high_multiply(edgehar_round_shift(x4, 2) + x3, third) + x2, 1);
    int32_t result = centre + edgehar_high_multiply(centre, x + series);
    int bit;

    for (bit = 0; bit < 7; bit++) {
        if (rest & (quarter << bit)) {
            result = edgehar_high_multiply(result, power[bit]);
        }
    }
    return result;
}

/* 1 / (1 + value), Q0.31, for value in 0 … 1: three Newton steps. */
static int32_t reciprocal(int32_t value)
{
    const int32_t half = (int32_t)(((int64_t)value + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + edgehar_high_multiply(half, -1010580540); /* Q2.29: 48/17 - 32/17 * half */
    int step;
    for (step = 0; step < 3; step++) {
        const int32_t error = ((int32_t)1 << 29) - edgehar_high_multiply(half, x);
        x += shift_left(edgehar_high_multiply(x, error), 2);
    }
    return shift_left(x, 1);
}

static int32_t scaled(const edgehar_softmax *softmax, int32_t difference)
{
    return edgehar_high_multiply((int32_t)((uint32_t)difference << softmax->shift), softmax->multiplier);
}

static void softmax_row(const edgehar_softmax *softmax, const int8_t *x, int8_t *out, int32_t *exponentials)
{
    int32_t sum = 0, largest = -128, scale;
    int channel, zeros = 0;

    for (channel = 0; channel < softmax->channels; channel++) {
        largest = x[channel] > largest ? x[channel] : largest;
    }
    for (channel = 0; channel < softmax->channels; channel++) {
        const int32_t difference = x[channel] - largest;
        exponentials[channel] = difference >= softmax->difference_min ? exponential(scaled(softmax, difference)) : 0;
        sum += edgehar_round_shift(exponentials[channel], 12); /* Q12.19 */
    }
    while (((uint32_t)sum << zeros & 0x80000000u) == 0) {
        zeros++;
    }
    scale = reciprocal((int32_t)(((uint32_t)sum << zeros) - 0x80000000u));
    for (channel = 0; channel < softmax->channels; channel++) {
        const int32_t value =
            edgehar_round_shift(edgehar_high_multiply(scale, exponentials[channel]), 12 - zeros + 31 - 8);
        out[channel] = edgehar_clamp(value - 128, -128, 127);
    }
}

void edgehar_softmax_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_softmax *softmax = parameters;
    int position;
    for (position = 0; position < block->positions; position++) {
        softmax_row(softmax, block->columns + position * softmax->channels, block->out + position * softmax->channels,
                    block->scratch);
    }
}
