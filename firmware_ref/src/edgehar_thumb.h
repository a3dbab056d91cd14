/* What the kernels of Cortex-M0 and M3 share, which have no DSP instructions: a requantisation in few instructions. */
#ifndef EDGEHAR_THUMB_H
#define EDGEHAR_THUMB_H

#include "edgehar_kernels.h"
#include "edgehar_layout.h"

#include <stddef.h>

/* Filters of a block, or channels: what is packed and computed together. */
#define EDGEHAR_FOUR 4u

/* How a filter's sums become outputs; its words lie behind its weights. */
typedef struct thumb_scale {
    int32_t multiplier; /* Q31 */
    int32_t right;      /* two less than the shift to the right, which is 2 … 23 */
} thumb_scale;

/* As edgehar_requantise with the zero point added, for sums within -2^29 … 2^29 - 1 and no bounds but int8's: both
 * roundings are added before the one shift. `zero` is 2 * output_zero + 1, so that it holds the half that rounds.
 *
 * Rounding half away from zero takes 1 from a negative product behind its first rounding. The sum's sign serves as
 * well: it differs only where the product is 0, which less 1 still rounds to 0. */
static inline int8_t requantise_once(int32_t sum, const thumb_scale *scale, int32_t zero)
{
    const int64_t half = ((int64_t)1 << 30) - (sum < 0 ? (int64_t)1 << 31 : 0);
    const int64_t offset = (int64_t)zero * ((int64_t)1 << (scale->right + 32));
    const int64_t product = (int64_t)sum * scale->multiplier + half + offset;
    return edgehar_clamp((int32_t)(product >> 32) >> (scale->right + 1), -128, 127);
}

#endif
