/* MAX_POOL_2D in vectors of 16 channels; parameters: edgehar_pool. Fewer than 16 go to the portable kernel. */
#include "conv1d_vector.h"

#ifdef EDGEHAR_VECTOR_PAIRS

typedef int8_t bytes16 __attribute__((vector_size(16)));

EDGEHAR_INLINE bytes16 larger(bytes16 one, bytes16 other)
{
    const bytes16 more = one > other;
    return (one & more) | (other & ~more);
}

EDGEHAR_INLINE bytes16 bytes_at(const int8_t *from)
{
    bytes16 bytes;
    memcpy(&bytes, from, sizeof bytes);
    return bytes;
}

static void max_pool(const edgehar_pool *pool, const edgehar_block *block)
{
    const int channels = pool->channels;
    const bytes16 none = {0}, low = none + pool->activation_min, high = none + pool->activation_max;
    int8_t *out = block->out;
    int position, channel, tap;

    for (position = 0; position < block->positions; position++, out += channels) {
        const int8_t *column = block->columns + position * pool->stride * channels;
        for (channel = 0; channel < channels; channel += 16) {
            /* The last vector ends with the last channel, and may do some channels once more. */
            const int at = channel + 16 > channels ? channels - 16 : channel;
            bytes16 largest = bytes_at(column + at);
            for (tap = 1; tap < pool->kernel; tap++) {
                largest = larger(bytes_at(column + tap * channels + at), largest);
            }
            largest = larger(largest, low);
            largest = ~larger(~largest, ~high);
            memcpy(out + at, &largest, sizeof largest);
        }
    }
}

#endif

void edgehar_max_pool_vector(const void *parameters, const edgehar_block *block)
{
#ifdef EDGEHAR_VECTOR_PAIRS
    const edgehar_pool *pool = parameters;
    if (pool->channels >= 16) {
        max_pool(pool, block);
        return;
    }
#endif
    edgehar_max_pool(parameters, block);
}
