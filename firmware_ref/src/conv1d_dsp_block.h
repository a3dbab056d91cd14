/* The inner loops of conv1d_dsp.c, which alone includes this: assembly, and the portable C that defines it. The
 * arithmetic and the layouts are explained there. */
#ifndef EDGEHAR_CONV1D_DSP_BLOCK_H
#define EDGEHAR_CONV1D_DSP_BLOCK_H

#include "edgehar_dsp.h"

/* What becomes of the dot products of a pair of filters. */
typedef enum block_end {
    END_ADD,  /* added to the sums */
    END_LAST, /* and the sums requantised */
    END_ONLY  /* requantised at once: there is but one chunk */
} block_end;

/* What the inner loops need to know; the assembly counts on this order. */
typedef struct block_plan {
    const uint32_t *end; /* of the strip's part that is multiplied */
    const void *head;    /* where the code of a pair of filters begins, where it goes on, and where it ends */
    const void *entry;
    const uint32_t *strip;
    const uint32_t *weights_end;
    const void *tail;
    int32_t *sums; /* [filter][position of two] */
    int32_t zero;  /* 2 * output_zero + 1 */
    int8_t *out;
    uint32_t apart; /* bytes from the first position's output to the second's, 0 without a second */
    const uint32_t *weights;
    unsigned positions;
    block_end ending;
} block_plan;

#if WITH_DSP

#define CHAIN_2 6u /* double quads that the unrolled loops hold, and bytes of code for each */
#define CHAIN_1 4u
#define BYTES_2 92u
#define BYTES_1 56u

/* One quad: two filters' words (w0, w1) times two positions' activations (xo, xe: the odd and the even word of the
 * first position, yo, ye: of the second). 10 instructions for 16 products. */
#define QUAD_2(w0, w1, xo, xe, yo, ye)                                                                                 \
    "smlad r4, " w0 ", " xo ", r4 \n smlad r5, " w0 ", " yo ", r5 \n"                                                 \
    "smlad r6, " w1 ", " xo ", r6 \n smlad r7, " w1 ", " yo ", r7 \n"                                                 \
    "sxtb16 " w0 ", " w0 " \n sxtb16 " w1 ", " w1 " \n"                                                               \
    "smlad r4, " w0 ", " xe ", r4 \n smlad r5, " w0 ", " ye ", r5 \n"                                                 \
    "smlad r6, " w1 ", " xe ", r6 \n smlad r7, " w1 ", " ye ", r7 \n"

/* The same for one position: 6 instructions for 8 products. */
#define QUAD_1(w0, w1, o, e)                                                                                           \
    "smlad r4, " w0 ", " o ", r4 \n smlad r6, " w1 ", " o ", r6 \n"                                                   \
    "sxtb16 " w0 ", " w0 " \n sxtb16 " w1 ", " w1 " \n"                                                               \
    "smlad r4, " w0 ", " e ", r4 \n smlad r6, " w1 ", " e ", r6 \n"

/* One or two positions times pairs of filters over one chunk. It fills all fourteen registers, so that it is a function
 * of assembly; the plan lies on the stack.
 *
 * Double quads are an unrolled chain that is entered where their number needs it, and then goes round.
 * Instructions for a double quad: two positions LDM 4 weights, 2 LDM columns, 2 x 10 = 23 for 32 products, and 3 for
 * a round: 0.734 a product; one position 2 LDM, 2 x 6 = 14 for 16 products, and 3 for a round: 0.922 a product.
 * A pair of filters costs 42 more with its two positions' requantisation. */
void edgehar_dsp_block(const block_plan *plan);
extern const char edgehar_dsp_odd_2[], edgehar_dsp_end_2[], edgehar_dsp_odd_1[], edgehar_dsp_end_1[];
extern const char edgehar_dsp_add[], edgehar_dsp_last[], edgehar_dsp_only[];
__asm__(
    ".section .text.edgehar_dsp_block, \"ax\", %progbits \n .syntax unified \n .thumb \n .balign 4 \n"
    ".global edgehar_dsp_block \n .type edgehar_dsp_block, %function \n .thumb_func \n"
    ".global edgehar_dsp_odd_2, edgehar_dsp_end_2, edgehar_dsp_odd_1, edgehar_dsp_end_1 \n"
    ".global edgehar_dsp_add, edgehar_dsp_last, edgehar_dsp_only \n"
    "edgehar_dsp_block:                 \n"
    "push  {r4-r11, lr}                 \n"
    "ldm   r0, {r1-r11}                 \n"
    "push  {r1-r10}                     \n" /* sp: end, head, entry, strip, weights_end, tail, sums, zero, out, apart */
    "mov   r1, r11                      \n"
    "1:                                 \n"
    "ldrd  r4, r6, [r1], #8             \n"
    "ldr   r0, [sp, #12]                \n"
    "mov   r5, r4                       \n"
    "mov   r7, r6                       \n"
    "ldr   pc, [sp, #4]                 \n"
    ".balign 4                          \n"
    "edgehar_dsp_odd_2:                 \n"
    "ldm   r0!, {r8-r11}                \n"
    "ldrd  r2, r3, [r1], #8             \n"
    QUAD_2("r2", "r3", "r8", "r9", "r10", "r11")
    "ldr   pc, [sp, #8]                 \n"
    ".balign 4                          \n"
    "2:                                 \n"
    ".rept 6                            \n"
    "ldm   r1!, {r2, r3, r12, lr}       \n"
    "ldm   r0!, {r8-r11}                \n"
    QUAD_2("r2", "r3", "r8", "r9", "r10", "r11")
    "ldm   r0!, {r8-r11}                \n"
    QUAD_2("r12", "lr", "r8", "r9", "r10", "r11")
    ".endr                              \n"
    "edgehar_dsp_end_2:                 \n"
    "ldr   r2, [sp]                     \n"
    "cmp   r0, r2                       \n"
    "bne.w 2b                           \n"
    "ldr   pc, [sp, #20]                \n"
    ".balign 4                          \n"
    "edgehar_dsp_odd_1:                 \n"
    "ldrd  r8, r9, [r0], #8             \n"
    "ldrd  r2, r3, [r1], #8             \n"
    QUAD_1("r2", "r3", "r8", "r9")
    "ldr   pc, [sp, #8]                 \n"
    ".balign 4                          \n"
    "3:                                 \n"
    ".rept 4                            \n"
    "ldm   r1!, {r2, r3, r12, lr}       \n"
    "ldm   r0!, {r8-r11}                \n"
    QUAD_1("r2", "r3", "r8", "r9")
    QUAD_1("r12", "lr", "r10", "r11")
    ".endr                              \n"
    "edgehar_dsp_end_1:                 \n"
    "ldr   r2, [sp]                     \n"
    "cmp   r0, r2                       \n"
    "bne.w 3b                           \n"
    "mov   r5, r4                       \n" /* the second position is the first once more */
    "mov   r7, r6                       \n"
    "ldr   pc, [sp, #20]                \n"
    ".balign 4                          \n"
    "edgehar_dsp_add:                   \n"
    "ldr   r2, [sp, #24]                \n"
    "ldm   r2, {r8-r11}                 \n"
    "add   r8, r8, r4, asr #8           \n"
    "add   r9, r9, r5, asr #8           \n"
    "add   r10, r10, r6, asr #8         \n"
    "add   r11, r11, r7, asr #8         \n"
    "stm   r2!, {r8-r11}                \n"
    "str   r2, [sp, #24]                \n"
    "b     5f                           \n"
    ".balign 4                          \n"
    "edgehar_dsp_last:                  \n"
    "ldr   r2, [sp, #24]                \n"
    "ldm   r2!, {r8-r11}                \n"
    "str   r2, [sp, #24]                \n"
    "add   r4, r8, r4, asr #8           \n"
    "add   r5, r9, r5, asr #8           \n"
    "add   r6, r10, r6, asr #8          \n"
    "add   r7, r11, r7, asr #8          \n"
    "ldm   r1!, {r2, r3, r8-r11}        \n"
    "add   r4, r2, r4, lsl #1           \n"
    "add   r5, r2, r5, lsl #1           \n"
    "add   r6, r3, r6, lsl #1           \n"
    "add   r7, r3, r7, lsl #1           \n"
    "b     4f                           \n"
    ".balign 4                          \n"
    "edgehar_dsp_only:                  \n"
    "ldm   r1!, {r2, r3, r8-r11}        \n" /* twice the biases, multipliers, shifts less 1 */
    "add   r4, r2, r4, asr #7           \n"
    "add   r5, r2, r5, asr #7           \n"
    "add   r6, r3, r6, asr #7           \n"
    "add   r7, r3, r7, asr #7           \n"
    "4:                                 \n" /* requantise_quickly */
    "ldr   r12, [sp, #28]               \n"
    "lsl   r2, r12, r10                 \n"
    "lsl   r3, r12, r11                 \n"
    "add   r0, r2, r4, asr #31          \n"
    "smmlar r4, r4, r8, r0              \n"
    "add   r0, r2, r5, asr #31          \n"
    "smmlar r5, r5, r8, r0              \n"
    "add   r0, r3, r6, asr #31          \n"
    "smmlar r6, r6, r9, r0              \n"
    "add   r0, r3, r7, asr #31          \n"
    "smmlar r7, r7, r9, r0              \n"
    "asr   r4, r4, r10                  \n"
    "asr   r5, r5, r10                  \n"
    "asr   r6, r6, r11                  \n"
    "asr   r7, r7, r11                  \n"
    "ldrd  r0, r12, [sp, #32]           \n"
    "ssat  r4, #8, r4, asr #1           \n"
    "ssat  r5, #8, r5, asr #1           \n"
    "ssat  r6, #8, r6, asr #1           \n"
    "ssat  r7, #8, r7, asr #1           \n"
    "strb  r5, [r0, r12]                \n"
    "strb  r4, [r0], #1                 \n"
    "strb  r7, [r0, r12]                \n"
    "strb  r6, [r0], #1                 \n"
    "str   r0, [sp, #32]                \n"
    "5:                                 \n"
    "ldr   r2, [sp, #16]                \n"
    "cmp   r1, r2                       \n"
    "bne.w 1b                           \n"
    "add   sp, sp, #40                  \n"
    "pop   {r4-r11, pc}                 \n"
    ".text                              \n");

/* Where the block's code is entered for so many quads, 1 or more; bit 0 says Thumb. */
static inline void enter_chain(block_plan *plan, unsigned quads, unsigned positions, block_end ending)
{
    const unsigned twos = quads / 2u;
    plan->entry = positions > 1u ? edgehar_dsp_end_2 - BYTES_2 * (twos ? (twos - 1u) % CHAIN_2 + 1u : 0u) + 1
                                 : edgehar_dsp_end_1 - BYTES_1 * (twos ? (twos - 1u) % CHAIN_1 + 1u : 0u) + 1;
    plan->head = quads % 2u == 0u ? plan->entry : positions > 1u ? edgehar_dsp_odd_2 + 1 : edgehar_dsp_odd_1 + 1;
    plan->tail = (ending == END_ADD ? edgehar_dsp_add : ending == END_LAST ? edgehar_dsp_last : edgehar_dsp_only) + 1;
}

#else /* the same in portable C: what defines the above, and what runs under the host's sanitizers */

static inline uint32_t half_product(uint32_t one, uint32_t other)
{
    return (uint32_t)((int16_t)(uint16_t)one * (int16_t)(uint16_t)other);
}

/* Both halves' products, added modulo 2^32; first raw, then the low bytes. */
static uint32_t multiply_word(uint32_t sum, uint32_t weight, const uint32_t *column)
{
    const uint32_t low = even_bytes(weight);
    sum += half_product(weight, column[0]) + half_product(weight >> 16, column[0] >> 16);
    return sum + half_product(low, column[1]) + half_product(low >> 16, column[1] >> 16);
}

static void edgehar_dsp_block(const block_plan *plan)
{
    const uint32_t *weights = plan->weights;
    int32_t *sums = plan->sums;
    int8_t *out = plan->out;
    while (weights != plan->weights_end) {
        uint32_t acc[4] = {weights[0], weights[0], weights[1], weights[1]};
        weights += 2;
        for (const uint32_t *strip = plan->strip; strip != plan->end; strip += 2u * plan->positions, weights += 2)
            for (unsigned lane = 0; lane < 4u; lane++)
                acc[lane] = multiply_word(acc[lane], weights[lane / 2u],
                                          strip + (plan->positions > 1u ? 2u * (lane % 2u) : 0u));
        for (unsigned lane = 0; lane < 4u; lane++)
            acc[lane] = (uint32_t)((int32_t)acc[lane] >> 8) + (plan->ending == END_ONLY ? 0u : (uint32_t)sums[lane]);
        if (plan->ending == END_ADD) {
            memcpy(sums, acc, sizeof acc);
        } else {
            for (unsigned lane = 4; lane-- > 0u;)
                out[(lane % 2u) * plan->apart + lane / 2u] =
                    requantise_quickly((int32_t)(2u * acc[lane] + weights[lane / 2u]), (int32_t)weights[2u + lane / 2u],
                                       (int)weights[4u + lane / 2u], plan->zero);
            weights += 6;
        }
        sums += plan->ending == END_ONLY ? 0 : 4;
        out += 2;
    }
}

static inline void enter_chain(block_plan *plan, unsigned quads, unsigned positions, block_end ending)
{
    (void)quads;
    plan->positions = positions;
    plan->ending = ending;
}

#endif

#endif
