/* The inner loops of conv1d_riscv.c for RISC-V with 32-bit words and 32 registers, which defines them in C.
 *
 *     void edgehar_riscv_conv(const riscv_plan *plan)
 *     void edgehar_riscv_depthwise(const riscv_plan *plan)
 *
 * Four filters at four positions: 2.6 instructions per product, 3.6 depthwise; 13 for an output. A single position, which
 * all four are then, takes 4 and 4.8 per product. */
/* clang-format off */
#include "edgehar_asm.h"

#if EDGEHAR_RISCV

/* The plan's words, in the order of riscv_plan; it lies where the first word on the stack points. */
#define EDGEHAR_PLAN_X 0
#define EDGEHAR_PLAN_OUT 16
#define EDGEHAR_PLAN_WEIGHTS 32
#define EDGEHAR_PLAN_WEIGHTS_END 36
#define EDGEHAR_PLAN_INPUTS 40
#define EDGEHAR_PLAN_PITCH 44
#define EDGEHAR_PLAN_NUDGE 48
#define EDGEHAR_PLAN_LOW 52
#define EDGEHAR_PLAN_HIGH 56
/* On the stack; how many bytes of outputs are done; inputs that the chain's first round skips; who called to finish. */
#define EDGEHAR_HERE_PLAN 0
#define EDGEHAR_HERE_DONE 4
#define EDGEHAR_HERE_SKIP 8
#define EDGEHAR_HERE_RETURN 12
#define EDGEHAR_FRAME 80

/* Sums of filter 0 … 3 at position 0 … 3: s0 … s3, s4 … s7, s8 … s11, t3 … t6.
 * a0 … a3: the positions' inputs; a4: weights; a5: where the loop ends; a6, a7, t0 … t2, ra: for values. */

.macro EDGEHAR_SAVE register, at
    sw    \register, \at(sp)
    .cfi_rel_offset \register, \at
.endm

.macro EDGEHAR_ENTER
    addi  sp, sp, -EDGEHAR_FRAME
    .cfi_adjust_cfa_offset EDGEHAR_FRAME
    EDGEHAR_SAVE ra, 76
    EDGEHAR_SAVE s0, 72
    EDGEHAR_SAVE s1, 68
    EDGEHAR_SAVE s2, 64
    EDGEHAR_SAVE s3, 60
    EDGEHAR_SAVE s4, 56
    EDGEHAR_SAVE s5, 52
    EDGEHAR_SAVE s6, 48
    EDGEHAR_SAVE s7, 44
    EDGEHAR_SAVE s8, 40
    EDGEHAR_SAVE s9, 36
    EDGEHAR_SAVE s10, 32
    EDGEHAR_SAVE s11, 28
    sw    a0, EDGEHAR_HERE_PLAN(sp)
    sw    zero, EDGEHAR_HERE_DONE(sp)
    lw    a4, EDGEHAR_PLAN_WEIGHTS(a0)
    mv    a5, a0
.endm

.macro EDGEHAR_LEAVE
    lw    ra, 76(sp)
    lw    s0, 72(sp)
    lw    s1, 68(sp)
    lw    s2, 64(sp)
    lw    s3, 60(sp)
    lw    s4, 56(sp)
    lw    s5, 52(sp)
    lw    s6, 48(sp)
    lw    s7, 44(sp)
    lw    s8, 40(sp)
    lw    s9, 36(sp)
    lw    s10, 32(sp)
    lw    s11, 28(sp)
    addi  sp, sp, EDGEHAR_FRAME
    ret
.endm

/* Four sums of a filter begin with its bias. */
.macro EDGEHAR_BIAS at, p, q, r, s
    lw    \p, 4 * \at(a4)
    mv    \q, \p
    mv    \r, \p
    mv    \s, \p
.endm

.macro EDGEHAR_BIASES
    EDGEHAR_BIAS 0, s0, s4, s8, t3
    EDGEHAR_BIAS 1, s1, s5, s9, t4
    EDGEHAR_BIAS 2, s2, s6, s10, t5
    EDGEHAR_BIAS 3, s3, s7, s11, t6
.endm

/* A weight times the four positions' inputs in a6, a7, t0, t1. */
.macro EDGEHAR_WEIGHT at, p, q, r, s
    lb    t2, \at(a4)
    mul   ra, t2, a6
    add   \p, \p, ra
    mul   ra, t2, a7
    add   \q, \q, ra
    mul   ra, t2, t0
    add   \r, \r, ra
    mul   ra, t2, t1
    add   \s, \s, ra
.endm

/* The input at `at` of all positions times the weights of four filters. */
.macro EDGEHAR_INPUT at
    lb    a6, \at(a0)
    lb    a7, \at(a1)
    lb    t0, \at(a2)
    lb    t1, \at(a3)
    EDGEHAR_WEIGHT 4 * \at, s0, s4, s8, t3
    EDGEHAR_WEIGHT 4 * \at + 1, s1, s5, s9, t4
    EDGEHAR_WEIGHT 4 * \at + 2, s2, s6, s10, t5
    EDGEHAR_WEIGHT 4 * \at + 3, s3, s7, s11, t6
.endm

/* A product of a single position's input, which is in a6. */
.macro EDGEHAR_SINGLE at, sum
    lb    t2, \at(a4)
    mul   t2, t2, a6
    add   \sum, \sum, t2
.endm

.macro EDGEHAR_SINGLE_CHANNEL at, sum
    lb    a6, \at(a0)
    EDGEHAR_SINGLE \at, \sum
.endm

/* One tap of a channel, whose inputs have an address each. */
.macro EDGEHAR_CHANNEL at, p, q, r, s
    lb    t2, \at(a4)
    lb    a6, \at(a0)
    lb    a7, \at(a1)
    lb    t0, \at(a2)
    lb    t1, \at(a3)
    mul   a6, a6, t2
    add   \p, \p, a6
    mul   a7, a7, t2
    add   \q, \q, a7
    mul   t0, t0, t2
    add   \r, \r, t0
    mul   t1, t1, t2
    add   \s, \s, t1
.endm

/* An output of a sum: requantise_right and the bounds. ra: twice the multiplier, a7: one less than the shift,
 * t0: nudge, t1: low, t2: high. */
.macro EDGEHAR_OUTPUT sum, at, out
    mul   a5, \sum, ra
    mulhsu a6, \sum, ra
    srai  \sum, \sum, 31
    srli  a5, a5, 31
    add   a6, a6, \sum
    add   a6, a6, a5
    sra   a6, a6, a7
    add   a6, a6, t0
    srai  a6, a6, 1
    bge   a6, t1, 8f
    mv    a6, t1
8:  ble   a6, t2, 9f
    mv    a6, t2
9:  sb    a6, \at(\out)
.endm

/* The outputs of a filter; its scale lies at a4. */
.macro EDGEHAR_OUTPUTS at, p, q, r, s
    lw    ra, 8 * \at(a4)
    lw    a7, 8 * \at + 4(a4)
    EDGEHAR_OUTPUT \p, \at, a0
    beq   a0, a1, 7f
    EDGEHAR_OUTPUT \q, \at, a1
    EDGEHAR_OUTPUT \r, \at, a2
    EDGEHAR_OUTPUT \s, \at, a3
7:
.endm

/* Where the positions' inputs begin; a5 is the plan. */
.macro EDGEHAR_INPUTS
    lw    a0, EDGEHAR_PLAN_X(a5)
    lw    a1, EDGEHAR_PLAN_X + 4(a5)
    lw    a2, EDGEHAR_PLAN_X + 8(a5)
    lw    a3, EDGEHAR_PLAN_X + 12(a5)
.endm

/* Sixteen outputs, of the sums and the scales at a4; gives in a4 the weights behind these, in a5 the plan, in a6 where
 * the weights end. */
EDGEHAR_FUNCTION edgehar_riscv_finish
    sw    ra, EDGEHAR_HERE_RETURN(sp)
    .cfi_rel_offset ra, EDGEHAR_HERE_RETURN
    lw    a5, EDGEHAR_HERE_PLAN(sp)
    lw    a6, EDGEHAR_HERE_DONE(sp)
    lw    a0, EDGEHAR_PLAN_OUT(a5)
    lw    a1, EDGEHAR_PLAN_OUT + 4(a5)
    lw    a2, EDGEHAR_PLAN_OUT + 8(a5)
    lw    a3, EDGEHAR_PLAN_OUT + 12(a5)
    lw    t0, EDGEHAR_PLAN_NUDGE(a5)
    lw    t1, EDGEHAR_PLAN_LOW(a5)
    lw    t2, EDGEHAR_PLAN_HIGH(a5)
    add   a0, a0, a6
    add   a1, a1, a6
    add   a2, a2, a6
    add   a3, a3, a6
    addi  a6, a6, 4
    sw    a6, EDGEHAR_HERE_DONE(sp)
    EDGEHAR_OUTPUTS 0, s0, s4, s8, t3
    EDGEHAR_OUTPUTS 1, s1, s5, s9, t4
    EDGEHAR_OUTPUTS 2, s2, s6, s10, t5
    EDGEHAR_OUTPUTS 3, s3, s7, s11, t6
    lw    a5, EDGEHAR_HERE_PLAN(sp)
    addi  a4, a4, 32
    lw    a6, EDGEHAR_PLAN_WEIGHTS_END(a5)
    lw    ra, EDGEHAR_HERE_RETURN(sp)
    ret
EDGEHAR_END edgehar_riscv_finish

/* The loop is entered where it ends with the last input. */
EDGEHAR_FUNCTION edgehar_riscv_conv
    EDGEHAR_ENTER
    lw    a6, EDGEHAR_PLAN_INPUTS(a5)
    neg   a6, a6
    andi  a6, a6, 3
    sw    a6, EDGEHAR_HERE_SKIP(sp)
1:
    EDGEHAR_BIASES
    EDGEHAR_INPUTS
    lw    a6, EDGEHAR_HERE_SKIP(sp)
    lw    a7, EDGEHAR_PLAN_INPUTS(a5)
    add   a5, a0, a7
    addi  a4, a4, 16
    beq   a0, a1, 6f
    beqz  a6, 2f
    sub   a0, a0, a6
    sub   a1, a1, a6
    sub   a2, a2, a6
    sub   a3, a3, a6
    slli  a7, a6, 2
    sub   a4, a4, a7
    addi  a6, a6, -2
    bltz  a6, 3f
    beqz  a6, 4f
    j     5f
2:
    EDGEHAR_INPUT 0
3:
    EDGEHAR_INPUT 1
4:
    EDGEHAR_INPUT 2
5:
    EDGEHAR_INPUT 3
    addi  a0, a0, 4
    addi  a1, a1, 4
    addi  a2, a2, 4
    addi  a3, a3, 4
    addi  a4, a4, 16
    bne   a0, a5, 2b
    j     7f
6:  /* an input of a single position */
    lb    a6, 0(a0)
    EDGEHAR_SINGLE 0, s0
    EDGEHAR_SINGLE 1, s1
    EDGEHAR_SINGLE 2, s2
    EDGEHAR_SINGLE 3, s3
    addi  a0, a0, 1
    addi  a4, a4, 4
    bne   a0, a5, 6b
7:
    call  edgehar_riscv_finish
    bne   a4, a6, 1b
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_riscv_conv

EDGEHAR_FUNCTION edgehar_riscv_depthwise
    EDGEHAR_ENTER
1:
    EDGEHAR_BIASES
    EDGEHAR_INPUTS
    lw    a6, EDGEHAR_HERE_DONE(sp)
    lw    a7, EDGEHAR_PLAN_INPUTS(a5)
    lw    ra, EDGEHAR_PLAN_PITCH(a5)
    add   a0, a0, a6
    add   a1, a1, a6
    add   a2, a2, a6
    add   a3, a3, a6
    slli  a7, a7, 2
    addi  a4, a4, 16
    add   a5, a4, a7
    beq   a0, a1, 3f
2:  /* a tap */
    EDGEHAR_CHANNEL 0, s0, s4, s8, t3
    EDGEHAR_CHANNEL 1, s1, s5, s9, t4
    EDGEHAR_CHANNEL 2, s2, s6, s10, t5
    EDGEHAR_CHANNEL 3, s3, s7, s11, t6
    add   a0, a0, ra
    add   a1, a1, ra
    add   a2, a2, ra
    add   a3, a3, ra
    addi  a4, a4, 4
    bne   a4, a5, 2b
    j     4f
3:  /* a tap of a single position */
    EDGEHAR_SINGLE_CHANNEL 0, s0
    EDGEHAR_SINGLE_CHANNEL 1, s1
    EDGEHAR_SINGLE_CHANNEL 2, s2
    EDGEHAR_SINGLE_CHANNEL 3, s3
    add   a0, a0, ra
    addi  a4, a4, 4
    bne   a4, a5, 3b
4:
    call  edgehar_riscv_finish
    bne   a4, a6, 1b
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_riscv_depthwise

#endif
