/* The inner loops of conv1d_mve.c for Cortex-M55; conv1d_mve_block.h defines them in C.
 *
 *     void edgehar_mve_block_8x1(const block_plan *plan)   eight positions times one filter after the other
 *     void edgehar_mve_block_4x2(const block_plan *plan)   four positions times two filters, for all pairs
 *     void edgehar_mve_block_2x2(const block_plan *plan)   two positions
 *     void edgehar_mve_block_1x2(const block_plan *plan)   one position
 *     void edgehar_mve_held_1(const block_plan *plan)      two positions of one flat vector each
 *     void edgehar_mve_held_2(const block_plan *plan)      two positions of two
 *     void edgehar_mve_finish(finish_plan *plan)           outputs from the sums
 */
#include "edgehar_asm.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

.macro EDGEHAR_ENTER_VECTORS
    EDGEHAR_ENTER
    vpush {d8-d13}
    .cfi_adjust_cfa_offset 48
    .cfi_rel_offset d8, 0
    .cfi_rel_offset d9, 8
    .cfi_rel_offset d10, 16
    .cfi_rel_offset d11, 24
    .cfi_rel_offset d12, 32
    .cfi_rel_offset d13, 40
.endm

.macro EDGEHAR_LEAVE_VECTORS
    vpop  {d8-d13}
    .cfi_adjust_cfa_offset -48
    EDGEHAR_LEAVE
.endm

weights .req r1
at      .req r3
sums    .req r11

/* One tap of sixteen channels; columns a, b, c are loaded, d is the next. VMLADAVA takes even general registers alone:
 * r0, r4, r8, r12 are the first filter's sums and r2, r6, r10, lr the second's. 11 instructions for 128 products. */
.macro EDGEHAR_TAP_4 a, b, c, d
    vldrb.8 q4, [weights], #16
    vldrb.8 \d, [at], #16
    vmladava.s8 r0, q4, \a
    vldrb.8 q5, [weights], #16
    vmladava.s8 r4, q4, \b
    vmladava.s8 r8, q4, \c
    vmladava.s8 r12, q4, \d
    vmladava.s8 r2, q5, \a
    vmladava.s8 r6, q5, \b
    vmladava.s8 r10, q5, \c
    vmladava.s8 lr, q5, \d
.endm

/* The columns before a chain that begins with register a, and into the chain. */
.macro EDGEHAR_HEAD_4 a, b, c
    vldrb.8 \a, [at], #16
    vldrb.8 \b, [at], #16
    vldrb.8 \c, [at], #16
    bx    r7
    nop
.endm

/* Instructions for a chunk: 3 columns, 11 per tap, 4 of jumps: 117 for 1,280 products at 10 taps, 0.091 per product. */
#define EDGEHAR_PLAN_STRIP 0 /* on the stack, with chunk_end behind it */
#define EDGEHAR_PLAN_FLAT_END 8
#define EDGEHAR_PLAN_PAIRS 12
entry .req r7
head  .req r9
end   .req r5
EDGEHAR_FUNCTION edgehar_mve_block_4x2
    EDGEHAR_ENTER
    vpush {d8-d11}
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset d8, 0
    .cfi_rel_offset d9, 8
    .cfi_rel_offset d10, 16
    .cfi_rel_offset d11, 24
    ldm   r0, {r1-r4}
    push  {r1-r4} /* strip, chunk_end, flat_end, pairs */
    .cfi_adjust_cfa_offset 16
    ldr   weights, [r0, #16]
    ldrd  entry, head, [r0, #20]
    ldr   sums, [r0, #28]
1:  /* a pair of filters */
    ldrd  at, end, [sp, #EDGEHAR_PLAN_STRIP]
    movs  r0, #0
    movs  r2, #0
    movs  r4, #0
    movs  r6, #0
    mov   r8, r0
    mov   r10, r0
    mov   r12, r0
    mov   lr, r0
    cmp   at, end
    beq.w 3f
    bx    head

    .balign 4
EDGEHAR_PLACE edgehar_mve_head_4
    EDGEHAR_HEAD_4 q0, q1, q2
    EDGEHAR_CHECK_SIZE edgehar_mve_head_4, EDGEHAR_MVE_HEAD_4
    EDGEHAR_HEAD_4 q1, q2, q3
    EDGEHAR_HEAD_4 q2, q3, q0
    EDGEHAR_HEAD_4 q3, q0, q1
    EDGEHAR_CHECK_SIZE edgehar_mve_head_4, 4 * EDGEHAR_MVE_HEAD_4
2:
    .rept EDGEHAR_MVE_CHAIN / 4
    EDGEHAR_TAP_4 q0, q1, q2, q3
    EDGEHAR_TAP_4 q1, q2, q3, q0
    EDGEHAR_TAP_4 q2, q3, q0, q1
    EDGEHAR_TAP_4 q3, q0, q1, q2
    .endr
EDGEHAR_PLACE edgehar_mve_end_4
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_MVE_CHAIN * EDGEHAR_MVE_BYTES_4
    cmp   at, end
    beq   3f
    bx    head
3:
    ldr   end, [sp, #EDGEHAR_PLAN_FLAT_END]
    cmp   at, end
    beq   5f
4:  /* the flat part: 16 instructions for 128 products */
    vldrb.8 q0, [at], #16
    vldrb.8 q1, [at], #16
    vldrb.8 q2, [at], #16
    EDGEHAR_TAP_4 q0, q1, q2, q3
    cmp   at, end
    bne   4b
5:
    stm   sums!, {r0, r2, r4, r6, r8, r10, r12, lr}
    ldr   r3, [sp, #EDGEHAR_PLAN_PAIRS]
    subs  r3, r3, #1
    str   r3, [sp, #EDGEHAR_PLAN_PAIRS]
    bne.w 1b
    add   sp, sp, #16
    .cfi_adjust_cfa_offset -16
    vpop  {d8-d11}
    .cfi_adjust_cfa_offset -32
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_mve_block_4x2

/* One tap of sixteen channels at eight positions: columns a … g are loaded, and the eighth takes the place of a, which
 * only the first position still needs. 10 instructions for 128 products. */
.macro EDGEHAR_TAP_8 a, b, c, d, e, f, g
    vldrb.8 q7, [weights], #32
    vmladava.s8 r0, q7, \a
    vldrb.8 \a, [at], #16
    vmladava.s8 r2, q7, \b
    vmladava.s8 r4, q7, \c
    vmladava.s8 r6, q7, \d
    vmladava.s8 r8, q7, \e
    vmladava.s8 r10, q7, \f
    vmladava.s8 r12, q7, \g
    vmladava.s8 lr, q7, \a
.endm

.macro EDGEHAR_HEAD_8 a, b, c, d, e, f, g
    vldrb.8 \a, [at], #16
    vldrb.8 \b, [at], #16
    vldrb.8 \c, [at], #16
    vldrb.8 \d, [at], #16
    vldrb.8 \e, [at], #16
    vldrb.8 \f, [at], #16
    vldrb.8 \g, [at], #16
    bx    r7
    nop
.endm

/* One position's vector of the flat part. */
.macro EDGEHAR_FLAT_8 sum
    vldrb.8 q0, [at], #16
    vmladava.s8 \sum, q7, q0
.endm

/* Instructions for a chunk and one filter: 7 columns, 10 per tap, 4 of jumps: 111 for 1,280 products at 10 taps, 0.087 per
 * product. */
#define EDGEHAR_PLAN_BACK 16  /* bytes from behind one filter's weights to the other's, which lie 16 further */
#define EDGEHAR_PLAN_FILTERS 20
EDGEHAR_FUNCTION edgehar_mve_block_8x1
    EDGEHAR_ENTER
    vpush {d8-d15}
    .cfi_adjust_cfa_offset 64
    .cfi_rel_offset d8, 0
    .cfi_rel_offset d9, 8
    .cfi_rel_offset d10, 16
    .cfi_rel_offset d11, 24
    .cfi_rel_offset d12, 32
    .cfi_rel_offset d13, 40
    .cfi_rel_offset d14, 48
    .cfi_rel_offset d15, 56
    ldm   r0, {r1-r4}
    ldr   r5, [r0, #32] /* back */
    movs  r6, #0
    push  {r1-r6} /* strip, chunk_end, flat_end, pairs, back, filters */
    .cfi_adjust_cfa_offset 24
    ldr   weights, [r0, #16]
    ldrd  entry, head, [r0, #20]
    ldr   sums, [r0, #28]
1:  /* a filter */
    ldrd  at, end, [sp, #EDGEHAR_PLAN_STRIP]
    movs  r0, #0
    movs  r2, #0
    movs  r4, #0
    movs  r6, #0
    mov   r8, r0
    mov   r10, r0
    mov   r12, r0
    mov   lr, r0
    bx    head

    .balign 4
EDGEHAR_PLACE edgehar_mve_head_8
    EDGEHAR_HEAD_8 q0, q1, q2, q3, q4, q5, q6
    EDGEHAR_CHECK_SIZE edgehar_mve_head_8, EDGEHAR_MVE_HEAD_8
    EDGEHAR_HEAD_8 q1, q2, q3, q4, q5, q6, q0
    EDGEHAR_HEAD_8 q2, q3, q4, q5, q6, q0, q1
    EDGEHAR_HEAD_8 q3, q4, q5, q6, q0, q1, q2
    EDGEHAR_HEAD_8 q4, q5, q6, q0, q1, q2, q3
    EDGEHAR_HEAD_8 q5, q6, q0, q1, q2, q3, q4
    EDGEHAR_HEAD_8 q6, q0, q1, q2, q3, q4, q5
    EDGEHAR_CHECK_SIZE edgehar_mve_head_8, 7 * EDGEHAR_MVE_HEAD_8
2:
    EDGEHAR_TAP_8 q0, q1, q2, q3, q4, q5, q6
    EDGEHAR_TAP_8 q1, q2, q3, q4, q5, q6, q0
    EDGEHAR_TAP_8 q2, q3, q4, q5, q6, q0, q1
    EDGEHAR_TAP_8 q3, q4, q5, q6, q0, q1, q2
    EDGEHAR_TAP_8 q4, q5, q6, q0, q1, q2, q3
    EDGEHAR_TAP_8 q5, q6, q0, q1, q2, q3, q4
    EDGEHAR_TAP_8 q6, q0, q1, q2, q3, q4, q5
    EDGEHAR_TAP_8 q0, q1, q2, q3, q4, q5, q6
    EDGEHAR_TAP_8 q1, q2, q3, q4, q5, q6, q0
    EDGEHAR_TAP_8 q2, q3, q4, q5, q6, q0, q1
    EDGEHAR_TAP_8 q3, q4, q5, q6, q0, q1, q2
    EDGEHAR_TAP_8 q4, q5, q6, q0, q1, q2, q3
EDGEHAR_PLACE edgehar_mve_end_8
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_MVE_CHAIN * EDGEHAR_MVE_BYTES_8
    cmp   at, end
    beq   3f
    bx    head
3:
    ldr   end, [sp, #EDGEHAR_PLAN_FLAT_END]
    cmp   at, end
    beq   5f
4:  /* the flat part: 17 instructions for 128 products */
    vldrb.8 q7, [weights], #32
    EDGEHAR_FLAT_8 r0
    EDGEHAR_FLAT_8 r2
    EDGEHAR_FLAT_8 r4
    EDGEHAR_FLAT_8 r6
    EDGEHAR_FLAT_8 r8
    EDGEHAR_FLAT_8 r10
    EDGEHAR_FLAT_8 r12
    EDGEHAR_FLAT_8 lr
    cmp   at, end
    bne   4b
5:
    stm   sums!, {r0, r2, r4, r6, r8, r10, r12, lr}
    ldrd  r2, r3, [sp, #EDGEHAR_PLAN_BACK]
    eors  r3, r3, #1
    str   r3, [sp, #EDGEHAR_PLAN_FILTERS]
    beq   6f
    sub   weights, weights, r2 /* the pair's second filter */
    b     1b
6:
    sub   weights, weights, #16
    ldr   r3, [sp, #EDGEHAR_PLAN_PAIRS]
    subs  r3, r3, #1
    str   r3, [sp, #EDGEHAR_PLAN_PAIRS]
    bne.w 1b
    add   sp, sp, #24
    .cfi_adjust_cfa_offset -24
    vpop  {d8-d15}
    .cfi_adjust_cfa_offset -64
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_mve_block_8x1

/* The same for two columns: 7 instructions for 64 products. */
.macro EDGEHAR_TAP_2 a, b
    vldrb.8 q2, [weights], #16
    vldrb.8 \b, [at], #16
    vmladava.s8 r0, q2, \a
    vldrb.8 q3, [weights], #16
    vmladava.s8 r4, q2, \b
    vmladava.s8 r2, q3, \a
    vmladava.s8 r6, q3, \b
.endm

.macro EDGEHAR_HEAD_2 a
    vldrb.8 \a, [at], #16
    bx    r7
    nop
.endm

/* 75 instructions for 640 products at 10 taps, 0.117 per product. */
strip     .req r12
chunk_end .req r8
flat_end  .req r10
pairs     .req lr
EDGEHAR_FUNCTION edgehar_mve_block_2x2
    EDGEHAR_ENTER
    ldm   r0, {r1, r8, r10, lr} /* strip, chunk_end, flat_end, pairs */
    mov   strip, r1
    ldr   weights, [r0, #16]
    ldrd  entry, head, [r0, #20]
    ldr   sums, [r0, #28]
1:
    mov   at, strip
    movs  r0, #0
    movs  r2, #0
    movs  r4, #0
    movs  r6, #0
    cmp   at, chunk_end
    beq.w 3f
    bx    head

    .balign 4
EDGEHAR_PLACE edgehar_mve_head_2
    EDGEHAR_HEAD_2 q0
    EDGEHAR_CHECK_SIZE edgehar_mve_head_2, EDGEHAR_MVE_HEAD_2
    EDGEHAR_HEAD_2 q1
    EDGEHAR_CHECK_SIZE edgehar_mve_head_2, 2 * EDGEHAR_MVE_HEAD_2
2:
    .rept EDGEHAR_MVE_CHAIN / 2
    EDGEHAR_TAP_2 q0, q1
    EDGEHAR_TAP_2 q1, q0
    .endr
EDGEHAR_PLACE edgehar_mve_end_2
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_MVE_CHAIN * EDGEHAR_MVE_BYTES_2
    cmp   at, chunk_end
    beq   3f
    bx    head
3:
    cmp   at, flat_end
    beq   5f
4:
    vldrb.8 q0, [at], #16
    EDGEHAR_TAP_2 q0, q1
    cmp   at, flat_end
    bne   4b
5:
    stm   sums!, {r0, r2, r4, r6}
    subs  pairs, pairs, #1
    bne.w 1b
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_mve_block_2x2

/* One vector of one position times two filters: 5 instructions for 32 products. */
.macro EDGEHAR_TAP_1
    vldrb.8 q0, [at], #16
    vldrb.8 q1, [weights], #16
    vldrb.8 q2, [weights], #16
    vmladava.s8 r2, q1, q0
    vmladava.s8 r4, q2, q0
.endm

/* The chunks are as flat as the rest. Instructions for four vectors: 4 x 5 + 1 = 21 for 128 products, 0.164 per product. */
begin     .req r10
fours     .req r5
rest      .req r9
left      .req r7
EDGEHAR_FUNCTION edgehar_mve_block_1x2
    EDGEHAR_ENTER
    ldrd  begin, r12, [r0] /* strip */
    ldrd  r5, left, [r0, #8] /* flat_end, pairs */
    ldr   weights, [r0, #16]
    ldr   sums, [r0, #28]
    sub   r5, r5, begin
    lsr   r5, r5, #4
    and   rest, r5, #3 /* vectors that are no four */
    lsr   fours, r5, #2
1:
    mov   at, begin
    movs  r2, #0
    movs  r4, #0
    wls   lr, fours, 3f
2:
    .rept 4
    EDGEHAR_TAP_1
    .endr
    le    lr, 2b
3:
    wls   lr, rest, 5f
4:
    EDGEHAR_TAP_1
    le    lr, 4b
5:
    stm   sums!, {r2, r4}
    subs  left, left, #1
    bne   1b
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_mve_block_1x2

/* Two positions whose columns stay in registers: 9 instructions for 64 products of one vector, 14 for 128 of two. */
.macro EDGEHAR_BEGIN_HELD
    EDGEHAR_ENTER
    vpush {d8-d11}
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset d8, 0
    .cfi_rel_offset d9, 8
    .cfi_rel_offset d10, 16
    .cfi_rel_offset d11, 24
    ldr   at, [r0] /* strip */
    ldrd  r2, weights, [r0, #12] /* pairs */
    ldr   sums, [r0, #28]
    vldrb.8 q0, [at], #16
    vldrb.8 q1, [at], #16
    dls   lr, r2
.endm

.macro EDGEHAR_END_HELD
    vpop  {d8-d11}
    .cfi_adjust_cfa_offset -32
    EDGEHAR_LEAVE
.endm

EDGEHAR_FUNCTION edgehar_mve_held_1
    EDGEHAR_BEGIN_HELD
1:
    vldrb.8 q4, [weights], #16
    vldrb.8 q5, [weights], #16
    vmladav.s8 r4, q4, q0
    vmladav.s8 r6, q5, q0
    vmladav.s8 r8, q4, q1
    vmladav.s8 r10, q5, q1
    stm   sums!, {r4, r6, r8, r10}
    le    lr, 1b
    EDGEHAR_END_HELD
EDGEHAR_END edgehar_mve_held_1

EDGEHAR_FUNCTION edgehar_mve_held_2
    EDGEHAR_BEGIN_HELD
    vldrb.8 q2, [at], #16
    vldrb.8 q3, [at], #16
1:
    vldrb.8 q4, [weights], #16
    vldrb.8 q5, [weights], #16
    vmladav.s8 r4, q4, q0
    vmladav.s8 r6, q5, q0
    vmladav.s8 r8, q4, q1
    vmladav.s8 r10, q5, q1
    vldrb.8 q4, [weights], #16
    vldrb.8 q5, [weights], #16
    vmladava.s8 r4, q4, q2
    vmladava.s8 r6, q5, q2
    vmladava.s8 r8, q4, q3
    vmladava.s8 r10, q5, q3
    stm   sums!, {r4, r6, r8, r10}
    le    lr, 1b
    EDGEHAR_END_HELD
EDGEHAR_END edgehar_mve_held_2

/* Requantise the sums of neighbouring filters, all shifts to the right.
 * Instructions for four outputs: 15, in a loop that masks the last ones; for a position 21 more. */
#define EDGEHAR_FINISH_SUMS 0
#define EDGEHAR_FINISH_OUT 16
#define EDGEHAR_FINISH_POSITIONS 44
#define EDGEHAR_FINISH_APART 48
bias       .req r2
multiplier .req r3
shift      .req r4
out        .req r5
filters    .req r6
zero       .req r7
EDGEHAR_FUNCTION edgehar_mve_finish
    EDGEHAR_ENTER_VECTORS
1:  /* a position */
    ldm   r0, {r1-r11} /* sums, bias, multiplier, shift, out, filters, zero, low, high, pitch, step */
    vdup.32 q5, r8
    vdup.32 q6, r9
    ldrd  r8, r9, [r0, #EDGEHAR_FINISH_APART] /* and next */
    add   r9, r1, r9
    str   r9, [r0, #EDGEHAR_FINISH_SUMS]
    add   r9, out, r11
    str   r9, [r0, #EDGEHAR_FINISH_OUT]
    add   r8, r1, r8
    add   r9, r1, r10
    add   r11, r8, r10
    vmov  q4[2], q4[0], r1, r9 /* addresses of four filters' sums */
    vmov  q4[3], q4[1], r8, r11
    lsl   r10, r10, #1
    dlstp.32 lr, filters
2:
    vldrw.u32 q0, [q4]
    vadd.i32 q4, q4, r10
    vldrw.u32 q1, [bias], #16
    vadd.i32 q0, q0, q1
    vldrw.u32 q2, [multiplier], #16
    vqrdmulh.s32 q0, q0, q2
    vldrb.s32 q3, [shift], #4
    vshr.s32 q1, q0, #31
    vadd.i32 q0, q0, q1
    vrshl.s32 q0, q0, q3
    vadd.i32 q0, q0, zero
    vmax.s32 q0, q0, q5
    vmin.s32 q0, q0, q6
    vstrb.32 q0, [out], #4
    letp  lr, 2b
    ldr   r1, [r0, #EDGEHAR_FINISH_POSITIONS]
    subs  r1, r1, #1
    str   r1, [r0, #EDGEHAR_FINISH_POSITIONS]
    bne   1b
    EDGEHAR_LEAVE_VECTORS
EDGEHAR_END edgehar_mve_finish

#endif
