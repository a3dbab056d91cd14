/* 1D convolution in portable C; parameters: edgehar_conv. This is what the other paths must equal.
 *
 * weights: [block of 4 filters][tap * channel][filter in the block], int8; missing filters of the last block are 0.
 * scratch: none.
 *
 * Four filters at two positions: the eight sums stay in registers, and six loads serve eight products.
 */
#include "edgehar_kernels.h"

#define EDGEHAR_FILTERS 4

/* Requantise the sums of one block of filters at one position. */
static void store(const edgehar_conv *conv, int filter, const int32_t *sum, int8_t *out)
{
    const int count = conv->out_channels - filter < EDGEHAR_FILTERS ? conv->out_channels - filter : EDGEHAR_FILTERS;
    int i;
    for (i = 0; i < count; i++) {
        const int32_t value =
            edgehar_requantise(sum[i] + conv->bias[filter + i], conv->multiplier[filter + i], conv->shift[filter + i]);
        out[filter + i] = edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
    }
}

#if defined(__thumb2__)

/* conv1d_portable_block.S */
void edgehar_portable_block_4x2(const int8_t *x, const int8_t *y, const int8_t *weights, int length, int32_t *sums);
#define EDGEHAR_BLOCK_4X2 edgehar_portable_block_4x2

#else

#define EDGEHAR_BLOCK_4X2 block_4x2

static void block_4x2(const int8_t *x, const int8_t *y, const int8_t *weights, int length, int32_t *sums)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    const int8_t *const end = x + length;
    while (x != end) {
        const int32_t p = *x++, q = *y++;
        int32_t weight = weights[0];
        a0 += weight * p;
        b0 += weight * q;
        weight = weights[1];
        a1 += weight * p;
        b1 += weight * q;
        weight = weights[2];
        a2 += weight * p;
        b2 += weight * q;
        weight = weights[3];
        a3 += weight * p;
        b3 += weight * q;
        weights += EDGEHAR_FILTERS;
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
    sums[4] = b0;
    sums[5] = b1;
    sums[6] = b2;
    sums[7] = b3;
}

#endif

/* One input times four filters. */
#define EDGEHAR_INPUT(at)                              \
    a0 += weights[EDGEHAR_FILTERS * (at)] * x[at];     \
    a1 += weights[EDGEHAR_FILTERS * (at) + 1] * x[at]; \
    a2 += weights[EDGEHAR_FILTERS * (at) + 2] * x[at]; \
    a3 += weights[EDGEHAR_FILTERS * (at) + 3] * x[at];

static void block_4x1(const int8_t *x, const int8_t *weights, int length, int32_t *sums)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    const int8_t *const end = x + length;
    for (const int8_t *const whole = x + (length & ~3); x != whole; x += 4, weights += 4 * EDGEHAR_FILTERS) {
        EDGEHAR_INPUT(0)
        EDGEHAR_INPUT(1)
        EDGEHAR_INPUT(2)
        EDGEHAR_INPUT(3)
    }
    for (; x != end; x++, weights += EDGEHAR_FILTERS) {
        EDGEHAR_INPUT(0)
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
}

void edgehar_conv1d_portable(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *conv = parameters;
    const int length = conv->kernel * conv->in_channels;
    const int step = conv->stride * conv->in_channels;
    const int8_t *columns = block->columns;
    int8_t *out = block->out;
    int left = block->positions;

    while (left > 0) {
        const int8_t *weights = conv->weights;
        int32_t sums[2 * EDGEHAR_FILTERS];
        int filter;
        for (filter = 0; filter < conv->out_channels; filter += EDGEHAR_FILTERS) {
            if (left > 1) {
                EDGEHAR_BLOCK_4X2(columns, columns + step, weights, length, sums);
                store(conv, filter, sums + EDGEHAR_FILTERS, out + conv->out_channels);
            } else {
                block_4x1(columns, weights, length, sums);
            }
            store(conv, filter, sums, out);
            weights += EDGEHAR_FILTERS * length;
        }
        columns += 2 * step;
        out += 2 * conv->out_channels;
        left -= 2;
    }
}
