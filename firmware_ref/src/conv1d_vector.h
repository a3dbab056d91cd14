/* What the vector kernels of the hosts share: conv1d_vector.c has the layout of weights. */
#ifndef EDGEHAR_CONV1D_VECTOR_H
#define EDGEHAR_CONV1D_VECTOR_H

#include "edgehar_kernels.h"

#define EDGEHAR_VECTOR_FILTERS 16

/* Behind a block's quads of inputs. */
typedef struct edgehar_vector_tables {
    int32_t bias[EDGEHAR_VECTOR_FILTERS];
    int32_t unsigned_bias[EDGEHAR_VECTOR_FILTERS]; /* for inputs that are 128 more: less 128 * sum(weights) */
    int32_t multiplier[EDGEHAR_VECTOR_FILTERS];
    int32_t shift[EDGEHAR_VECTOR_FILTERS];
} edgehar_vector_tables;

/* Which of them are compiled: what compiler and processor can have, up to EDGEHAR_VECTOR_MOST. */
#ifndef EDGEHAR_VECTOR_MOST
#define EDGEHAR_VECTOR_MOST 3
#endif
#if defined(__GNUC__) && !defined(__arm__) && !defined(__riscv)
#if defined(__x86_64__) && EDGEHAR_VECTOR_MOST >= 3
#define EDGEHAR_VECTOR_VNNI 1
#endif
#if defined(__x86_64__) && EDGEHAR_VECTOR_MOST >= 2
#define EDGEHAR_VECTOR_AVX2 1
#endif
#if (defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__)) && EDGEHAR_VECTOR_MOST >= 1
#define EDGEHAR_VECTOR_PAIRS 1
#endif
#endif

#define EDGEHAR_INLINE static inline __attribute__((always_inline))
/* Not under a sanitizer, whose checks of every step of every unrolled loop take a compiler minutes. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDGEHAR_UNROLL
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define EDGEHAR_UNROLL
#endif
#ifdef EDGEHAR_UNROLL
#elif defined(__clang__)
#define EDGEHAR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define EDGEHAR_UNROLL _Pragma("GCC unroll 16")
#endif

/* Quads of a window's inputs: the last one is filled up by weights of 0. */
static inline int edgehar_vector_quads(const edgehar_conv *conv)
{
    return (conv->kernel * conv->in_channels + 3) / 4;
}

/* Behind a block's weights. */
static inline const edgehar_vector_tables *edgehar_vector_tables_of(const int8_t *weights, int quads)
{
    return (const edgehar_vector_tables *)(const void *)(weights + quads * 4 * EDGEHAR_VECTOR_FILTERS);
}

/* Bytes of one block of filters. */
static inline size_t edgehar_vector_block(const edgehar_conv *conv)
{
    return (size_t)edgehar_vector_quads(conv) * 4 * EDGEHAR_VECTOR_FILTERS + sizeof(edgehar_vector_tables);
}

/* Bytes of the columns of `positions` windows. */
static inline int edgehar_vector_bytes(const edgehar_conv *conv, int positions)
{
    return (conv->kernel + (positions - 1) * conv->stride) * conv->in_channels;
}

#ifdef EDGEHAR_VECTOR_VNNI
static inline int edgehar_vector_has_vnni(void)
{
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

void edgehar_conv1d_vector_pairs(const edgehar_conv *conv, const edgehar_block *block);
void edgehar_conv1d_vector_avx2(const edgehar_conv *conv, const edgehar_block *block);
void edgehar_conv1d_vector_vnni(const edgehar_conv *conv, const edgehar_block *block);

#endif
