/* What the assembly files share. Each holds whole functions with the calling convention of Arm's procedure call
 * standard, in Thumb, or of RISC-V's, and is empty for processors that lack their instructions. */
/* clang-format off */
#ifndef EDGEHAR_ASM_H
#define EDGEHAR_ASM_H

#include "edgehar_layout.h"

#if defined(__linux__) && defined(__ELF__) /* or the linker takes the stack of a program with this file for code */
    .section .note.GNU-stack, "", %progbits
#endif

#if defined(__arm__) || EDGEHAR_RISCV
    .cfi_sections .debug_frame

/* A function begins: in a section of its own, so that the linker may drop it. */
.macro EDGEHAR_FUNCTION name
    .section .text.\name, "ax", %progbits
#ifdef __arm__
    .thumb
#endif
    .balign 4
    .global \name
    .type \name, %function
#ifdef __arm__
    .thumb_func
#endif
\name:
    .cfi_startproc
.endm

.macro EDGEHAR_END name
    .cfi_endproc
    .size \name, . - \name
.endm
#endif

#ifdef __arm__
    .syntax unified

/* A place in the code that C computes jumps from. */
.macro EDGEHAR_PLACE name
    .global \name
\name:
.endm

/* `bytes` of code since the local label `since`, or no program. */
.macro EDGEHAR_CHECK_SIZE since, bytes
    .if (. - \since) != (\bytes)
    .error "a loop's code has another size than edgehar_layout.h says: the jumps into it would miss"
    .endif
.endm

/* Save what a function must give back, and say so to debuggers; EDGEHAR_LEAVE returns. */
.macro EDGEHAR_ENTER
    push {r4-r11, lr}
    .cfi_adjust_cfa_offset 36
    .cfi_rel_offset r4, 0
    .cfi_rel_offset r5, 4
    .cfi_rel_offset r6, 8
    .cfi_rel_offset r7, 12
    .cfi_rel_offset r8, 16
    .cfi_rel_offset r9, 20
    .cfi_rel_offset r10, 24
    .cfi_rel_offset r11, 28
    .cfi_rel_offset lr, 32
.endm

.macro EDGEHAR_LEAVE
    pop {r4-r11, pc}
.endm

#endif

#endif
