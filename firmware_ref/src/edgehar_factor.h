/* Many values times one factor, for kernels that work value by value. Internal. */
#ifndef EDGEHAR_FACTOR_H
#define EDGEHAR_FACTOR_H

#include "edgehar_dsp.h"
#include "edgehar_mve.h"

/* What depends on the factor alone, found once. */
typedef struct edgehar_factor {
    int32_t multiplier; /* 0 or more */
    int32_t half;       /* of what the shift to the right takes away */
    int32_t negative;   /* -1 where there is such a shift, else 0 */
    uint8_t left;       /* one more than the shift to the left */
    uint8_t right;
} edgehar_factor;

static inline edgehar_factor edgehar_factor_of(int32_t multiplier, int shift)
{
    edgehar_factor factor;
    factor.multiplier = multiplier;
    factor.half = shift < 0 ? 1 << (-shift - 1) : 0;
    factor.negative = shift < 0 ? -1 : 0;
    factor.left = (uint8_t)(shift > 0 ? shift + 1 : 1);
    factor.right = (uint8_t)(shift > 0 ? 0 : -shift);
    return factor;
}

/* edgehar_requantise for values that stay within ±2^30 after a shift to the left, or are within ±2^29 before one to the
 * right.
 *
 * The first rounding is that of a product with twice the value. The second rounds half away from zero, which takes 1 from a
 * negative product; the value's sign serves as well: it differs only where the product is 0, which less 1 still rounds
 * to 0. */
static inline int32_t edgehar_times(int32_t value, const edgehar_factor *factor)
{
    const int32_t twice = (int32_t)((uint32_t)value << factor->left);
    return add_high_product(factor->half + ((twice >> 31) & factor->negative), twice, factor->multiplier) >>
           factor->right;
}

#if EDGEHAR_WITH_MVE
/* edgehar_times of four values. */
static inline int32x4_t times_vector(int32x4_t values, const edgehar_factor *factor)
{
    const int32x4_t twice = vshlq_r_s32(values, factor->left);
    const int32x4_t sign = vandq_s32(vshrq_n_s32(twice, 31), vdupq_n_s32(factor->negative));
    const int32x4_t rounding = vaddq_n_s32(sign, factor->half);
    return vshlq_r_s32(vaddq_s32(vrmulhq_s32(twice, vdupq_n_s32(factor->multiplier)), rounding), -factor->right);
}

/* Four bytes as words; those that `kept` leaves out are 0. */
static inline int32x4_t load_vector(const int8_t *x, mve_pred16_t kept)
{
    return vldrbq_z_s32(x, kept);
}

/* edgehar_clamp of four values, stored as bytes where `kept` says so. */
static inline void store_vector(int8_t *out, int32x4_t values, int32_t least, int32_t most, mve_pred16_t kept)
{
    vstrbq_p_s32(out, vminq_s32(vmaxq_s32(values, vdupq_n_s32(least)), vdupq_n_s32(most)), kept);
}
#endif

#endif
