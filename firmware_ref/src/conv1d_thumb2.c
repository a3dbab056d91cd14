/* 1D convolution and depthwise 1D convolution for Thumb-2 without the DSP extension (Cortex-M3); parameters:
 * edgehar_conv.
 *
 * Four filters at two positions: the eight sums stay in registers, and six loads serve eight products. Depthwise, the
 * four filters are neighbouring channels, each with an input of its own; where the channels are no multiple of 4, the
 * last four overlap the four before, and some outputs are computed twice. A lone position is told from two by inputs that
 * are the same: it has loops of its own.
 *
 * The packer (edgehar/compile/pack/thumb2.py) takes these kernels where every filter can be requantised at once
 * (edgehar_thumb.h).
 *
 * weights: [four filters] of: 4 biases; int8 [tap * channel][4], or depthwise [tap][4]; then 4 of thumb_scale.
 *          Missing filters of a convolution's last four are zeros.
 * scratch: none.
 */
#include "edgehar_thumb.h"

/* Blocks of four filters at two positions; the assembly counts on this order. */
typedef struct four_plan {
    const int8_t *x; /* the two positions' inputs */
    const int8_t *y;
    const void *entry; /* where the unrolled chain begins */
    const int8_t *end; /* of x: convolution; how often the chain is run: depthwise */
    const uint8_t *weights_end;
    int8_t *out; /* the two positions' outputs */
    int8_t *out_;
    uint32_t channels; /* bytes from tap to tap: depthwise */
    int32_t zero;      /* 2 * output_zero + 1 */
    const uint8_t *weights;
    uint32_t inputs; /* of a filter */
} four_plan;

/* Bytes of four filters' biases and scales. */
#define EDGEHAR_AROUND (EDGEHAR_FOUR * (4u + (unsigned)sizeof(thumb_scale)))

#if defined(__thumb2__)

EDGEHAR_WORD(four_plan, entry, 2);
EDGEHAR_WORD(four_plan, weights_end, 4);
EDGEHAR_WORD(four_plan, channels, 7);
EDGEHAR_WORD(four_plan, zero, 8);
EDGEHAR_WORD(four_plan, weights, 9);
EDGEHAR_WORD(four_plan, inputs, 10);

/* conv1d_thumb2_block.S */
void edgehar_thumb2_conv(const four_plan *plan);
void edgehar_thumb2_depthwise(const four_plan *plan);
extern const char edgehar_thumb2_conv_end[], edgehar_thumb2_depthwise_end[];

/* Bit 0 of where the chain is entered says Thumb. */
static void enter_conv(four_plan *plan)
{
    const unsigned first = (plan->inputs - 1u) % EDGEHAR_THUMB2_CHAIN + 1u;
    plan->entry = edgehar_thumb2_conv_end - EDGEHAR_THUMB2_BYTES * first + 1;
    plan->end = plan->x + plan->inputs;
}

static void enter_depthwise(four_plan *plan)
{
    const unsigned first = (plan->inputs - 1u) % EDGEHAR_THUMB2_TAPS + 1u;
    plan->entry = edgehar_thumb2_depthwise_end - EDGEHAR_THUMB2_TAP_BYTES * first + 1;
    plan->end = (const int8_t *)(uintptr_t)((plan->inputs + EDGEHAR_THUMB2_TAPS - 1u) / EDGEHAR_THUMB2_TAPS);
}

#else /* the same in portable C */

/* The blocks of a plan; `pitch` from an input of one filter to its next, `apart` from one filter's input to another's. */
static void run_fours(const four_plan *plan, unsigned pitch, unsigned apart)
{
    const uint8_t *weights = plan->weights;
    for (unsigned four = 0; weights != plan->weights_end; four++) {
        const int8_t *const w = (const int8_t *)weights + 4u * EDGEHAR_FOUR;
        for (unsigned filter = 0; filter < EDGEHAR_FOUR; filter++) {
            const unsigned at = apart * (EDGEHAR_FOUR * four + filter);
            thumb_scale scale;
            int32_t sum, sum_;
            memcpy(&sum, weights + 4u * filter, sizeof sum);
            memcpy(&scale, w + EDGEHAR_FOUR * plan->inputs + filter * sizeof scale, sizeof scale);
            sum_ = sum;
            for (unsigned input = 0; input < plan->inputs; input++) {
                sum += w[EDGEHAR_FOUR * input + filter] * plan->x[at + input * pitch];
                sum_ += w[EDGEHAR_FOUR * input + filter] * plan->y[at + input * pitch];
            }
            plan->out[EDGEHAR_FOUR * four + filter] = requantise_once(sum, &scale, plan->zero);
            plan->out_[EDGEHAR_FOUR * four + filter] = requantise_once(sum_, &scale, plan->zero);
        }
        weights += EDGEHAR_AROUND + EDGEHAR_FOUR * plan->inputs;
    }
}

static void edgehar_thumb2_conv(const four_plan *plan)
{
    run_fours(plan, 1, 0);
}

static void edgehar_thumb2_depthwise(const four_plan *plan)
{
    run_fours(plan, plan->channels, 1);
}

static void enter_conv(four_plan *plan)
{
    (void)plan;
}

static void enter_depthwise(four_plan *plan)
{
    (void)plan;
}

#endif

/* The plan of one position, or of it and its neighbour. */
static void place(four_plan *plan, const int8_t *x, int8_t *out, unsigned step, unsigned channels, int two)
{
    plan->x = x;
    plan->y = two ? x + step : x;
    plan->out = out;
    plan->out_ = two ? out + channels : out;
}

void edgehar_conv1d_thumb2(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned filters = conv->out_channels, whole = filters / EDGEHAR_FOUR, rest = filters % EDGEHAR_FOUR;
    const unsigned step = (unsigned)conv->stride * conv->in_channels;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    four_plan plan;
    plan.zero = 2 * conv->output_zero + 1;
    plan.inputs = (unsigned)conv->kernel * conv->in_channels;
    const unsigned bytes = EDGEHAR_AROUND + EDGEHAR_FOUR * plan.inputs;
    for (int left = block->positions; left > 0; left -= 2, x += 2u * step, out += 2u * filters) {
        plan.weights = conv->weights;
        plan.weights_end = plan.weights + whole * bytes;
        place(&plan, x, out, step, filters, left > 1);
        enter_conv(&plan);
        if (whole) {
            edgehar_thumb2_conv(&plan);
        }
        if (rest) {
            int8_t last[2][EDGEHAR_FOUR];
            int8_t *const to = plan.out + whole * EDGEHAR_FOUR, *const to_ = plan.out_ + whole * EDGEHAR_FOUR;
            plan.weights = plan.weights_end;
            plan.weights_end += bytes;
            plan.out = last[0];
            plan.out_ = last[1];
            edgehar_thumb2_conv(&plan);
            memcpy(to, last[0], rest);
            memcpy(to_, last[1], rest);
        }
    }
}

void edgehar_depthwise_thumb2(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned channels = conv->in_channels, whole = channels / EDGEHAR_FOUR;
    const unsigned step = (unsigned)conv->stride * channels;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    four_plan plan;
    plan.zero = 2 * conv->output_zero + 1;
    plan.inputs = conv->kernel;
    plan.channels = channels;
    const unsigned bytes = EDGEHAR_AROUND + EDGEHAR_FOUR * plan.inputs;
    enter_depthwise(&plan);
    for (int left = block->positions; left > 0; left -= 2, x += 2u * step, out += 2u * channels) {
        plan.weights = conv->weights;
        plan.weights_end = plan.weights + whole * bytes;
        place(&plan, x, out, step, channels, left > 1);
        edgehar_thumb2_depthwise(&plan);
        if (channels % EDGEHAR_FOUR) {
            plan.weights = plan.weights_end;
            plan.weights_end += bytes;
            place(&plan, x + channels - EDGEHAR_FOUR, out + channels - EDGEHAR_FOUR, step, channels, left > 1);
            edgehar_thumb2_depthwise(&plan);
        }
    }
}
