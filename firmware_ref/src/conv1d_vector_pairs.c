/* conv1d_vector_pairs.h in vectors of 128 bits: SSE2, NEON, WebAssembly's SIMD128. */
#include "conv1d_vector.h"

#ifdef EDGEHAR_VECTOR_PAIRS

#define EDGEHAR_PAIRS edgehar_conv1d_vector_pairs
#define EDGEHAR_LANES 8
#define EDGEHAR_TARGET

#if defined(__SSE2__)
#define EDGEHAR_DOT(one, other) ((vector_words)__builtin_ia32_pmaddwd128(one, other))
#elif defined(__wasm_simd128__)
#define EDGEHAR_DOT(one, other) __builtin_wasm_dot_s_i32x4_i16x8(one, other)
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define EDGEHAR_DOT(one, other)                                                                            \
    ((vector_words)vpaddq_s32(vmull_s16(vget_low_s16((int16x8_t)(one)), vget_low_s16((int16x8_t)(other))), \
                              vmull_high_s16((int16x8_t)(one), (int16x8_t)(other))))
#endif

#include "conv1d_vector_pairs.h"

#endif
