/* Requantisation in vectors (Helium, Cortex-M55), where all shifts are to the right: what the kernels in C share. */
#ifndef EDGEHAR_MVE_H
#define EDGEHAR_MVE_H

#include "edgehar_kernels.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define EDGEHAR_WITH_MVE 1
#include <arm_mve.h>

/* As edgehar_requantise. VRSHL rounds halves up; less 1, a negative product's half goes down. */
static inline int32x4_t requantise_vector(int32x4_t sums, int32x4_t multipliers, int32x4_t shifts)
{
    const int32x4_t product = vqrdmulhq_s32(sums, multipliers);
    return vrshlq_s32(vaddq_s32(product, vshrq_n_s32(product, 31)), shifts);
}

#else
#define EDGEHAR_WITH_MVE 0
#endif

#endif
