/* What C and assembly must agree on: how long the unrolled loops are, and how many bytes of code each of their rounds
 * takes, since C computes where they are entered. The assembly refuses to assemble where a size is another. */
#ifndef EDGEHAR_LAYOUT_H
#define EDGEHAR_LAYOUT_H

/* conv1d_dsp_block.S: double quads in the chains for two positions and for one. */
#define EDGEHAR_DSP_CHAIN_2 6
#define EDGEHAR_DSP_BYTES_2 92
#define EDGEHAR_DSP_CHAIN_1 4
#define EDGEHAR_DSP_BYTES_1 56

/* depthwise_dsp_fours.S: taps in the chain. */
#define EDGEHAR_FOURS_CHAIN 8
#define EDGEHAR_FOURS_BYTES 36

/* conv1d_thumb2_block.S: inputs in the chain, and taps of the depthwise one. */
#define EDGEHAR_THUMB2_CHAIN 8
#define EDGEHAR_THUMB2_BYTES 56
#define EDGEHAR_THUMB2_TAPS 4
#define EDGEHAR_THUMB2_TAP_BYTES 88

/* conv1d_mve_block.S: taps in the chains, which are also the most that their kernels may have; and the code that loads
 * the columns before the chain, one for each register to begin with. */
#define EDGEHAR_MVE_CHAIN 12
#define EDGEHAR_MVE_BYTES_8 40
#define EDGEHAR_MVE_HEAD_8 32
#define EDGEHAR_MVE_BYTES_4 44
#define EDGEHAR_MVE_HEAD_4 16
#define EDGEHAR_MVE_BYTES_2 28
#define EDGEHAR_MVE_HEAD_2 8

/* conv1d_riscv_block.S: whether a processor has what it takes. */
#if defined(__riscv) && defined(__riscv_mul) && __riscv_xlen == 32 && !defined(__riscv_32e) && !defined(__riscv_abi_rve)
#define EDGEHAR_RISCV 1
#else
#define EDGEHAR_RISCV 0
#endif

/* Word `word` of a struct that assembly loads in this order; only where pointers have 32 bits as there. */
#define EDGEHAR_WORD(type, field, word) \
    typedef char edgehar_word_##type##_##field[sizeof(void *) != 4 || offsetof(type, field) == 4 * (word) ? 1 : -1]

#endif
