/* The inner loops of conv1d_mve.c, which alone includes this: assembly, and the portable C that defines it. The layouts
 * are explained there. */
#ifndef EDGEHAR_CONV1D_MVE_BLOCK_H
#define EDGEHAR_CONV1D_MVE_BLOCK_H

#include "edgehar_kernels.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define WITH_MVE 1
#else
#define WITH_MVE 0
#endif

#define LONGEST_CHAIN 12u /* taps that the rolling loops can run */
#define GROUP 48u         /* filters between two requantisations */
#define QUICK 0x80000000u

/* What the inner loops need to know; the assembly counts on this order. */
typedef struct block_plan {
    const int8_t *strip;     /* first chunk */
    const int8_t *chunk_end; /* flat part */
    const int8_t *flat_end;
    uint32_t pairs; /* of filters */
    const int8_t *weights;
    const void *entry; /* where the chain begins for this number of taps, and what loads the columns before it */
    const void *head;
    int32_t *sums; /* [pair][position][2] */
    unsigned taps;
    unsigned positions;
} block_plan;

#if WITH_MVE
#include <arm_mve.h>

#define FUNCTION(name)                                                                                                 \
    ".section .text." name ", \"ax\", %progbits \n .syntax unified \n .thumb \n .balign 4 \n .global " name " \n"       \
    ".type " name ", %function \n .thumb_func \n" name ": \n"

/* One tap of sixteen channels; columns a, b, c are loaded, d is the next. 11 instructions for 128 products. */
#define TAP4(a, b, c, d)                                                                                               \
    "vldrb.8 q4, [r1], #16 \n vldrb.8 " d ", [r3], #16 \n"                                                            \
    "vmladava.s8 r0, q4, " a " \n vldrb.8 q5, [r1], #16 \n"                                                           \
    "vmladava.s8 r4, q4, " b " \n vmladava.s8 r8, q4, " c " \n vmladava.s8 r12, q4, " d " \n"                         \
    "vmladava.s8 r2, q5, " a " \n vmladava.s8 r6, q5, " b " \n"                                                       \
    "vmladava.s8 r10, q5, " c " \n vmladava.s8 lr, q5, " d " \n"

/* Four positions times two filters, for all pairs.
 * Instructions for a chunk: 3 columns, 11 a tap, 4 of jumps: 117 for 1,280 products at 10 taps, 0.091 a product. */
void edgehar_mve_block_4x2(const block_plan *plan);
extern const char edgehar_mve_head_4[], edgehar_mve_end_4[];
__asm__(
    FUNCTION("edgehar_mve_block_4x2")
    ".global edgehar_mve_head_4, edgehar_mve_end_4 \n"
    "push  {r4-r11, lr}                 \n"
    "vpush {d8-d11}                     \n"
    "ldm   r0, {r1-r4}                  \n"
    "push  {r1-r4}                      \n" /* sp: strip, chunk_end, flat_end, pairs */
    "ldr   r1, [r0, #16]                \n"
    "ldrd  r7, r9, [r0, #20]            \n"
    "ldr   r11, [r0, #28]               \n"
    "1:                                 \n"
    "ldrd  r3, r5, [sp]                 \n"
    "movs  r0, #0                       \n"
    "movs  r2, #0                       \n"
    "movs  r4, #0                       \n"
    "movs  r6, #0                       \n"
    "mov   r8, r0                       \n"
    "mov   r10, r0                      \n"
    "mov   r12, r0                      \n"
    "mov   lr, r0                       \n"
    "cmp   r3, r5                       \n"
    "beq.w 3f                           \n"
    "bx    r9                           \n"
    ".balign 4                          \n"
    "edgehar_mve_head_4:                \n" /* 16 bytes each */
    "vldrb.8 q0, [r3], #16              \n"
    "vldrb.8 q1, [r3], #16              \n"
    "vldrb.8 q2, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    "vldrb.8 q1, [r3], #16              \n"
    "vldrb.8 q2, [r3], #16              \n"
    "vldrb.8 q3, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    "vldrb.8 q2, [r3], #16              \n"
    "vldrb.8 q3, [r3], #16              \n"
    "vldrb.8 q0, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    "vldrb.8 q3, [r3], #16              \n"
    "vldrb.8 q0, [r3], #16              \n"
    "vldrb.8 q1, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    ".rept 3                            \n" /* 4 taps of 44 bytes */
    TAP4("q0", "q1", "q2", "q3")
    TAP4("q1", "q2", "q3", "q0")
    TAP4("q2", "q3", "q0", "q1")
    TAP4("q3", "q0", "q1", "q2")
    ".endr                              \n"
    "edgehar_mve_end_4:                 \n"
    "cmp   r3, r5                       \n"
    "beq   3f                           \n"
    "bx    r9                           \n"
    "3:                                 \n"
    "ldr   r5, [sp, #8]                 \n"
    "cmp   r3, r5                       \n"
    "beq   5f                           \n"
    "4:                                 \n" /* the flat part: 16 instructions for 128 products */
    "vldrb.8 q0, [r3], #16              \n"
    "vldrb.8 q1, [r3], #16              \n"
    "vldrb.8 q2, [r3], #16              \n"
    TAP4("q0", "q1", "q2", "q3")
    "cmp   r3, r5                       \n"
    "bne   4b                           \n"
    "5:                                 \n"
    "stm   r11!, {r0, r2, r4, r6, r8, r10, r12, lr} \n"
    "ldr   r3, [sp, #12]                \n"
    "subs  r3, r3, #1                   \n"
    "str   r3, [sp, #12]                \n"
    "bne.w 1b                           \n"
    "add   sp, sp, #16                  \n"
    "vpop  {d8-d11}                     \n"
    "pop   {r4-r11, pc}                 \n");

/* The same for two columns: 7 instructions for 64 products. */
#define TAP2(a, b)                                                                                                     \
    "vldrb.8 q2, [r1], #16 \n vldrb.8 " b ", [r3], #16 \n"                                                            \
    "vmladava.s8 r0, q2, " a " \n vldrb.8 q3, [r1], #16 \n vmladava.s8 r4, q2, " b " \n"                              \
    "vmladava.s8 r2, q3, " a " \n vmladava.s8 r6, q3, " b " \n"

/* Two positions times two filters, for all pairs: 75 instructions for 640 products at 10 taps, 0.117 a product. */
void edgehar_mve_block_2x2(const block_plan *plan);
extern const char edgehar_mve_head_2[], edgehar_mve_end_2[];
__asm__(
    FUNCTION("edgehar_mve_block_2x2")
    ".global edgehar_mve_head_2, edgehar_mve_end_2 \n"
    "push  {r4-r11, lr}                 \n"
    "ldm   r0, {r1, r8, r10, lr}        \n" /* strip, chunk_end, flat_end, pairs */
    "mov   r12, r1                      \n"
    "ldr   r1, [r0, #16]                \n"
    "ldrd  r7, r9, [r0, #20]            \n"
    "ldr   r11, [r0, #28]               \n"
    "1:                                 \n"
    "mov   r3, r12                      \n"
    "movs  r0, #0                       \n"
    "movs  r2, #0                       \n"
    "movs  r4, #0                       \n"
    "movs  r6, #0                       \n"
    "cmp   r3, r8                       \n"
    "beq.w 3f                           \n"
    "bx    r9                           \n"
    ".balign 4                          \n"
    "edgehar_mve_head_2:                \n" /* 8 bytes each */
    "vldrb.8 q0, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    "vldrb.8 q1, [r3], #16              \n"
    "bx    r7                           \n"
    "nop                                \n"
    ".rept 6                            \n" /* 2 taps of 28 bytes */
    TAP2("q0", "q1")
    TAP2("q1", "q0")
    ".endr                              \n"
    "edgehar_mve_end_2:                 \n"
    "cmp   r3, r8                       \n"
    "beq   3f                           \n"
    "bx    r9                           \n"
    "3:                                 \n"
    "cmp   r3, r10                      \n"
    "beq   5f                           \n"
    "4:                                 \n"
    "vldrb.8 q0, [r3], #16              \n"
    TAP2("q0", "q1")
    "cmp   r3, r10                      \n"
    "bne   4b                           \n"
    "5:                                 \n"
    "stm   r11!, {r0, r2, r4, r6}       \n"
    "subs  lr, lr, #1                   \n"
    "bne.w 1b                           \n"
    "pop   {r4-r11, pc}                 \n");

/* One vector of one position times two filters: 5 instructions for 32 products. */
#define TAP1                                                                                                           \
    "vldrb.8 q0, [r3], #16 \n vldrb.8 q1, [r1], #16 \n vldrb.8 q2, [r1], #16 \n"                                      \
    "vmladava.s8 r2, q1, q0 \n vmladava.s8 r4, q2, q0 \n"

/* One position times two filters, for all pairs; the chunks are as flat as the rest.
 * Instructions for four vectors: 4 x 5 + 1 = 21 for 128 products, 0.164 a product. */
void edgehar_mve_block_1x2(const block_plan *plan);
__asm__(
    FUNCTION("edgehar_mve_block_1x2")
    "push  {r4-r11, lr}                 \n"
    "ldrd  r10, r12, [r0]               \n" /* strip */
    "ldrd  r5, r7, [r0, #8]             \n" /* flat_end, pairs */
    "ldr   r1, [r0, #16]                \n"
    "ldr   r11, [r0, #28]               \n"
    "sub   r5, r5, r10                  \n"
    "lsr   r5, r5, #4                   \n"
    "and   r9, r5, #3                   \n" /* vectors that are no four */
    "lsr   r5, r5, #2                   \n"
    "1:                                 \n"
    "mov   r3, r10                      \n"
    "movs  r2, #0                       \n"
    "movs  r4, #0                       \n"
    "wls   lr, r5, 3f                   \n"
    "2:                                 \n"
    TAP1 TAP1 TAP1 TAP1
    "le    lr, 2b                       \n"
    "3:                                 \n"
    "wls   lr, r9, 5f                   \n"
    "4:                                 \n"
    TAP1
    "le    lr, 4b                       \n"
    "5:                                 \n"
    "stm   r11!, {r2, r4}               \n"
    "subs  r7, r7, #1                   \n"
    "bne   1b                           \n"
    "pop   {r4-r11, pc}                 \n");

/* Requantise the sums of neighbouring filters, all shifts to the right; the assembly counts on this order.
 * Instructions for four outputs: 15, in a loop that masks the last ones; for a position 20 more. */
typedef struct finish_plan {
    const int32_t *sums; /* of the first filter at the first position */
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int8_t *out;
    uint32_t filters;
    int32_t zero, low, high;
    uint32_t pitch;     /* bytes from a pair's sums to the next pair's */
    uint32_t step;      /* bytes from a position's outputs to the next one's */
    uint32_t positions; /* counted down; `sums` and `out` move on */
} finish_plan;
void edgehar_mve_finish(finish_plan *plan);
__asm__(
    FUNCTION("edgehar_mve_finish")
    "push  {r4-r11, lr}                 \n"
    "vpush {d8-d13}                     \n"
    "1:                                 \n"
    "ldm   r0, {r1-r11}                 \n"
    "vdup.32 q5, r8                     \n"
    "vdup.32 q6, r9                     \n"
    "add   r8, r1, #8                   \n"
    "add   r9, r5, r11                  \n"
    "str   r8, [r0]                     \n"
    "str   r9, [r0, #16]                \n"
    "sub   r8, r8, #4                   \n"
    "add   r9, r1, r10                  \n"
    "add   r11, r8, r10                 \n"
    "vmov  q4[2], q4[0], r1, r9         \n" /* addresses of four filters' sums */
    "vmov  q4[3], q4[1], r8, r11        \n"
    "lsl   r10, r10, #1                 \n"
    "dlstp.32 lr, r6                    \n"
    "2:                                 \n"
    "vldrw.u32 q0, [q4]                 \n"
    "vadd.i32 q4, q4, r10               \n"
    "vldrw.u32 q1, [r2], #16            \n"
    "vadd.i32 q0, q0, q1                \n"
    "vldrw.u32 q2, [r3], #16            \n"
    "vqrdmulh.s32 q0, q0, q2            \n"
    "vldrb.s32 q3, [r4], #4             \n"
    "vshr.s32 q1, q0, #31               \n"
    "vadd.i32 q0, q0, q1                \n"
    "vrshl.s32 q0, q0, q3               \n"
    "vadd.i32 q0, q0, r7                \n"
    "vmax.s32 q0, q0, q5                \n"
    "vmin.s32 q0, q0, q6                \n"
    "vstrb.32 q0, [r5], #4              \n"
    "letp  lr, 2b                       \n"
    "ldr   r1, [r0, #44]                \n"
    "subs  r1, r1, #1                   \n"
    "str   r1, [r0, #44]                \n"
    "bne   1b                           \n"
    "vpop  {d8-d13}                     \n"
    "pop   {r4-r11, pc}                 \n"
    ".text                              \n");

/* Run the block of 4, 2 or 1 positions; bit 0 of the addresses says Thumb. */
static void run_block(block_plan *plan)
{
    const unsigned skipped = LONGEST_CHAIN - plan->taps; /* taps at the chain's beginning; unused without chunks */
    if (plan->positions == 4u) {
        plan->entry = edgehar_mve_end_4 - plan->taps * 44u + 1;
        plan->head = edgehar_mve_head_4 + skipped % 4u * 16u + 1;
        edgehar_mve_block_4x2(plan);
    } else if (plan->positions == 2u) {
        plan->entry = edgehar_mve_end_2 - plan->taps * 28u + 1;
        plan->head = edgehar_mve_head_2 + skipped % 2u * 8u + 1;
        edgehar_mve_block_2x2(plan);
    } else
        edgehar_mve_block_1x2(plan);
}

static void finish_quickly(const edgehar_conv *conv, const block_plan *plan, unsigned first, unsigned filters,
                           unsigned positions, int8_t *out)
{
    finish_plan finish = {plan->sums,
                          conv->bias + first,
                          conv->multiplier + first,
                          conv->shift + first,
                          out,
                          filters,
                          conv->output_zero,
                          conv->activation_min,
                          conv->activation_max,
                          8u * plan->positions,
                          conv->out_channels,
                          positions};
    edgehar_mve_finish(&finish);
}

/* Copy up to 16 bytes and fill the vector with zeros. */
static inline void copy_vector(int8_t *to, const int8_t *from, unsigned bytes)
{
    vstrbq_s8(to, bytes >= 16u ? vldrbq_s8(from) : vldrbq_z_s8(from, vctp8q(bytes)));
}

#else /* the same in portable C: what defines the above, and what runs under the host's sanitizers */

static void multiply_vectors(int32_t *sum, const int8_t *weights, const int8_t *column)
{
    for (int lane = 0; lane < 16; lane++)
        *sum += weights[lane] * column[lane];
}

static void run_block(block_plan *plan)
{
    const unsigned positions = plan->positions;
    const int8_t *weights = plan->weights;
    int32_t *sums = plan->sums;
    for (uint32_t pair = 0; pair < plan->pairs; pair++, sums += 2u * positions) {
        const int8_t *at = plan->strip;
        memset(sums, 0, 2u * positions * sizeof *sums);
        for (; at != plan->chunk_end; at += 16u * (positions - 1u))
            for (unsigned tap = 0; tap < plan->taps; tap++, at += 16, weights += 32)
                for (unsigned lane = 0; lane < 2u * positions; lane++)
                    multiply_vectors(sums + lane, weights + 16u * (lane & 1u), at + 16u * (lane >> 1));
        for (; at != plan->flat_end; at += 16u * positions, weights += 32)
            for (unsigned lane = 0; lane < 2u * positions; lane++)
                multiply_vectors(sums + lane, weights + 16u * (lane & 1u), at + 16u * (lane >> 1));
    }
}

#define finish_quickly finish

static inline void copy_vector(int8_t *to, const int8_t *from, unsigned bytes)
{
    memset(to, 0, 16);
    memcpy(to, from, bytes < 16u ? bytes : 16u);
}

#endif

#endif
