/* The two functions by their definition, as slow as that is. */
#include "arm_nnfunctions.h"

static int8_t finish(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset, cmsis_nn_activation bounds)
{
    const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const int32_t high = (int32_t)(((int64_t)sum * (1 << left) * multiplier + ((int64_t)1 << 30)) >> 31);
    const int32_t mask = (int32_t)((1u << right) - 1u);
    const int32_t value = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0)) + offset;
    return (int8_t)(value < bounds.min ? bounds.min : value > bounds.max ? bounds.max : value);
}

/* One output; weights lie `pitch` apart from tap to tap, and `width` channels of each tap belong to it. */
static int32_t dot(const int8_t *input, int32_t columns, int32_t channels, int32_t begin, const int8_t *weight,
                   int32_t taps, int32_t pitch, int32_t width, int32_t offset)
{
    int32_t sum = 0;
    for (int32_t tap = 0; tap < taps; tap++) {
        for (int32_t at = 0; at < width && begin + tap >= 0 && begin + tap < columns; at++) {
            sum += weight[tap * pitch + at] * (input[(begin + tap) * channels + at] + offset);
        }
    }
    return sum;
}

arm_cmsis_nn_status arm_convolve_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_conv_params *params,
                                            const cmsis_nn_per_channel_quant_params *scales,
                                            const cmsis_nn_dims *input_dims, const int8_t *input,
                                            const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                            const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                            const cmsis_nn_dims *output_dims, int8_t *output)
{
    const int32_t channels = input_dims->c;
    (void)ctx;
    (void)bias_dims;
    for (int32_t column = 0; column < output_dims->w; column++) {
        const int32_t begin = column * params->stride.w - params->padding.w;
        for (int32_t at = 0; at < output_dims->c; at++) {
            const int8_t *weight = filter + at * filter_dims->w * channels;
            const int32_t sum = dot(input, input_dims->w, channels, begin, weight, filter_dims->w, channels, channels,
                                    params->input_offset);
            *output++ = finish(sum + bias[at], scales->multiplier[at], scales->shift[at], params->output_offset,
                               params->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_dw_conv_params *params,
                                                  const cmsis_nn_per_channel_quant_params *scales,
                                                  const cmsis_nn_dims *input_dims, const int8_t *input,
                                                  const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                                  const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                  const cmsis_nn_dims *output_dims, int8_t *output)
{
    (void)ctx;
    (void)bias_dims;
    for (int32_t column = 0; column < output_dims->w; column++) {
        const int32_t begin = column * params->stride.w - params->padding.w;
        for (int32_t at = 0; at < output_dims->c; at++) {
            const int32_t sum = dot(input + at / params->ch_mult, input_dims->w, input_dims->c, begin, filter + at,
                                    filter_dims->w, output_dims->c, 1, params->input_offset);
            *output++ = finish(sum + bias[at], scales->multiplier[at], scales->shift[at], params->output_offset,
                               params->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}
