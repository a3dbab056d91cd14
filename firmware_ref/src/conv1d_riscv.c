/* 1D convolution and depthwise 1D convolution for RISC-V with 32-bit words, 32 registers and products (rv32im);
 * parameters: edgehar_conv.
 *
 * Four filters at four positions: the sixteen sums stay in registers, from the bias to the output, and eight loads serve
 * sixteen products. Depthwise, the four filters are neighbouring channels, each with an input of its own; where the
 * channels are no multiple of 4, the last four overlap the four before, and some outputs are computed twice. Where there
 * are two or three positions, the last one is computed again; of a single one, all four outputs have one address.
 *
 * The packer (edgehar/compile/pack/riscv.py) takes these kernels where every shift is 2 or more to the right.
 *
 * weights: [four filters] of: 4 biases; int8 [tap * channel][4], or depthwise [tap][4]; then 4 of riscv_scale.
 *          Missing filters of a convolution's last four are zeros.
 * scratch: none.
 */
#include "edgehar_kernels.h"
#include "edgehar_layout.h"

#include <stddef.h>

/* Filters of a block, and its positions. */
#define EDGEHAR_FOUR 4u

/* How a filter's sums become outputs; its words lie behind its weights. */
typedef struct riscv_scale {
    uint32_t twice; /* twice the multiplier */
    uint32_t less;  /* one less than the shift to the right */
} riscv_scale;

/* Blocks of four filters at four positions; the assembly counts on this order. */
typedef struct riscv_plan {
    const int8_t *x[EDGEHAR_FOUR]; /* the positions' inputs */
    int8_t *out[EDGEHAR_FOUR];     /* and their outputs */
    const uint8_t *weights;
    const uint8_t *weights_end;
    uint32_t inputs; /* of a filter */
    uint32_t pitch;  /* bytes from tap to tap: depthwise */
    int32_t nudge;   /* 2 * output_zero + 1, which holds the half that rounds */
    int32_t low;     /* bounds of the outputs */
    int32_t high;
} riscv_plan;

/* Bytes of four filters' biases and scales. */
#define EDGEHAR_AROUND (EDGEHAR_FOUR * (4u + (unsigned)sizeof(riscv_scale)))

#if EDGEHAR_RISCV

EDGEHAR_WORD(riscv_plan, out, 4);
EDGEHAR_WORD(riscv_plan, weights, 8);
EDGEHAR_WORD(riscv_plan, weights_end, 9);
EDGEHAR_WORD(riscv_plan, inputs, 10);
EDGEHAR_WORD(riscv_plan, pitch, 11);
EDGEHAR_WORD(riscv_plan, nudge, 12);
EDGEHAR_WORD(riscv_plan, low, 13);
EDGEHAR_WORD(riscv_plan, high, 14);

/* conv1d_riscv_block.S */
void edgehar_riscv_conv(const riscv_plan *plan);
void edgehar_riscv_depthwise(const riscv_plan *plan);

#else /* the same in portable C */

/* As edgehar_requantise with the zero point added, for shifts of 2 or more to the right, whatever the sum.
 *
 * With twice the multiplier, the first rounding's half is the highest bit of the product's low word. The second one
 * rounds half away from zero, which takes 1 from a negative value; the sum's sign serves as well: it differs only where
 * the product is 0, which less 1 still rounds to 0. */
static int32_t requantise_right(int32_t sum, const riscv_scale *scale, int32_t nudge)
{
    const int64_t product = (int64_t)sum * (int64_t)scale->twice;
    const int32_t near = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31) - (sum < 0);
    return ((near >> scale->less) + nudge) >> 1;
}

/* The blocks of a plan; `pitch` from an input of one filter to its next, `apart` from one filter's input to another's. */
static void run_fours(const riscv_plan *plan, unsigned pitch, unsigned apart)
{
    const uint8_t *weights = plan->weights;
    for (unsigned four = 0; weights != plan->weights_end; four++) {
        const int8_t *const w = (const int8_t *)weights + 4u * EDGEHAR_FOUR;
        for (unsigned at = 0; at < EDGEHAR_FOUR * EDGEHAR_FOUR; at++) {
            const unsigned filter = at % EDGEHAR_FOUR, position = at / EDGEHAR_FOUR;
            const int8_t *const x = plan->x[position] + apart * (EDGEHAR_FOUR * four + filter);
            riscv_scale scale;
            int32_t sum;
            memcpy(&sum, weights + 4u * filter, sizeof sum);
            memcpy(&scale, w + EDGEHAR_FOUR * plan->inputs + filter * sizeof scale, sizeof scale);
            for (unsigned input = 0; input < plan->inputs; input++) {
                sum += w[EDGEHAR_FOUR * input + filter] * x[input * pitch];
            }
            plan->out[position][EDGEHAR_FOUR * four + filter] =
                edgehar_clamp(requantise_right(sum, &scale, plan->nudge), plan->low, plan->high);
        }
        weights += EDGEHAR_AROUND + EDGEHAR_FOUR * plan->inputs;
    }
}

static void edgehar_riscv_conv(const riscv_plan *plan)
{
    run_fours(plan, 1, 0);
}

static void edgehar_riscv_depthwise(const riscv_plan *plan)
{
    run_fours(plan, plan->pitch, 1);
}

#endif

/* What all positions of one layer have in common. */
static void begin(riscv_plan *plan, const edgehar_conv *conv, unsigned inputs)
{
    plan->inputs = inputs;
    plan->pitch = conv->in_channels;
    plan->nudge = 2 * conv->output_zero + 1;
    plan->low = conv->activation_min;
    plan->high = conv->activation_max;
}

/* The plan of `left` positions or four. */
static void place(riscv_plan *plan, const int8_t *x, int8_t *out, int left, unsigned step, unsigned channels)
{
    for (unsigned position = 0;; position++, left--) {
        plan->x[position] = x;
        plan->out[position] = out;
        if (position == EDGEHAR_FOUR - 1u) {
            return;
        }
        if (left > 1) {
            x += step;
            out += channels;
        }
    }
}

void edgehar_conv1d_riscv(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned filters = conv->out_channels, whole = filters / EDGEHAR_FOUR, rest = filters % EDGEHAR_FOUR;
    const unsigned step = (unsigned)conv->stride * conv->in_channels;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    riscv_plan plan;
    begin(&plan, conv, (unsigned)conv->kernel * conv->in_channels);
    const unsigned bytes = EDGEHAR_AROUND + EDGEHAR_FOUR * plan.inputs;
    for (int left = block->positions; left > 0; left -= 4, x += 4u * step, out += 4u * filters) {
        plan.weights = conv->weights;
        plan.weights_end = plan.weights + whole * bytes;
        place(&plan, x, out, left, step, filters);
        if (whole) {
            edgehar_riscv_conv(&plan);
        }
        if (rest) {
            int8_t last[EDGEHAR_FOUR][EDGEHAR_FOUR];
            int8_t *to[EDGEHAR_FOUR];
            for (unsigned position = 0; position < EDGEHAR_FOUR; position++) {
                to[position] = plan.out[position] + whole * EDGEHAR_FOUR;
                plan.out[position] = last[left == 1 ? 0 : position];
            }
            plan.weights = plan.weights_end;
            plan.weights_end += bytes;
            edgehar_riscv_conv(&plan);
            for (unsigned position = 0; position < EDGEHAR_FOUR; position++) {
                memcpy(to[position], plan.out[position], rest);
            }
        }
    }
}

void edgehar_depthwise_riscv(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned channels = conv->in_channels, whole = channels / EDGEHAR_FOUR;
    const unsigned step = (unsigned)conv->stride * channels, overlap = channels - EDGEHAR_FOUR;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    riscv_plan plan;
    begin(&plan, conv, conv->kernel);
    for (int left = block->positions; left > 0; left -= 4, x += 4u * step, out += 4u * channels) {
        const unsigned bytes = EDGEHAR_AROUND + EDGEHAR_FOUR * plan.inputs;
        plan.weights = conv->weights;
        plan.weights_end = plan.weights + whole * bytes;
        place(&plan, x, out, left, step, channels);
        edgehar_riscv_depthwise(&plan);
        if (channels % EDGEHAR_FOUR) {
            plan.weights = plan.weights_end;
            plan.weights_end += bytes;
            place(&plan, x + overlap, out + overlap, left, step, channels);
            edgehar_riscv_depthwise(&plan);
        }
    }
}
