/* MEAN over time with the DSP instructions of Cortex-M4, M7 and M33; parameters: edgehar_mean.
 *
 * Four channels at a time: SXTAB16 adds two of a column's bytes to two sums of 16 bits, which hold a block of up to
 * 255 columns; the scratch keeps 32 bits per channel between blocks. The compiler takes this kernel where channels are a
 * multiple of 4 and the quick requantisation (edgehar_dsp.h) holds.
 */
#include "edgehar_dsp.h"

void edgehar_mean_dsp(const void *parameters, const edgehar_block *block)
{
    const edgehar_mean *const mean = parameters;
    const unsigned channels = mean->channels;
    const int last = block->first + block->positions == mean->inputs;
    int32_t *sums = block->scratch;
    int8_t *out = block->out;

    if (block->first == 0) {
        memset(sums, 0, channels * sizeof *sums);
    }
    for (unsigned channel = 0; channel < channels; channel += 4u, sums += 4) {
        const int8_t *x = block->columns + channel;
        uint32_t even = 0, odd = 0;
        for (int left = block->positions; left > 0; left--, x += channels) {
            const uint32_t bytes = load_bytes(x);
            even = add_even_bytes(even, bytes);
            odd = add_odd_bytes(odd, bytes);
        }
        sums[0] += (int16_t)(uint16_t)even;
        sums[1] += (int16_t)(uint16_t)odd;
        sums[2] += (int32_t)even >> 16;
        sums[3] += (int32_t)odd >> 16;
        for (unsigned lane = 0; last && lane < 4u; lane++) {
            *out++ = requantise_quickly(2 * (sums[lane] + mean->bias), mean->multiplier, -1 - mean->shift,
                                        2 * mean->output_zero + 1);
        }
    }
}
