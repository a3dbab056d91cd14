/* The inner loop of depthwise_dsp.c for Cortex-M4, M7 and M33, which defines it in C.
 *
 *     void edgehar_dsp_fours(const four_plan *plan)
 *
 * Fours of channels at one position. Instructions for four channels: 9 per tap, 2 per round, 6.5 per output, and 10. */
#include "edgehar_asm.h"

#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32

/* The plan's first words on the stack, in the order of four_plan. */
#define EDGEHAR_PLAN_ENTRY 0
#define EDGEHAR_PLAN_ROUNDS 4
#define EDGEHAR_PLAN_FOURS 8
#define EDGEHAR_PLAN_REWIND 12

weights  .req r0
x        .req r1
channels .req r2
out      .req r3
sum0     .req r4
sum1     .req r5
sum2     .req r6
sum3     .req r7
even     .req r8 /* weights of channels 0 and 2, then of 1 and 3 */
odd      .req r9
bytes    .req r10 /* then its even ones */
odds     .req r11
rounds   .req r12
zero     .req lr

/* edgehar_requantise_quickly */
.macro EDGEHAR_REQUANTISE sum, factor, right
    lsl   r12, zero, \right
    add   r12, r12, \sum, asr #31
    smmlar \sum, \sum, \factor, r12
    asr   \sum, \sum, \right
    ssat  \sum, #8, \sum, asr #1
.endm

EDGEHAR_FUNCTION edgehar_dsp_fours
    EDGEHAR_ENTER
    ldm   r0, {r4-r12}
    push  {r4-r7} /* entry, rounds, fours, rewind */
    .cfi_adjust_cfa_offset 16
    mov   weights, r8
    mov   x, r9
    mov   channels, r10
    mov   out, r11
    mov   zero, r12
1:  /* four channels */
    ldm   weights!, {sum0, sum1, sum2, sum3}
    ldr   rounds, [sp, #EDGEHAR_PLAN_ROUNDS]
    ldr   pc, [sp, #EDGEHAR_PLAN_ENTRY]
    .balign 4
2:
    .rept EDGEHAR_FOURS_CHAIN
    ldr.w bytes, [x]
    add.w x, x, channels
    ldrd  even, odd, [weights], #8
    sxtb16 odds, bytes, ror #8
    sxtb16 bytes, bytes
    smlabb sum0, bytes, even, sum0
    smlabb sum1, odds, odd, sum1
    smlatt sum2, bytes, even, sum2
    smlatt sum3, odds, odd, sum3
    .endr
EDGEHAR_PLACE edgehar_dsp_fours_end
    EDGEHAR_CHECK_SIZE 2b, EDGEHAR_FOURS_CHAIN * EDGEHAR_FOURS_BYTES
    subs  rounds, rounds, #1
    bne.w 2b
    ldm   weights!, {r8-r11} /* factor and shift, twice */
    EDGEHAR_REQUANTISE sum0, r8, r9
    EDGEHAR_REQUANTISE sum1, r10, r11
    ldm   weights!, {r8-r11}
    EDGEHAR_REQUANTISE sum2, r8, r9
    EDGEHAR_REQUANTISE sum3, r10, r11
    strb  sum0, [out], #1
    strb  sum1, [out], #1
    strb  sum2, [out], #1
    strb  sum3, [out], #1
    ldrd  r4, r5, [sp, #EDGEHAR_PLAN_FOURS]
    sub   x, x, r5 /* rewind */
    subs  r4, r4, #1
    str   r4, [sp, #EDGEHAR_PLAN_FOURS]
    bne.w 1b
    add   sp, sp, #16
    .cfi_adjust_cfa_offset -16
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_dsp_fours

#endif
