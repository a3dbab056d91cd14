/* MEAN over time with the vector instructions (Helium) of Cortex-M55; parameters: edgehar_mean. The same as
 * edgehar_mean_time, four channels at a time, the last ones masked; where the shift is not to the left. */
#include "edgehar_mve.h"

#if EDGEHAR_WITH_MVE

void edgehar_mean_mve(const void *parameters, const edgehar_block *block)
{
    const edgehar_mean *const mean = parameters;
    const unsigned channels = mean->channels;
    const int first = block->first == 0, last = block->first + block->positions == mean->inputs;
    const int32x4_t multiplier = vdupq_n_s32(mean->multiplier), shift = vdupq_n_s32(mean->shift);
    int32_t *sums = block->scratch;

    for (unsigned channel = 0; channel < channels; channel += 4u, sums += 4) {
        const mve_pred16_t mask = vctp32q(channels - channel);
        const int8_t *x = block->columns + channel;
        int32x4_t sum = first ? vdupq_n_s32(0) : vldrwq_z_s32(sums, mask);
        for (int left = block->positions; left > 0; left--, x += channels) {
            sum = vaddq_s32(sum, vldrbq_z_s32(x, mask));
        }
        if (last) {
            sum = vaddq_n_s32(sum, mean->bias);
            /* Without a shift there is but one rounding. */
            sum = mean->shift < 0 ? requantise_vector(sum, multiplier, shift) : vqrdmulhq_s32(sum, multiplier);
            sum = vaddq_n_s32(sum, mean->output_zero);
            sum = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(-128)), vdupq_n_s32(127));
            vstrbq_p_s32(block->out + channel, sum, mask);
        } else {
            vstrwq_p_s32(sums, sum, mask);
        }
    }
}

#else

void edgehar_mean_mve(const void *parameters, const edgehar_block *block)
{
    edgehar_mean_time(parameters, block);
}

#endif
