/* What the convolutions by AVX-512 VNNI share: inputs are 128 more than they were, and unsigned. */
#ifndef EDGEHAR_CONV1D_VECTOR_VNNI_H
#define EDGEHAR_CONV1D_VECTOR_VNNI_H

#include "edgehar_avx512.h"

EDGEHAR_INLINE EDGEHAR_TARGET __m512i quad_at(const int8_t *x)
{
    int32_t quad;
    memcpy(&quad, x, sizeof quad);
    return _mm512_set1_epi32(quad);
}

/* The instruction itself: gcc 12 copies sums to and fro around its own function for it, and reads weights once for each
 * position. */
EDGEHAR_INLINE EDGEHAR_TARGET void add_products(__m512i *sums, __m512i inputs, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(inputs), "v"(weights));
}

/* From sums to bytes: 16 filters at one position after the other, those that exist. */
EDGEHAR_INLINE EDGEHAR_TARGET void finish(const edgehar_conv *conv, const edgehar_vector_tables *tables, int filter,
                                          const __m512i *sums, int8_t *out, const int positions)
{
    const __mmask16 real = edgehar_first_lanes(conv->out_channels - filter);
    const __m512i bias = _mm512_loadu_si512(tables->unsigned_bias), zero = _mm512_set1_epi32(conv->output_zero);
    const __m512i low = _mm512_set1_epi32(conv->activation_min), high = _mm512_set1_epi32(conv->activation_max);
    const edgehar_factors factors =
        edgehar_factors_of(_mm512_loadu_si512(tables->multiplier), _mm512_loadu_si512(tables->shift));
    int position;

    EDGEHAR_UNROLL for (position = 0; position < positions; position++)
    {
        __m512i value = edgehar_requantise_16(_mm512_add_epi32(sums[position], bias), &factors);
        value = _mm512_min_epi32(_mm512_max_epi32(_mm512_add_epi32(value, zero), low), high);
        _mm512_mask_cvtepi32_storeu_epi8(out + position * conv->out_channels + filter, real, value);
    }
}

/* A copy of the inputs, 128 more, and 4 bytes behind it: the last quad may end there. */
EDGEHAR_INLINE EDGEHAR_TARGET const int8_t *unsigned_copy(const int8_t *from, int bytes, int8_t *to)
{
    const __m512i sign = _mm512_set1_epi8(-128);
    int at;
    for (at = 0; at + 64 <= bytes; at += 64) {
        _mm512_storeu_si512(to + at, _mm512_xor_si512(sign, _mm512_loadu_si512(from + at)));
    }
    if (at < bytes) {
        const __mmask64 rest = ~(__mmask64)0 >> (64 - (bytes - at));
        _mm512_mask_storeu_epi8(to + at, rest, _mm512_xor_si512(sign, _mm512_maskz_loadu_epi8(rest, from + at)));
    }
    memset(to + bytes, 0, 4);
    return to;
}

#endif
