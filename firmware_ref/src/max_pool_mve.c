/* Maximum over time with the vector instructions (Helium) of Cortex-M55; parameters: edgehar_pool.
 * The same as edgehar_max_pool, sixteen channels at a time: 7 instructions per tap, the last channels masked. */
#include "edgehar_kernels.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#include <arm_mve.h>

void edgehar_max_pool_mve(const void *parameters, const edgehar_block *block)
{
    const edgehar_pool *const pool = parameters;
    const unsigned channels = pool->channels;
    const int8x16_t low = vdupq_n_s8(pool->activation_min);
    const int8x16_t high = vdupq_n_s8(pool->activation_max);
    int8_t *out = block->out;

    for (unsigned position = 0; position < (unsigned)block->positions; position++) {
        const int8_t *column = block->columns + (size_t)(position * pool->stride) * channels;
        for (unsigned left = channels; left > 0; column += 16) {
            const unsigned now = left < 16u ? left : 16u;
            const mve_pred16_t mask = vctp8q(now);
            const int8_t *x = column;
            int8x16_t largest = low;
            for (unsigned tap = 0; tap < pool->kernel; tap++, x += channels) {
                largest = vmaxq_s8(largest, vldrbq_z_s8(x, mask));
            }
            vstrbq_p_s8(out, vminq_s8(largest, high), mask);
            out += now;
            left -= now;
        }
    }
}

#else

void edgehar_max_pool_mve(const void *parameters, const edgehar_block *block)
{
    edgehar_max_pool(parameters, block);
}

#endif
