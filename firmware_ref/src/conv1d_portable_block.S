/* The inner loop of conv1d_portable.c for processors with Thumb-2, which defines it in C for all others. Compilers spill
 * here: eight sums, two inputs, a weight and three pointers take all fourteen registers.
 *
 *     void edgehar_portable_block_4x2(const int8_t *x, const int8_t *y, const int8_t *weights, int length,
 *                                     int32_t *sums)
 *
 * Instructions for eight inputs: 8 x 14 + 3 = 115 for 64 products, 1.80 per product. */
#include "edgehar_asm.h"

#if defined(__thumb2__)

x       .req r0
y       .req r1
weights .req r2
length  .req r3
weight  .req r3
p       .req r12
q       .req lr

/* One weight times both inputs. */
.macro EDGEHAR_FILTER a, b
    ldrsb weight, [weights], #1
    mla   \a, weight, p, \a
    mla   \b, weight, q, \b
.endm

/* One input of each position: 6 loads and 8 MLA for 8 products. */
.macro EDGEHAR_INPUT
    ldrsb p, [x], #1
    ldrsb q, [y], #1
    EDGEHAR_FILTER r4, r8
    EDGEHAR_FILTER r5, r9
    EDGEHAR_FILTER r6, r10
    EDGEHAR_FILTER r7, r11
.endm

EDGEHAR_FUNCTION edgehar_portable_block_4x2
    EDGEHAR_ENTER
    add   r5, x, length
    bic   length, length, #7
    add   r4, x, length
    push  {r4, r5} /* end of the eights, end */
    .cfi_adjust_cfa_offset 8
    movs  r4, #0
    movs  r5, #0
    movs  r6, #0
    movs  r7, #0
    mov   r8, r4
    mov   r9, r4
    mov   r10, r4
    mov   r11, r4
    cmp   length, #0
    beq.w 2f
1:
    .rept 8
    EDGEHAR_INPUT
    .endr
    ldr   r3, [sp]
    cmp   x, r3
    bne   1b
2:
    ldr   r3, [sp, #4]
    cmp   x, r3
    beq   3f
    EDGEHAR_INPUT
    b     2b
3:
    ldr   r0, [sp, #44] /* sums: the fifth argument, behind two words and nine registers */
    stm   r0, {r4-r11}
    add   sp, sp, #8
    .cfi_adjust_cfa_offset -8
    EDGEHAR_LEAVE
EDGEHAR_END edgehar_portable_block_4x2

#endif
