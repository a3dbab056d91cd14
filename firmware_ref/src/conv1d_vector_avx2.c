/* conv1d_vector_pairs.h in vectors of 256 bits, for processors that have AVX2. */
#include "conv1d_vector.h"

#ifdef EDGEHAR_VECTOR_AVX2

#define EDGEHAR_PAIRS edgehar_conv1d_vector_avx2
#define EDGEHAR_LANES 16
#define EDGEHAR_TARGET __attribute__((target("avx2")))
#define EDGEHAR_DOT(one, other) ((vector_words)__builtin_ia32_pmaddwd256(one, other))

#include "conv1d_vector_pairs.h"

#endif
