/* 1D convolution in portable C; parameters: edgehar_conv. This is what the other paths must equal.
 *
 * weights: [block of 4 filters][tap * channel][filter in the block], int8; missing filters of the last block are 0.
 * scratch: none.
 *
 * Four filters at two positions: the eight sums stay in registers, and six loads serve eight products.
 */
#include "edgehar_kernels.h"

#define FILTERS 4

/* Requantise the sums of one block of filters at one position. */
static void store(const edgehar_conv *conv, int filter, const int32_t *sum, int8_t *out)
{
    const int count = conv->out_channels - filter < FILTERS ? conv->out_channels - filter : FILTERS;
    int i;
    for (i = 0; i < count; i++) {
        const int32_t value = edgehar_requantise(sum[i] + conv->bias[filter + i], conv->multiplier[filter + i],
                                                 conv->shift[filter + i]);
        out[filter + i] = edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
    }
}

#if defined(__thumb2__)

/* Compilers spill here: eight sums, two inputs, a weight and three pointers take all fourteen registers. */
#define block_4x2 edgehar_portable_block_4x2
void edgehar_portable_block_4x2(const int8_t *x, const int8_t *y, const int8_t *weights, int length, int32_t *sums);

/* One input of each position: 6 loads and 8 MLA for 8 products. */
#define STEP                                                                                                           \
    "ldrsb r12, [r0], #1 \n ldrsb lr, [r1], #1 \n"                                                                    \
    "ldrsb r3, [r2], #1 \n mla r4, r3, r12, r4 \n mla r8, r3, lr, r8 \n"                                             \
    "ldrsb r3, [r2], #1 \n mla r5, r3, r12, r5 \n mla r9, r3, lr, r9 \n"                                             \
    "ldrsb r3, [r2], #1 \n mla r6, r3, r12, r6 \n mla r10, r3, lr, r10 \n"                                           \
    "ldrsb r3, [r2], #1 \n mla r7, r3, r12, r7 \n mla r11, r3, lr, r11 \n"

/* Instructions for eight inputs: 8 x 14 + 3 = 115 for 64 products, 1.80 a product. */
__asm__(
    ".section .text.edgehar_portable_block_4x2, \"ax\", %progbits \n .syntax unified \n .thumb \n .balign 4 \n"
    ".global edgehar_portable_block_4x2 \n .type edgehar_portable_block_4x2, %function \n .thumb_func \n"
    "edgehar_portable_block_4x2:        \n"
    "push  {r4-r11, lr}                 \n"
    "add   r5, r0, r3                   \n"
    "bic   r3, r3, #7                   \n"
    "add   r4, r0, r3                   \n"
    "push  {r4, r5}                     \n" /* sp: end of the eights, end */
    "movs  r4, #0                       \n"
    "movs  r5, #0                       \n"
    "movs  r6, #0                       \n"
    "movs  r7, #0                       \n"
    "mov   r8, r4                       \n"
    "mov   r9, r4                       \n"
    "mov   r10, r4                      \n"
    "mov   r11, r4                      \n"
    "cmp   r3, #0                       \n"
    "beq.w 2f                           \n"
    "1:                                 \n"
    STEP STEP STEP STEP STEP STEP STEP STEP
    "ldr   r3, [sp]                     \n"
    "cmp   r0, r3                       \n"
    "bne   1b                           \n"
    "2:                                 \n"
    "ldr   r3, [sp, #4]                 \n"
    "cmp   r0, r3                       \n"
    "beq   3f                           \n"
    STEP
    "b     2b                           \n"
    "3:                                 \n"
    "ldr   r0, [sp, #44]                \n" /* sums */
    "stm   r0, {r4-r11}                 \n"
    "add   sp, sp, #8                   \n"
    "pop   {r4-r11, pc}                 \n"
    ".text                              \n");
#undef STEP

#else

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
        weights += FILTERS;
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
#define STEP(at)                                                                                                       \
    a0 += weights[FILTERS * (at)] * x[at];                                                                             \
    a1 += weights[FILTERS * (at) + 1] * x[at];                                                                         \
    a2 += weights[FILTERS * (at) + 2] * x[at];                                                                         \
    a3 += weights[FILTERS * (at) + 3] * x[at];

static void block_4x1(const int8_t *x, const int8_t *weights, int length, int32_t *sums)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    const int8_t *const end = x + length;
    for (const int8_t *const whole = x + (length & ~3); x != whole; x += 4, weights += 4 * FILTERS) {
        STEP(0)
        STEP(1)
        STEP(2)
        STEP(3)
    }
    for (; x != end; x++, weights += FILTERS) {
        STEP(0)
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
        int32_t sums[2 * FILTERS];
        int filter;
        for (filter = 0; filter < conv->out_channels; filter += FILTERS) {
            if (left > 1) {
                block_4x2(columns, columns + step, weights, length, sums);
                store(conv, filter, sums + FILTERS, out + conv->out_channels);
            } else {
                block_4x1(columns, weights, length, sums);
            }
            store(conv, filter, sums, out);
            weights += FILTERS * length;
        }
        columns += 2 * step;
        out += 2 * conv->out_channels;
        left -= 2;
    }
}
