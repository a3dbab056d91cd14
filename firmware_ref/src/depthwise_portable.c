/* Depthwise 1D convolution; parameters: edgehar_conv. weights: [tap][filter], int8; scratch: none. */
#include "edgehar_kernels.h"

void edgehar_depthwise_portable(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *conv = parameters;
    const int filters = conv->out_channels, channels = conv->in_channels;
    int8_t *out = block->out;
    int position;

    for (position = 0; position < block->positions; position++) {
        const int8_t *column = block->columns + position * conv->stride * channels;
        int channel, filter = 0;
        for (channel = 0; channel < channels; channel++) {
            /* Filters stand in the order of their channels: as many for each. */
            const int end = filter + filters / channels;
            for (; filter < end; filter++) {
                const int8_t *weight = (const int8_t *)conv->weights + filter;
                const int8_t *x = column + channel;
                int32_t sum = conv->bias[filter];
                int tap;
                for (tap = 0; tap < conv->kernel; tap++, weight += filters, x += channels) {
                    sum += *weight * *x;
                }
                sum = edgehar_requantise(sum, conv->multiplier[filter], conv->shift[filter]) + conv->output_zero;
                *out++ = edgehar_clamp(sum, conv->activation_min, conv->activation_max);
            }
        }
    }
}
