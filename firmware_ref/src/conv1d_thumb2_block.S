/* The inner loops of conv1d_thumb2.c for Thumb-2 without the DSP extension (Cortex-M3), which defines them in C.
 *
 *     void edgehar_thumb2_conv(const four_plan *plan)
 *     void edgehar_thumb2_depthwise(const four_plan *plan)
 *
 * Four filters at two positions: eight sums, two inputs or a weight and a pitch, and three pointers take all registers.
 * Instructions for an input: 14 for 8 products, and 3 for a round of the chain: 1.80 per product; depthwise, for a tap:
 * 22 for 8 products. Four filters cost 80 more with their eight outputs. A lone position: 11 for an input's 4 products,
 * depthwise 14. */
#include "edgehar_asm.h"

#if defined(__thumb2__)

/* The plan's words on the stack, in the order of four_plan. */
#define EDGEHAR_PLAN_X 0
#define EDGEHAR_PLAN_ENTRY 8
#define EDGEHAR_PLAN_END 12
#define EDGEHAR_PLAN_WEIGHTS_END 16
#define EDGEHAR_PLAN_OUT 20
#define EDGEHAR_PLAN_CHANNELS 28
#define EDGEHAR_PLAN_ZERO 32
#define EDGEHAR_PLAN_LEFT 36 /* rounds of a depthwise chain that are left, in place of `weights` */
#define EDGEHAR_PLAN_INPUTS 40

x        .req r0
y        .req r1
weights  .req r2
weight   .req r3
p        .req r12
q        .req lr
channels .req lr /* bytes from tap to tap */
/* behind the loops */
offset   .req r0
factor   .req r1
right    .req r3
low      .req r12
high     .req lr

.macro EDGEHAR_BEGIN_FOURS
    EDGEHAR_ENTER
    ldm   r0, {r1-r11}
    push  {r1-r11}
    .cfi_adjust_cfa_offset 44
    mov   weights, r10
.endm

/* Four filters begin: both positions with the biases. A lone position has its sums in r8 … r11, whose outputs are the
 * last to be stored. */
.macro EDGEHAR_BEGIN_FOUR
    ldm   weights!, {r4-r7}
    ldrd  x, y, [sp, #EDGEHAR_PLAN_X]
    mov   r8, r4
    mov   r9, r5
    mov   r10, r6
    mov   r11, r7
.endm

/* requantise_once: both roundings, the zero point and the product meet in 64 bits. */
.macro EDGEHAR_REQUANTISE sum
    and   low, \sum, #0x80000000
    orr   low, low, #0x40000000
    add   high, offset, \sum, asr #31
    smlal low, high, \sum, factor
    asr   high, high, right
    ssat  \sum, #8, high, asr #1
.endm

.macro EDGEHAR_REQUANTISE_BOTH sum, sum_
    ldrd  factor, right, [weights], #8
    ldr   offset, [sp, #EDGEHAR_PLAN_ZERO]
    lsl   offset, offset, right
    EDGEHAR_REQUANTISE \sum
    EDGEHAR_REQUANTISE \sum_
.endm

/* Eight outputs from the sums. */
.macro EDGEHAR_END_FOUR
    EDGEHAR_REQUANTISE_BOTH r4, r8
    EDGEHAR_REQUANTISE_BOTH r5, r9
    EDGEHAR_REQUANTISE_BOTH r6, r10
    EDGEHAR_REQUANTISE_BOTH r7, r11
    ldrd  r0, r1, [sp, #EDGEHAR_PLAN_OUT]
    strb  r4, [r0], #1
    strb  r5, [r0], #1
    strb  r6, [r0], #1
    strb  r7, [r0], #1
    strb  r8, [r1], #1
    strb  r9, [r1], #1
    strb  r10, [r1], #1
    strb  r11, [r1], #1
    strd  r0, r1, [sp, #EDGEHAR_PLAN_OUT]
    ldr   r3, [sp, #EDGEHAR_PLAN_WEIGHTS_END]
    cmp   weights, r3
.endm

.macro EDGEHAR_END_FOURS
    add   sp, sp, #44
    .cfi_adjust_cfa_offset -44
    EDGEHAR_LEAVE
.endm

/* One weight times both inputs. */
.macro EDGEHAR_FILTER a, b
    ldrsb weight, [weights], #1
    mla   \a, weight, p, \a
    mla   \b, weight, q, \b
.endm

.macro EDGEHAR_LONE sum
    ldrsb weight, [weights], #1
    mla   \sum, weight, p, \sum
.endm

EDGEHAR_FUNCTION edgehar_thumb2_conv
    EDGEHAR_BEGIN_FOURS
1:
    EDGEHAR_BEGIN_FOUR
    cmp   x, y
    beq.w 3f
    ldr   pc, [sp, #EDGEHAR_PLAN_ENTRY]
    .balign 4
2:
    .rept EDGEHAR_THUMB2_CHAIN
    ldrsb p, [x], #1
    ldrsb q, [y], #1
    EDGEHAR_FILTER r4, r8
    EDGEHAR_FILTER r5, r9
    EDGEHAR_FILTER r6, r10
    EDGEHAR_FILTER r7, r11
    .endr
EDGEHAR_PLACE edgehar_thumb2_conv_end
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_THUMB2_CHAIN * EDGEHAR_THUMB2_BYTES
    ldr   r3, [sp, #EDGEHAR_PLAN_END]
    cmp   x, r3
    bne.w 2b
    b     5f
3:
    ldr   q, [sp, #EDGEHAR_PLAN_END]
4:  /* an input of a lone position */
    ldrsb p, [x], #1
    EDGEHAR_LONE r8
    EDGEHAR_LONE r9
    EDGEHAR_LONE r10
    EDGEHAR_LONE r11
    cmp   x, q
    bne   4b
5:
    EDGEHAR_END_FOUR
    bne.w 1b
    EDGEHAR_END_FOURS
EDGEHAR_END edgehar_thumb2_conv

/* One channel's tap at both positions. */
.macro EDGEHAR_CHANNEL at, a, b
    ldrsb weight, [weights], #1
    ldrsb p, [x, #\at]
    mla   \a, weight, p, \a
    ldrsb p, [y, #\at]
    mla   \b, weight, p, \b
.endm

EDGEHAR_FUNCTION edgehar_thumb2_depthwise
    EDGEHAR_BEGIN_FOURS
1:
    EDGEHAR_BEGIN_FOUR
    ldr   channels, [sp, #EDGEHAR_PLAN_CHANNELS]
    cmp   x, y
    beq.w 3f
    ldr   r3, [sp, #EDGEHAR_PLAN_END]
    str   r3, [sp, #EDGEHAR_PLAN_LEFT]
    ldr   pc, [sp, #EDGEHAR_PLAN_ENTRY]
    .balign 4
2:
    .rept EDGEHAR_THUMB2_TAPS
    EDGEHAR_CHANNEL 0, r4, r8
    EDGEHAR_CHANNEL 1, r5, r9
    EDGEHAR_CHANNEL 2, r6, r10
    EDGEHAR_CHANNEL 3, r7, r11
    add.w x, x, channels
    add.w y, y, channels
    .endr
EDGEHAR_PLACE edgehar_thumb2_depthwise_end
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_THUMB2_TAPS * EDGEHAR_THUMB2_TAP_BYTES
    ldr   r3, [sp, #EDGEHAR_PLAN_LEFT]
    subs  r3, r3, #1
    str   r3, [sp, #EDGEHAR_PLAN_LEFT]
    bne.w 2b
    b     5f
3:
    ldr   y, [sp, #EDGEHAR_PLAN_INPUTS]
4:  /* a tap of a lone position */
    ldrsb p, [x]
    EDGEHAR_LONE r8
    ldrsb p, [x, #1]
    EDGEHAR_LONE r9
    ldrsb p, [x, #2]
    EDGEHAR_LONE r10
    ldrsb p, [x, #3]
    EDGEHAR_LONE r11
    add   x, x, channels
    subs  y, y, #1
    bne   4b
5:
    ldrd  x, y, [sp, #EDGEHAR_PLAN_X]
    adds  x, #4 /* the next four channels */
    adds  y, #4
    strd  x, y, [sp, #EDGEHAR_PLAN_X]
    EDGEHAR_END_FOUR
    bne.w 1b
    EDGEHAR_END_FOURS
EDGEHAR_END edgehar_thumb2_depthwise

#endif
