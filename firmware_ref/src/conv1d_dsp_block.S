/* The inner loops of conv1d_dsp.c for Cortex-M4, M7 and M33; conv1d_dsp_block.h defines them in C.
 *
 *     void edgehar_dsp_block(const block_plan *plan)
 *
 * One or two positions times pairs of filters over one chunk. It fills all fourteen registers; the plan lies on the
 * stack.
 *
 * Double quads are an unrolled chain that is entered where their number needs it, and then goes round.
 * Instructions for a double quad: two positions LDM 4 weights, 2 LDM columns, 2 x 10 = 23 for 32 products, and 3 for
 * a round: 0.734 per product; one position 2 LDM, 2 x 6 = 14 for 16 products, and 3 for a round: 0.922 per product.
 * A pair of filters costs 42 more with its two positions' requantisation. */
#include "edgehar_asm.h"

#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32

/* The plan's words on the stack, in the order of block_plan. */
#define EDGEHAR_PLAN_END 0
#define EDGEHAR_PLAN_HEAD 4
#define EDGEHAR_PLAN_ENTRY 8
#define EDGEHAR_PLAN_STRIP 12
#define EDGEHAR_PLAN_WEIGHTS_END 16
#define EDGEHAR_PLAN_TAIL 20
#define EDGEHAR_PLAN_SUMS 24
#define EDGEHAR_PLAN_ZERO 28
#define EDGEHAR_PLAN_OUT 32
#define EDGEHAR_PLAN_APART 36

strip   .req r0
weights .req r1
first   .req r2 /* words of the first and the second filter */
second  .req r3
acc00   .req r4 /* dot products: filter, position */
acc01   .req r5
acc10   .req r6
acc11   .req r7
odd0    .req r8 /* odd and even words of a position's columns */
even0   .req r9
odd1    .req r10
even1   .req r11
first_  .req r12 /* of the second quad */
second_ .req lr
/* behind the loops */
factor0 .req r8
factor1 .req r9
right0  .req r10
right1  .req r11
zero    .req r12
out     .req r0
apart   .req r12

/* One quad of two filters and two positions: 10 instructions for 16 products. */
.macro EDGEHAR_QUAD_2 w0, w1
    smlad acc00, \w0, odd0, acc00
    smlad acc01, \w0, odd1, acc01
    smlad acc10, \w1, odd0, acc10
    smlad acc11, \w1, odd1, acc11
    sxtb16 \w0, \w0
    sxtb16 \w1, \w1
    smlad acc00, \w0, even0, acc00
    smlad acc01, \w0, even1, acc01
    smlad acc10, \w1, even0, acc10
    smlad acc11, \w1, even1, acc11
.endm

/* The same for one position: 6 instructions for 8 products. */
.macro EDGEHAR_QUAD_1 w0, w1, odd, even
    smlad acc00, \w0, \odd, acc00
    smlad acc10, \w1, \odd, acc10
    sxtb16 \w0, \w0
    sxtb16 \w1, \w1
    smlad acc00, \w0, \even, acc00
    smlad acc10, \w1, \even, acc10
.endm

EDGEHAR_FUNCTION edgehar_dsp_block
    EDGEHAR_ENTER
    ldm   r0, {r1-r11}
    push  {r1-r10} /* the plan but for `weights` */
    .cfi_adjust_cfa_offset 40
    mov   weights, r11
1:  /* a pair of filters */
    ldrd  acc00, acc10, [weights], #8
    ldr   strip, [sp, #EDGEHAR_PLAN_STRIP]
    mov   acc01, acc00
    mov   acc11, acc10
    ldr   pc, [sp, #EDGEHAR_PLAN_HEAD]

    .balign 4
EDGEHAR_PLACE edgehar_dsp_odd_2
    ldm   strip!, {odd0, even0, odd1, even1}
    ldrd  first, second, [weights], #8
    EDGEHAR_QUAD_2 first, second
    ldr   pc, [sp, #EDGEHAR_PLAN_ENTRY]
    .balign 4
2:
    .rept EDGEHAR_DSP_CHAIN_2
    ldm   weights!, {first, second, first_, second_}
    ldm   strip!, {odd0, even0, odd1, even1}
    EDGEHAR_QUAD_2 first, second
    ldm   strip!, {odd0, even0, odd1, even1}
    EDGEHAR_QUAD_2 first_, second_
    .endr
EDGEHAR_PLACE edgehar_dsp_end_2
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_DSP_CHAIN_2 * EDGEHAR_DSP_BYTES_2
    ldr   first, [sp, #EDGEHAR_PLAN_END]
    cmp   strip, first
    bne.w 2b
    ldr   pc, [sp, #EDGEHAR_PLAN_TAIL]

    .balign 4
EDGEHAR_PLACE edgehar_dsp_odd_1
    ldrd  odd0, even0, [strip], #8
    ldrd  first, second, [weights], #8
    EDGEHAR_QUAD_1 first, second, odd0, even0
    ldr   pc, [sp, #EDGEHAR_PLAN_ENTRY]
    .balign 4
3:
    .rept EDGEHAR_DSP_CHAIN_1
    ldm   weights!, {first, second, first_, second_}
    ldm   strip!, {odd0, even0, odd1, even1}
    EDGEHAR_QUAD_1 first, second, odd0, even0
    EDGEHAR_QUAD_1 first_, second_, odd1, even1
    .endr
EDGEHAR_PLACE edgehar_dsp_end_1
    EDGEHAR_CHECK_SIZE 3b, EDGEHAR_DSP_CHAIN_1 * EDGEHAR_DSP_BYTES_1
    ldr   first, [sp, #EDGEHAR_PLAN_END]
    cmp   strip, first
    bne.w 3b
    mov   acc01, acc00 /* the second position is the first once more */
    mov   acc11, acc10
    ldr   pc, [sp, #EDGEHAR_PLAN_TAIL]

    .balign 4
EDGEHAR_PLACE edgehar_dsp_add
    ldr   r2, [sp, #EDGEHAR_PLAN_SUMS]
    ldm   r2, {r8-r11}
    add   r8, r8, acc00, asr #8
    add   r9, r9, acc01, asr #8
    add   r10, r10, acc10, asr #8
    add   r11, r11, acc11, asr #8
    stm   r2!, {r8-r11}
    str   r2, [sp, #EDGEHAR_PLAN_SUMS]
    b     5f

    .balign 4
EDGEHAR_PLACE edgehar_dsp_last
    ldr   r2, [sp, #EDGEHAR_PLAN_SUMS]
    ldm   r2!, {r8-r11}
    str   r2, [sp, #EDGEHAR_PLAN_SUMS]
    add   acc00, r8, acc00, asr #8
    add   acc01, r9, acc01, asr #8
    add   acc10, r10, acc10, asr #8
    add   acc11, r11, acc11, asr #8
    ldm   weights!, {r2, r3, factor0, factor1, right0, right1} /* r2, r3: twice the biases */
    add   acc00, r2, acc00, lsl #1
    add   acc01, r2, acc01, lsl #1
    add   acc10, r3, acc10, lsl #1
    add   acc11, r3, acc11, lsl #1
    b     4f

    .balign 4
EDGEHAR_PLACE edgehar_dsp_only
    ldm   weights!, {r2, r3, factor0, factor1, right0, right1}
    add   acc00, r2, acc00, asr #7
    add   acc01, r2, acc01, asr #7
    add   acc10, r3, acc10, asr #7
    add   acc11, r3, acc11, asr #7
4:  /* edgehar_requantise_quickly */
    ldr   zero, [sp, #EDGEHAR_PLAN_ZERO]
    lsl   r2, zero, right0
    lsl   r3, zero, right1
    add   r0, r2, acc00, asr #31
    smmlar acc00, acc00, factor0, r0
    add   r0, r2, acc01, asr #31
    smmlar acc01, acc01, factor0, r0
    add   r0, r3, acc10, asr #31
    smmlar acc10, acc10, factor1, r0
    add   r0, r3, acc11, asr #31
    smmlar acc11, acc11, factor1, r0
    asr   acc00, acc00, right0
    asr   acc01, acc01, right0
    asr   acc10, acc10, right1
    asr   acc11, acc11, right1
    ldrd  out, apart, [sp, #EDGEHAR_PLAN_OUT]
    ssat  acc00, #8, acc00, asr #1
    ssat  acc01, #8, acc01, asr #1
    ssat  acc10, #8, acc10, asr #1
    ssat  acc11, #8, acc11, asr #1
    strb  acc01, [out, apart]
    strb  acc00, [out], #1
    strb  acc11, [out, apart]
    strb  acc10, [out], #1
    str   out, [sp, #EDGEHAR_PLAN_OUT]
5:
    ldr   r2, [sp, #EDGEHAR_PLAN_WEIGHTS_END]
    cmp   weights, r2
    bne.w 1b
    add   sp, sp, #40
    .cfi_adjust_cfa_offset -40
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_dsp_block

#endif
