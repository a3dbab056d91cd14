/* Depthwise 1D convolution with the vector instructions (Helium) of Cortex-M55; parameters: edgehar_conv.
 *
 * Eight neighbouring channels of two positions go by together: bytes become int16, and VMULLB and VMULLT multiply the
 * even and the odd ones to int32. Where the channels are no multiple of 8, the last eight overlap the eight before.
 * The compiler takes this kernel for one filter per channel, 8 channels or more, and shifts to the right.
 *
 * weights: [tap][filter], int8; scratch: none.
 */
#include "edgehar_mve.h"

#if EDGEHAR_WITH_MVE

#define EDGEHAR_EIGHT 8u

/* Eight outputs of their sums, the even channels' and the odd ones'. */
static inline void store_eight(const edgehar_conv *conv, unsigned channel, int32x4_t even, int32x4_t odd, int8_t *out)
{
    const int32x4x2_t multiplier = vld2q_s32(conv->multiplier + channel);
    const int16x8_t shift = vldrbq_s16(conv->shift + channel);
    int16x8_t value = vdupq_n_s16(0);
    even = requantise_vector(even, multiplier.val[0], vmovlbq_s16(shift));
    odd = requantise_vector(odd, multiplier.val[1], vmovltq_s16(shift));
    value = vqmovntq_s32(vqmovnbq_s32(value, even), odd);
    value = vqaddq_n_s16(value, conv->output_zero);
    value = vmaxq_s16(value, vdupq_n_s16(conv->activation_min));
    vstrbq_s16(out + channel, vminq_s16(value, vdupq_n_s16(conv->activation_max)));
}

/* Eight channels at one position, or at two. */
static inline void multiply_eight(const edgehar_conv *conv, unsigned channel, const int8_t *x, unsigned step,
                                  int8_t *out, int two)
{
    const unsigned channels = conv->in_channels;
    const int8_t *weight = (const int8_t *)conv->weights + channel;
    const int32x4x2_t bias = vld2q_s32(conv->bias + channel);
    int32x4_t even = bias.val[0], odd = bias.val[1], even_ = even, odd_ = odd;
    const int8_t *y = x + step;
    for (unsigned left = conv->kernel; left > 0; left--, weight += channels, x += channels, y += channels) {
        const int16x8_t weights = vldrbq_s16(weight);
        int16x8_t columns = vldrbq_s16(x);
        even = vaddq_s32(even, vmullbq_int_s16(columns, weights));
        odd = vaddq_s32(odd, vmulltq_int_s16(columns, weights));
        if (two) {
            columns = vldrbq_s16(y);
            even_ = vaddq_s32(even_, vmullbq_int_s16(columns, weights));
            odd_ = vaddq_s32(odd_, vmulltq_int_s16(columns, weights));
        }
    }
    store_eight(conv, channel, even, odd, out);
    if (two) {
        store_eight(conv, channel, even_, odd_, out + channels);
    }
}

void edgehar_depthwise_mve(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned channels = conv->in_channels, step = conv->stride * channels;
    for (unsigned done = 0; done < channels; done += EDGEHAR_EIGHT) {
        const unsigned channel = done + EDGEHAR_EIGHT > channels ? channels - EDGEHAR_EIGHT : done;
        const int8_t *x = block->columns + channel;
        int8_t *out = block->out;
        int left = block->positions;
        for (; left > 1; left -= 2, x += 2u * step, out += 2u * channels) {
            multiply_eight(conv, channel, x, step, out, 1);
        }
        if (left > 0) {
            multiply_eight(conv, channel, x, step, out, 0);
        }
    }
}

#else

void edgehar_depthwise_mve(const void *parameters, const edgehar_block *block)
{
    edgehar_depthwise_portable(parameters, block);
}

#endif
