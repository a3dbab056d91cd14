/* The inner loops of conv1d_dsp.c, which alone includes this: assembly, and the portable C that defines it. The
 * arithmetic and the layouts are explained there. */
#ifndef EDGEHAR_CONV1D_DSP_BLOCK_H
#define EDGEHAR_CONV1D_DSP_BLOCK_H

#include "edgehar_kernels.h"

#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32
#define WITH_DSP 1
#else
#define WITH_DSP 0
#endif

#define LONGEST_CHAIN 12u /* taps that block_2x2 can run */
#define GROUP 16u         /* filters between two requantisations; even */
#define QUICK 0x80000000u

/* What the inner loops need to know; the assembly counts on this order. */
typedef struct block_plan {
    const uint32_t *end; /* of the strip's part that is multiplied */
    const void *head;    /* where block_2x2 begins a quad of channels, and where it goes from there */
    const void *entry;
    const uint32_t *strip;
    int32_t *sums;        /* [filter][position of two]: dot products are added */
    const int32_t *start; /* one a filter */
    unsigned pairs;       /* of filters */
    const uint32_t *weights;
    unsigned taps;
} block_plan;

#if WITH_DSP

/* The inner loops fill all fourteen registers, so that they are functions of assembly. */
#define block_2x2 edgehar_dsp_block_2x2
#define block_1x2 edgehar_dsp_block_1x2
#define FUNCTION(name)                                                                                                 \
    ".section .text." name ", \"ax\", %progbits \n .syntax unified \n .thumb \n .balign 4 \n .global " name " \n"       \
    ".type " name ", %function \n .thumb_func \n" name ": \n"

/* One tap: two filters' words (w0, w1) times two positions' activations (xo, xe: the odd and the even word of the first
 * position's column, yo, ye: of the second's). 10 instructions for 16 products. */
#define TAP(w0, w1, xo, xe, yo, ye)                                                                                    \
    "smlad r4, " w0 ", " xo ", r4 \n smlad r5, " w0 ", " yo ", r5 \n"                                                 \
    "smlad r6, " w1 ", " xo ", r6 \n smlad r7, " w1 ", " yo ", r7 \n"                                                 \
    "sxtb16 " w0 ", " w0 " \n sxtb16 " w1 ", " w1 " \n"                                                               \
    "smlad r4, " w0 ", " xe ", r4 \n smlad r5, " w0 ", " ye ", r5 \n"                                                 \
    "smlad r6, " w1 ", " xe ", r6 \n smlad r7, " w1 ", " ye ", r7 \n"

/* Two positions times two filters over one chunk, for all pairs.
 *
 * A position's column at one tap is the next tap's column of the position before it, so that a tap loads one column.
 * The taps are an unrolled chain of pairs that is entered where the kernel's width needs it.
 * Instructions for a pair of taps: LDM 4 weights, 2 LDRD columns, 2 x 10 = 23 for 32 products; for a quad of channels
 * with even taps 6 more, 121 for 160 products at 10 taps: 0.756 a product. For a pair of filters 20 more. */
void edgehar_dsp_block_2x2(const block_plan *plan);
extern const char edgehar_dsp_odd[], edgehar_dsp_even[], edgehar_dsp_end[];
__asm__(
    FUNCTION("edgehar_dsp_block_2x2")
    ".global edgehar_dsp_odd, edgehar_dsp_even, edgehar_dsp_end \n"
    "push  {r4-r11, lr}                 \n"
    "ldm   r0, {r1-r8}                  \n"
    "push  {r1-r7}                      \n" /* sp: end, head, entry, strip, sums, start, pairs */
    "mov   r1, r8                       \n"
    "1:                                 \n"
    "ldr   r3, [sp, #20]                \n"
    "ldr   r0, [sp, #12]                \n"
    "ldrd  r4, r6, [r3], #8             \n"
    "str   r3, [sp, #20]                \n"
    "mov   r5, r4                       \n"
    "mov   r7, r6                       \n"
    "ldr   pc, [sp, #4]                 \n"
    ".balign 4                          \n"
    "edgehar_dsp_odd:                   \n"
    "ldrd  r10, r11, [r0], #8           \n"
    "ldrd  r8, r9, [r0], #8             \n"
    "ldrd  r2, r3, [r1], #8             \n"
    TAP("r2", "r3", "r10", "r11", "r8", "r9")
    "ldr   pc, [sp, #8]                 \n"
    ".balign 4                          \n"
    "edgehar_dsp_even:                  \n"
    "ldrd  r8, r9, [r0], #8             \n"
    "ldr   pc, [sp, #8]                 \n"
    ".balign 4                          \n"
    ".rept 6                            \n" /* 23 instructions, 92 bytes */
    "ldm   r1!, {r2, r3, r12, lr}       \n"
    "ldrd  r10, r11, [r0], #8           \n"
    TAP("r2", "r3", "r8", "r9", "r10", "r11")
    "ldrd  r8, r9, [r0], #8             \n"
    TAP("r12", "lr", "r10", "r11", "r8", "r9")
    ".endr                              \n"
    "edgehar_dsp_end:                   \n"
    "ldr   r2, [sp]                     \n"
    "cmp   r0, r2                       \n"
    "beq   2f                           \n"
    "ldr   pc, [sp, #4]                 \n"
    "2:                                 \n"
    "ldr   r2, [sp, #16]                \n"
    "ldm   r2, {r8-r11}                 \n"
    "add   r8, r8, r4, asr #8           \n"
    "add   r9, r9, r5, asr #8           \n"
    "add   r10, r10, r6, asr #8         \n"
    "add   r11, r11, r7, asr #8         \n"
    "stm   r2!, {r8-r11}                \n"
    "str   r2, [sp, #16]                \n"
    "ldr   r3, [sp, #24]                \n"
    "subs  r3, r3, #1                   \n"
    "str   r3, [sp, #24]                \n"
    "bne.w 1b                           \n"
    "add   sp, sp, #28                  \n"
    "pop   {r4-r11, pc}                 \n");

/* One quad of channels at one tap, one position, two filters: 6 instructions for 8 products. */
#define SINGLE(w0, w1, o, e)                                                                                           \
    "smlad r4, " w0 ", " o ", r4 \n smlad r5, " w1 ", " o ", r5 \n"                                                   \
    "sxtb16 " w0 ", " w0 " \n sxtb16 " w1 ", " w1 " \n"                                                               \
    "smlad r4, " w0 ", " e ", r4 \n smlad r5, " w1 ", " e ", r5 \n"

/* One position times two filters over one chunk, for all pairs, as above.
 * Instructions for eight quads at one tap: 4 x (2 LDM + 2 x 6) + 2 = 58 for 64 products: 0.906 a product. */
void edgehar_dsp_block_1x2(const block_plan *plan);
__asm__(
    FUNCTION("edgehar_dsp_block_1x2")
    "push  {r4-r11, lr}                 \n"
    "ldm   r0, {r1-r8}                  \n"
    "push  {r1-r7}                      \n" /* as above */
    "mov   r1, r8                       \n"
    "1:                                 \n"
    "ldr   r3, [sp, #20]                \n"
    "ldr   r0, [sp, #12]                \n"
    "ldr   r2, [sp]                     \n"
    "ldrd  r4, r5, [r3], #8             \n"
    "str   r3, [sp, #20]                \n"
    "sub   r2, r2, r0                   \n" /* bytes left, 8 a quad */
    "subs  r2, r2, #64                  \n"
    "blo   3f                           \n"
    ".balign 4                          \n"
    "2:                                 \n"
    ".rept 4                            \n"
    "ldm   r0!, {r8-r11}                \n"
    "ldm   r1!, {r6, r7, r12, lr}       \n"
    SINGLE("r6", "r7", "r8", "r9")
    SINGLE("r12", "lr", "r10", "r11")
    ".endr                              \n"
    "subs  r2, r2, #64                  \n"
    "bhs   2b                           \n"
    "3:                                 \n"
    "adds  r2, r2, #64                  \n"
    "beq   5f                           \n"
    "4:                                 \n"
    "ldrd  r8, r9, [r0], #8             \n"
    "ldrd  r6, r7, [r1], #8             \n"
    SINGLE("r6", "r7", "r8", "r9")
    "subs  r2, r2, #8                   \n"
    "bne   4b                           \n"
    "5:                                 \n"
    "ldr   r2, [sp, #16]                \n"
    "ldr   r8, [r2]                     \n"
    "ldr   r9, [r2, #8]                 \n"
    "add   r8, r8, r4, asr #8           \n"
    "add   r9, r9, r5, asr #8           \n"
    "str   r9, [r2, #8]                 \n"
    "str   r8, [r2], #16                \n"
    "str   r2, [sp, #16]                \n"
    "ldr   r3, [sp, #24]                \n"
    "subs  r3, r3, #1                   \n"
    "str   r3, [sp, #24]                \n"
    "bne.w 1b                           \n"
    "add   sp, sp, #28                  \n"
    "pop   {r4-r11, pc}                 \n"
    ".text                              \n");

/* Where block_2x2 enters its code for a kernel of so many taps; bit 0 says Thumb. */
static inline void enter_chain(block_plan *plan, unsigned taps)
{
    plan->head = (taps & 1u ? edgehar_dsp_odd : edgehar_dsp_even) + 1;
    plan->entry = edgehar_dsp_end - taps / 2u * 92u + 1;
}

/* (value * multiplier + 2^31) >> 32 */
static inline int32_t multiply_high(int32_t value, int32_t multiplier)
{
    int32_t result;
    __asm("smmulr %0, %1, %2" : "=r"(result) : "r"(value), "r"(multiplier));
    return result;
}

static inline int32_t saturate(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
}

static inline uint32_t odd_word(uint32_t bytes)
{
    uint32_t result;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(bytes));
    return result;
}

static inline uint32_t even_word(uint32_t bytes)
{
    uint32_t result;
    __asm("rev16 %0, %1" : "=r"(result) : "r"(bytes));
    return result ^ 0x007F007Fu;
}

#else /* the same in portable C: what defines the above, and what runs under the host's sanitizers */

static inline int32_t low_half(uint32_t word)
{
    return (int16_t)(uint16_t)word;
}

static inline int32_t low_byte(uint32_t word)
{
    return (int8_t)(uint8_t)word;
}

/* Both halves' products, added modulo 2^32; first raw, then the low bytes. */
static void multiply_word(int32_t *acc, uint32_t weight, const uint32_t *column)
{
    uint32_t sum = (uint32_t)*acc;
    for (int half = 0; half < 32; half += 16) {
        sum += (uint32_t)(low_half(weight >> half) * low_half(column[0] >> half));
        sum += (uint32_t)(low_byte(weight >> half) * low_half(column[1] >> half));
    }
    *acc = (int32_t)sum;
}

static void block_2x2(const block_plan *plan)
{
    const uint32_t *weights = plan->weights;
    for (unsigned pair = 0; pair < plan->pairs; pair++) {
        const uint32_t *strip = plan->strip;
        int32_t acc[4];
        for (unsigned lane = 0; lane < 4u; lane++)
            acc[lane] = plan->start[2u * pair + lane / 2u];
        for (; strip != plan->end; strip += 2)
            for (unsigned tap = 0; tap < plan->taps; tap++, strip += 2, weights += 2)
                for (unsigned lane = 0; lane < 4u; lane++)
                    multiply_word(acc + lane, weights[lane / 2u], strip + 2u * (lane % 2u));
        for (unsigned lane = 0; lane < 4u; lane++)
            plan->sums[4u * pair + lane] += acc[lane] >> 8;
    }
}

static void block_1x2(const block_plan *plan)
{
    const uint32_t *weights = plan->weights;
    for (unsigned pair = 0; pair < plan->pairs; pair++) {
        int32_t acc[2] = {plan->start[2u * pair], plan->start[2u * pair + 1u]};
        for (const uint32_t *strip = plan->strip; strip != plan->end; strip += 2, weights += 2) {
            multiply_word(acc, weights[0], strip);
            multiply_word(acc + 1, weights[1], strip);
        }
        plan->sums[4u * pair] += acc[0] >> 8;
        plan->sums[4u * pair + 2u] += acc[1] >> 8;
    }
}

static inline void enter_chain(block_plan *plan, unsigned taps)
{
    plan->head = plan->entry = 0;
    plan->taps = taps;
}

static inline int32_t multiply_high(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 31)) >> 32);
}

static inline int32_t saturate(int32_t value)
{
    return edgehar_clamp(value, -128, 127);
}

static inline uint32_t odd_word(uint32_t bytes)
{
    const uint32_t odd = (bytes >> 8) & 0x00FF00FFu;
    return odd | ((odd & 0x00800080u) * 0x1FEu);
}

static inline uint32_t even_word(uint32_t bytes)
{
    return (((bytes & 0x00FF00FFu) << 8) | ((bytes >> 8) & 0x00FF00FFu)) ^ 0x007F007Fu;
}

#endif

#endif
