/* The inner loops of conv1d_thumb.c for all of Thumb (Cortex-M0, M0+), which defines them in C.
 *
 *     void edgehar_thumb_conv(const thumb_plan *plan)
 *     void edgehar_thumb_depthwise(const thumb_plan *plan)
 *
 * One filter at four positions. Thumb multiplies in place and without addition, in the eight low registers; additions
 * reach the high ones, where the sums are. Instructions for four inputs: 45 for 16 products, 2.8 per product; depthwise,
 * for a tap: 20 for 4 products. A filter costs some 125 more with its four outputs. At a single position: 18 for 4 products,
 * depthwise 10 for one, and some 60 more. */
#include "edgehar_asm.h"

#if defined(__thumb__)

/* The plan's words, in the order of thumb_plan; it lies where the first word on the stack points. */
#define EDGEHAR_PLAN_WEIGHTS 0
#define EDGEHAR_PLAN_WEIGHTS_END 4
#define EDGEHAR_PLAN_OUT 8
#define EDGEHAR_PLAN_OUTPUT 12
#define EDGEHAR_PLAN_ZERO 24
#define EDGEHAR_PLAN_INPUTS 28
#define EDGEHAR_PLAN_END 32
#define EDGEHAR_PLAN_INPUT 36
#define EDGEHAR_PLAN_PITCH 48
/* On the stack. */
#define EDGEHAR_HERE_PLAN 0
#define EDGEHAR_HERE_OUT 4
#define EDGEHAR_HERE_WEIGHTS 8
#define EDGEHAR_HERE_X 12

/* EDGEHAR_ENTER needs Thumb-2. */
.macro EDGEHAR_ENTER_LOW
    push  {r4-r7, lr}
    mov   r4, r8
    mov   r5, r9
    mov   r6, r10
    mov   r7, r11
    push  {r4-r7}
    .cfi_adjust_cfa_offset 36
    .cfi_rel_offset r8, 0
    .cfi_rel_offset r9, 4
    .cfi_rel_offset r10, 8
    .cfi_rel_offset r11, 12
    .cfi_rel_offset r4, 16
    .cfi_rel_offset r5, 20
    .cfi_rel_offset r6, 24
    .cfi_rel_offset r7, 28
    .cfi_rel_offset lr, 32
    ldr   r1, [r0, #EDGEHAR_PLAN_OUT]
    ldr   r7, [r0, #EDGEHAR_PLAN_WEIGHTS]
    ldr   r3, [r0, #EDGEHAR_PLAN_INPUTS]
    movs  r2, r7
    push  {r0-r3} /* plan, out, weights, x */
    .cfi_adjust_cfa_offset 16
    movs  r1, #1
    lsls  r1, r1, #14
    mov   lr, r1 /* the half of requantisation's first rounding */
.endm

.macro EDGEHAR_LEAVE_LOW
    add   sp, sp, #16
    .cfi_adjust_cfa_offset -16
    pop   {r4-r7}
    .cfi_adjust_cfa_offset -16
    mov   r8, r4
    mov   r9, r5
    mov   r10, r6
    mov   r11, r7
    pop   {r4-r7, pc}
    .cfi_adjust_cfa_offset 16
.endm

/* A filter begins: four sums with its bias. */
.macro EDGEHAR_BEGIN_FILTER
    ldm   r7!, {r0}
    mov   r8, r0
    mov   r9, r0
    mov   r10, r0
    mov   r11, r0
.endm

/* The inputs in r0 … r3 times a weight. */
.macro EDGEHAR_MULTIPLY weight
    muls  r0, \weight, r0
    add   r8, r8, r0
    muls  r1, \weight, r1
    add   r9, r9, r1
    muls  r2, \weight, r2
    add   r10, r10, r2
    muls  r3, \weight, r3
    add   r11, r11, r3
.endm

/* An output of a sum. With sum = a1 * 2^16 + a0 and the multiplier m1 * 2^16 + m0, a0 signed and m0 not, the product less
 * its last 31 bits, rounded, is 2 * a1 * m1 + ((a1 * m0 + a0 * m1 + (a0 * m0 >> 16) + 2^14) >> 15); then requantise_once.
 * r4: m0, r5: shift, r6: m1, r12: zero point and half, lr: 2^14. */
.macro EDGEHAR_REQUANTISE sum
    mov   r0, \sum
    sxth  r1, r0
    subs  r2, r0, r1
    asrs  r2, r2, #16
    movs  r3, r1
    muls  r3, r4, r3
    asrs  r3, r3, #16
    muls  r1, r6, r1
    adds  r3, r3, r1
    movs  r1, r2
    muls  r1, r4, r1
    adds  r3, r3, r1
    add   r3, r3, lr
    asrs  r3, r3, #15
    muls  r2, r6, r2
    lsls  r2, r2, #1
    adds  r3, r3, r2
    asrs  r0, r0, #31
    adds  r3, r3, r0
    add   r3, r3, r12
    asrs  r3, r3, r5
    sxtb  r0, r3
    cmp   r0, r3
    beq   9f
    asrs  r3, r3, #31 /* beyond int8: 127, or its complement */
    movs  r0, #127
    eors  r0, r0, r3
9:
.endm

/* Four outputs from the sums, and on to the next filter; "equal" where there is none. */
.macro EDGEHAR_END_FILTER
    ldm   r7!, {r4, r5} /* multiplier, shift less 2 */
    str   r7, [sp, #EDGEHAR_HERE_WEIGHTS]
    ldr   r7, [sp, #EDGEHAR_HERE_PLAN]
    ldr   r0, [r7, #EDGEHAR_PLAN_ZERO]
    lsls  r0, r0, r5
    lsls  r0, r0, #1
    mov   r12, r0
    adds  r5, #2
    lsrs  r6, r4, #16
    uxth  r4, r4
    EDGEHAR_REQUANTISE r8
    ldr   r1, [sp, #EDGEHAR_HERE_OUT]
    strb  r0, [r1]
    ldr   r2, [r7, #EDGEHAR_PLAN_OUTPUT]
    cmp   r2, #0
    beq   8f /* a single position */
    EDGEHAR_REQUANTISE r9
    ldr   r1, [sp, #EDGEHAR_HERE_OUT]
    ldr   r2, [r7, #EDGEHAR_PLAN_OUTPUT]
    strb  r0, [r1, r2]
    EDGEHAR_REQUANTISE r10
    ldr   r1, [sp, #EDGEHAR_HERE_OUT]
    ldr   r2, [r7, #EDGEHAR_PLAN_OUTPUT + 4]
    strb  r0, [r1, r2]
    EDGEHAR_REQUANTISE r11
    ldr   r1, [sp, #EDGEHAR_HERE_OUT]
    ldr   r2, [r7, #EDGEHAR_PLAN_OUTPUT + 8]
    strb  r0, [r1, r2]
8:
    adds  r1, #1
    str   r1, [sp, #EDGEHAR_HERE_OUT]
    ldr   r1, [r7, #EDGEHAR_PLAN_WEIGHTS_END]
    ldr   r7, [sp, #EDGEHAR_HERE_WEIGHTS]
    cmp   r7, r1
.endm

EDGEHAR_FUNCTION edgehar_thumb_conv
    EDGEHAR_ENTER_LOW
1:
    EDGEHAR_BEGIN_FILTER
    ldr   r1, [sp, #EDGEHAR_HERE_PLAN]
    ldr   r0, [r1, #EDGEHAR_PLAN_END]
    mov   r12, r0
    ldr   r6, [sp, #EDGEHAR_HERE_X]
    ldr   r0, [r1, #EDGEHAR_PLAN_OUTPUT]
    cmp   r0, #0
    beq   4f
2:  /* four inputs */
    ldm   r7!, {r5}
    ldm   r6!, {r0-r3}
    sxtb  r4, r5
    EDGEHAR_MULTIPLY r4
    ldm   r6!, {r0-r3}
    asrs  r5, r5, #8
    sxtb  r4, r5
    EDGEHAR_MULTIPLY r4
    ldm   r6!, {r0-r3}
    asrs  r5, r5, #8
    sxtb  r4, r5
    EDGEHAR_MULTIPLY r4
    ldm   r6!, {r0-r3}
    asrs  r5, r5, #8
    EDGEHAR_MULTIPLY r5
    cmp   r6, r12
    bne   2b
    b     5f
4:  /* four inputs of a single position */
    ldm   r7!, {r5}
    ldm   r6!, {r0-r3}
    sxtb  r4, r5
    muls  r0, r4, r0
    add   r8, r8, r0
    asrs  r5, r5, #8
    sxtb  r4, r5
    muls  r1, r4, r1
    add   r8, r8, r1
    asrs  r5, r5, #8
    sxtb  r4, r5
    muls  r2, r4, r2
    add   r8, r8, r2
    asrs  r5, r5, #8
    muls  r3, r5, r3
    add   r8, r8, r3
    cmp   r6, r12
    bne   4b
5:
    EDGEHAR_END_FILTER
    beq   3f
    b     1b
3:
    EDGEHAR_LEAVE_LOW
EDGEHAR_END edgehar_thumb_conv

/* A tap: its weight comes into r5, and the first position adds its product. */
.macro EDGEHAR_FIRST_POSITION
    ldrb  r5, [r7]
    sxtb  r5, r5
    adds  r7, #1
    ldrb  r0, [r4]
    sxtb  r0, r0
    muls  r0, r5, r0
    add   r8, r8, r0
.endm

/* One tap of the next position: its input lies r6 behind x in r4. */
.macro EDGEHAR_POSITION at, sum
    ldr   r6, [r2, #EDGEHAR_PLAN_INPUT + \at]
    ldrsb r0, [r4, r6]
    muls  r0, r5, r0
    add   \sum, \sum, r0
.endm

EDGEHAR_FUNCTION edgehar_thumb_depthwise
    EDGEHAR_ENTER_LOW
1:
    EDGEHAR_BEGIN_FILTER
    ldr   r2, [sp, #EDGEHAR_HERE_PLAN]
    ldr   r1, [r2, #EDGEHAR_PLAN_END]
    ldr   r3, [r2, #EDGEHAR_PLAN_PITCH]
    ldr   r4, [sp, #EDGEHAR_HERE_X]
    adds  r0, r4, #1
    str   r0, [sp, #EDGEHAR_HERE_X]
    movs  r6, r7
    adds  r6, r6, r1
    mov   r12, r6 /* end of the weights */
    ldr   r0, [r2, #EDGEHAR_PLAN_OUTPUT]
    cmp   r0, #0
    beq   4f
2:  /* a tap */
    EDGEHAR_FIRST_POSITION
    EDGEHAR_POSITION 0, r9
    EDGEHAR_POSITION 4, r10
    EDGEHAR_POSITION 8, r11
    adds  r4, r4, r3
    cmp   r7, r12
    bne   2b
    b     5f
4:  /* a tap of a single position */
    EDGEHAR_FIRST_POSITION
    adds  r4, r4, r3
    cmp   r7, r12
    bne   4b
5:
    adds  r7, #3 /* the next whole word */
    movs  r0, #3
    bics  r7, r7, r0
    EDGEHAR_END_FILTER
    beq   3f
    b     1b
3:
    EDGEHAR_LEAVE_LOW
EDGEHAR_END edgehar_thumb_depthwise

#endif
