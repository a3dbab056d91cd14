/* 1D convolution and depthwise 1D convolution for all of Thumb (Cortex-M0, M0+); parameters: edgehar_conv.
 *
 * One filter at four positions: each input is multiplied where it lies in a register, and the sums are in the registers
 * that only additions reach. The four positions' inputs are widened once per block, side by side, so that one load
 * brings four; a weight's word brings four weights. Depthwise, a filter has a channel, and nothing to widen pays.
 * Where there are two or three positions, the last one is computed again; of a single one, a third as much is done.
 *
 * The packer (edgehar/compile/pack/thumb.py) takes these kernels where every filter can be requantised at once
 * (edgehar_thumb.h), and a convolution only with few enough inputs.
 *
 * weights: [filter] of: bias; int8 [tap * channel], or depthwise [tap], filled up to whole words with zeros; then
 *          thumb_scale.
 * scratch: convolution: [input, filled up to fours][position of four, or the single one] int32.
 */
#include "edgehar_thumb.h"

/* Filters at four positions, or, where output[0] is 0, at one; the assembly counts on this order. */
typedef struct thumb_plan {
    const uint8_t *weights;
    const uint8_t *weights_end;
    int8_t *out;        /* the first position's output */
    uint32_t output[3]; /* bytes from it to the others */
    int32_t zero;       /* 2 * output_zero + 1 */
    const void *inputs; /* strip, or depthwise the first position's first tap */
    const void *end;    /* of the strip, or depthwise the number of taps */
    uint32_t input[3];  /* depthwise: bytes from the first position's inputs to the others' */
    uint32_t pitch;     /* depthwise: bytes from tap to tap */
    uint32_t taps;      /* of a filter, filled up to fours where it is no depthwise one */
} thumb_plan;

#define EDGEHAR_WHOLE(bytes) (((bytes) + 3u) & ~3u)

#if defined(__thumb__)

EDGEHAR_WORD(thumb_plan, weights_end, 1);
EDGEHAR_WORD(thumb_plan, output, 3);
EDGEHAR_WORD(thumb_plan, zero, 6);
EDGEHAR_WORD(thumb_plan, input, 9);
EDGEHAR_WORD(thumb_plan, pitch, 12);

/* conv1d_thumb_block.S */
void edgehar_thumb_conv(const thumb_plan *plan);
void edgehar_thumb_depthwise(const thumb_plan *plan);

#else /* the same in portable C */

static unsigned positions_of(const thumb_plan *plan)
{
    return plan->output[0] != 0 ? EDGEHAR_FOUR : 1u;
}

/* One filter's outputs; returns the next filter's weights. */
static const uint8_t *finish_filter(const thumb_plan *plan, const uint8_t *weights, const int32_t *sums,
                                    unsigned filter)
{
    thumb_scale scale;
    memcpy(&scale, weights, sizeof scale);
    for (unsigned position = positions_of(plan); position-- > 0u;) {
        plan->out[filter + (position ? plan->output[position - 1u] : 0u)] =
            requantise_once(sums[position], &scale, plan->zero);
    }
    return weights + sizeof scale;
}

static void edgehar_thumb_conv(const thumb_plan *plan)
{
    const uint8_t *weights = plan->weights;
    const unsigned positions = positions_of(plan);
    for (unsigned filter = 0; weights != plan->weights_end; filter++) {
        int32_t sums[EDGEHAR_FOUR];
        for (unsigned position = 0; position < positions; position++) {
            const int32_t *x = (const int32_t *)plan->inputs + position;
            memcpy(&sums[position], weights, sizeof *sums);
            for (unsigned tap = 0; tap < plan->taps; tap++, x += positions) {
                sums[position] += (int8_t)weights[4u + tap] * *x;
            }
        }
        weights = finish_filter(plan, weights + 4u + plan->taps, sums, filter);
    }
}

static void edgehar_thumb_depthwise(const thumb_plan *plan)
{
    const uint8_t *weights = plan->weights;
    for (unsigned filter = 0; weights != plan->weights_end; filter++) {
        int32_t sums[EDGEHAR_FOUR];
        for (unsigned position = 0; position < positions_of(plan); position++) {
            const int8_t *x = (const int8_t *)plan->inputs + filter + (position ? plan->input[position - 1u] : 0u);
            memcpy(&sums[position], weights, sizeof *sums);
            for (unsigned tap = 0; tap < plan->taps; tap++) {
                sums[position] += (int8_t)weights[4u + tap] * x[tap * plan->pitch];
            }
        }
        weights = finish_filter(plan, weights + 4u + EDGEHAR_WHOLE(plan->taps), sums, filter);
    }
}

#endif

/* What four positions of one layer have in common; `bytes` of weights in a filter. */
static void begin(thumb_plan *plan, const edgehar_conv *conv, unsigned bytes)
{
    plan->weights = conv->weights;
    plan->weights_end = plan->weights + conv->out_channels * (4u + bytes + (unsigned)sizeof(thumb_scale));
    plan->zero = 2 * conv->output_zero + 1;
}

/* Where the outputs of `left` positions or four go, and how far apart their inputs are. */
static void place(thumb_plan *plan, int8_t *out, int left, unsigned step, unsigned channels)
{
    plan->out = out;
    for (unsigned next = 0; next < 3u; next++) {
        const unsigned position = next + 1u < (unsigned)left ? next + 1u : (unsigned)left - 1u;
        plan->output[next] = position * channels;
        plan->input[next] = position * step;
    }
}

void edgehar_conv1d_thumb(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned inputs = (unsigned)conv->kernel * conv->in_channels,
                   step = (unsigned)conv->stride * conv->in_channels;
    const int8_t *x = block->columns;
    int32_t *const strip = block->scratch;
    int8_t *out = block->out;
    thumb_plan plan;
    plan.taps = EDGEHAR_WHOLE(inputs);
    begin(&plan, conv, plan.taps);
    plan.inputs = strip;
    plan.end = strip + EDGEHAR_FOUR * plan.taps;
    memset(strip + EDGEHAR_FOUR * inputs, 0, (plan.taps - inputs) * EDGEHAR_FOUR * sizeof *strip);
    for (int left = block->positions; left > 0; left -= 4, x += 4u * step, out += 4u * conv->out_channels) {
        int32_t *to = strip;
        place(&plan, out, left, step, conv->out_channels);
        if (left == 1) {
            for (unsigned input = 0; input < plan.taps; input++) {
                strip[input] = input < inputs ? x[input] : 0;
            }
            plan.end = strip + plan.taps;
            edgehar_thumb_conv(&plan);
            return;
        }
        const int8_t *const x1 = x + plan.input[0], *const x2 = x + plan.input[1], *const x3 = x + plan.input[2];
        for (unsigned input = 0; input < inputs; input++, to += EDGEHAR_FOUR) {
            to[0] = x[input];
            to[1] = x1[input];
            to[2] = x2[input];
            to[3] = x3[input];
        }
        edgehar_thumb_conv(&plan);
    }
}

void edgehar_depthwise_thumb(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned channels = conv->in_channels, step = (unsigned)conv->stride * channels;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    thumb_plan plan;
    plan.taps = conv->kernel;
    plan.pitch = channels;
    begin(&plan, conv, EDGEHAR_WHOLE(plan.taps));
    plan.end = (const void *)(uintptr_t)plan.taps;
    for (int left = block->positions; left > 0; left -= 4, x += 4u * step, out += 4u * channels) {
        place(&plan, out, left, step, channels);
        plan.inputs = x;
        edgehar_thumb_depthwise(&plan);
    }
}
