/* MEAN over time; parameters: edgehar_mean. The scratch keeps the sums from block to block; the last one writes. */
#include "edgehar_kernels.h"

void edgehar_mean_time(const void *parameters, const edgehar_block *block)
{
    const edgehar_mean *mean = parameters;
    int32_t *sums = block->scratch;
    const int8_t *x = block->columns;
    int position, channel;

    if (block->first == 0) {
        memset(sums, 0, mean->channels * sizeof *sums);
    }
    for (position = 0; position < block->positions; position++) {
        for (channel = 0; channel < mean->channels; channel++) {
            sums[channel] += *x++;
        }
    }
    if (block->first + block->positions < mean->inputs) {
        return;
    }
    for (channel = 0; channel < mean->channels; channel++) {
        const int32_t value =
            edgehar_requantise(sums[channel] + mean->bias, mean->multiplier, mean->shift) + mean->output_zero;
        block->out[channel] = edgehar_clamp(value, -128, 127);
    }
}
