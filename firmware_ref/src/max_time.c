/* REDUCE_MAX over time; parameters: edgehar_max. The scratch keeps the largest from block to block; the last one writes. */
#include "edgehar_kernels.h"

void edgehar_max_time(const void *parameters, const edgehar_block *block)
{
    const edgehar_max *max = parameters;
    int8_t *largest = block->scratch;
    const int8_t *x = block->columns;
    int position, channel;

    if (block->first == 0) {
        memset(largest, -128, max->channels);
    }
    for (position = 0; position < block->positions; position++) {
        for (channel = 0; channel < max->channels; channel++, x++) {
            largest[channel] = *x > largest[channel] ? *x : largest[channel];
        }
    }
    if (block->first + block->positions == max->inputs) {
        memcpy(block->out, largest, max->channels);
    }
}
