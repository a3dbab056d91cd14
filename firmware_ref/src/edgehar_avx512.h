/* What the kernels for AVX-512 share: 16 sums to 16 bytes, with the roundings of edgehar_requantise. */
#ifndef EDGEHAR_AVX512_H
#define EDGEHAR_AVX512_H

#include <immintrin.h>

#define EDGEHAR_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

/* Multipliers and shifts of 16 sums, ready to use. */
typedef struct edgehar_factors {
    __m512i multiplier, odd_multiplier, left, right, mask, half;
} edgehar_factors;

EDGEHAR_INLINE EDGEHAR_TARGET edgehar_factors edgehar_factors_of(__m512i multiplier, __m512i shift)
{
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    edgehar_factors factors;
    factors.multiplier = multiplier;
    factors.odd_multiplier = _mm512_srli_epi64(multiplier, 32);
    factors.left = _mm512_max_epi32(shift, zero);
    factors.right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
    factors.mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, factors.right), one);
    factors.half = _mm512_srli_epi32(factors.mask, 1);
    return factors;
}

EDGEHAR_INLINE EDGEHAR_TARGET __m512i edgehar_requantise_16(__m512i value, const edgehar_factors *factors)
{
    const __m512i rounding = _mm512_set1_epi64((int64_t)1 << 30);
    __m512i even, odd, high, rest, threshold;

    value = _mm512_sllv_epi32(value, factors->left);
    even = _mm512_add_epi64(_mm512_mul_epi32(value, factors->multiplier), rounding);
    odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(value, 32), factors->odd_multiplier), rounding);
    /* Bits 31 … 62 of each: of the odd ones into the upper half. */
    high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    rest = _mm512_and_si512(high, factors->mask);
    threshold = _mm512_add_epi32(factors->half, _mm512_srli_epi32(high, 31));
    value = _mm512_srav_epi32(high, factors->right);
    return _mm512_mask_add_epi32(value, _mm512_cmpgt_epi32_mask(rest, threshold), value, _mm512_set1_epi32(1));
}

/* The first `count` lanes, 16 at most. */
EDGEHAR_INLINE __mmask16 edgehar_first_lanes(int count)
{
    return (__mmask16)(count >= 16 ? 0xFFFFu : (1u << count) - 1u);
}

#endif
