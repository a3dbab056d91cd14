/* The instructions of the DSP extension that the kernels of Cortex-M4, M7 and M33 use, and their definitions in C for
 * processors that are not of Arm, where the host's sanitizers see them. */
#ifndef EDGEHAR_DSP_H
#define EDGEHAR_DSP_H

#include "edgehar_kernels.h"
#include "edgehar_layout.h"

#include <stddef.h>

#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32
#define EDGEHAR_WITH_DSP 1
#else
#define EDGEHAR_WITH_DSP 0
#endif

static inline uint32_t load_bytes(const int8_t *from)
{
    uint32_t bytes;
    memcpy(&bytes, from, 4);
    return bytes;
}

#if EDGEHAR_WITH_DSP

/* The word's bytes 0 and 2 as int16. */
static inline uint32_t even_bytes(uint32_t bytes)
{
    uint32_t result;
    __asm("sxtb16 %0, %1" : "=r"(result) : "r"(bytes));
    return result;
}

/* The word's bytes 1 and 3 as int16. */
static inline uint32_t odd_bytes(uint32_t bytes)
{
    uint32_t result;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(bytes));
    return result;
}

/* The word's bytes 0 and 2, each added to a half of `sums`. */
static inline uint32_t add_even_bytes(uint32_t sums, uint32_t bytes)
{
    uint32_t result;
    __asm("sxtab16 %0, %1, %2" : "=r"(result) : "r"(sums), "r"(bytes));
    return result;
}

/* The word's bytes 1 and 3, each added to a half of `sums`. */
static inline uint32_t add_odd_bytes(uint32_t sums, uint32_t bytes)
{
    uint32_t result;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(sums), "r"(bytes));
    return result;
}

/* The bytes of each half exchanged. */
static inline uint32_t swap_bytes(uint32_t bytes)
{
    uint32_t result;
    __asm("rev16 %0, %1" : "=r"(result) : "r"(bytes));
    return result;
}

/* sum + (value * multiplier + 2^31) / 2^32, rounded down. */
static inline int32_t add_high_product(int32_t sum, int32_t value, int32_t multiplier)
{
    int32_t result;
    __asm("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(value), "r"(multiplier), "r"(sum));
    return result;
}

/* value / 2, rounded down and limited to int8. */
static inline int32_t saturate_half(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #8, %1, asr #1" : "=r"(result) : "r"(value));
    return result;
}

#else

static inline uint32_t even_bytes(uint32_t bytes)
{
    const uint32_t even = bytes & 0x00FF00FFu;
    return even | ((even & 0x00800080u) * 0x1FEu);
}

static inline uint32_t odd_bytes(uint32_t bytes)
{
    return even_bytes(bytes >> 8);
}

static inline uint32_t add_even_bytes(uint32_t sums, uint32_t bytes)
{
    const uint32_t even = even_bytes(bytes);
    return ((sums + even) & 0xFFFFu) | ((sums & 0xFFFF0000u) + (even & 0xFFFF0000u));
}

static inline uint32_t add_odd_bytes(uint32_t sums, uint32_t bytes)
{
    return add_even_bytes(sums, bytes >> 8);
}

static inline uint32_t swap_bytes(uint32_t bytes)
{
    return ((bytes & 0x00FF00FFu) << 8) | ((bytes >> 8) & 0x00FF00FFu);
}

static inline int32_t add_high_product(int32_t sum, int32_t value, int32_t multiplier)
{
    return sum + (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 31)) >> 32);
}

static inline int32_t saturate_half(int32_t value)
{
    return edgehar_clamp(value >> 1, -128, 127);
}

#endif

/* The quick requantisation, for sums within -2^30 … 2^30 - 1 that are shifted right by 1 … 23 and only saturate: the
 * packer (edgehar/compile/pack/dsp.py) has looked. `twice` is twice the sum, `right` one less than the shift, and `zero` is
 * 2 * output_zero + 1, so that zero << right is the zero point and the half that rounds, before the shift.
 *
 * Rounding half away from zero takes 1 from a negative product. The sum's sign serves as well: it differs only where
 * the product is 0, which less 1 still rounds to 0. */
static inline int8_t requantise_quickly(int32_t twice, int32_t multiplier, int right, int32_t zero)
{
    const int32_t offset = (int32_t)((uint32_t)zero << right);
    return (int8_t)saturate_half(add_high_product(offset + (twice >> 31), twice, multiplier) >> right);
}

#endif
