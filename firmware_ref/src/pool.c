/* Pooling over time; parameters: edgehar_pool. Padding columns count for nothing. */
#include "edgehar_kernels.h"

void edgehar_max_pool(const void *parameters, const edgehar_block *block)
{
    const edgehar_pool *pool = parameters;
    const int channels = pool->channels;
    int8_t *out = block->out;
    int position, channel, tap;

    for (position = 0; position < block->positions; position++) {
        const int8_t *column = block->columns + position * pool->stride * channels;
        for (channel = 0; channel < channels; channel++) {
            const int8_t *x = column + channel;
            int32_t largest = *x;
            for (tap = 1; tap < pool->kernel; tap++) {
                x += channels;
                largest = *x > largest ? *x : largest;
            }
            *out++ = edgehar_clamp(largest, pool->activation_min, pool->activation_max);
        }
    }
}

void edgehar_average_pool(const void *parameters, const edgehar_block *block)
{
    const edgehar_pool *pool = parameters;
    const int channels = pool->channels;
    int8_t *out = block->out;
    int position, channel, tap;

    for (position = 0; position < block->positions; position++) {
        const int8_t *column = block->columns + position * pool->stride * channels;
        /* Padding columns are 0, so that only their number matters. */
        const int begin = (block->first + position) * pool->stride - pool->pad_left;
        const int after = begin + pool->kernel - pool->inputs;
        int count = pool->kernel;
        if (pool->padded) {
            count -= (begin < 0 ? -begin : 0) + (after > 0 ? after : 0);
        }
        for (channel = 0; channel < channels; channel++) {
            const int8_t *x = column + channel;
            int32_t sum = 0;
            for (tap = 0; tap < pool->kernel; tap++, x += channels) {
                sum += *x;
            }
            sum = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
            *out++ = edgehar_clamp(sum, pool->activation_min, pool->activation_max);
        }
    }
}
