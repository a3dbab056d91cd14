/* MEAN over time on hosts: mean.c, 16 channels at once where the processor has AVX-512; parameters: edgehar_mean. */
#include "conv1d_vector.h"

#ifdef EDGEHAR_VECTOR_VNNI

#include "edgehar_avx512.h"

EDGEHAR_TARGET static void mean_time(const edgehar_mean *mean, const edgehar_block *block)
{
    const int channels = mean->channels, ends = block->first + block->positions == mean->inputs;
    const edgehar_factors factors =
        edgehar_factors_of(_mm512_set1_epi32(mean->multiplier), _mm512_set1_epi32(mean->shift));
    int32_t *sums = block->scratch;
    int channel, position;

    for (channel = 0; channel < channels; channel += 16) {
        const __mmask16 real = edgehar_first_lanes(channels - channel);
        const int8_t *x = block->columns + channel;
        __m512i sum = block->first == 0 ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi32(real, sums + channel);
        for (position = 0; position < block->positions; position++, x += channels) {
            sum = _mm512_add_epi32(sum, _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(real, x)));
        }
        _mm512_mask_storeu_epi32(sums + channel, real, sum);
        if (ends) {
            sum = edgehar_requantise_16(_mm512_add_epi32(sum, _mm512_set1_epi32(mean->bias)), &factors);
            sum = _mm512_add_epi32(sum, _mm512_set1_epi32(mean->output_zero));
            _mm512_mask_cvtsepi32_storeu_epi8(block->out + channel, real, sum);
        }
    }
}

#endif

void edgehar_mean_vector(const void *parameters, const edgehar_block *block)
{
#ifdef EDGEHAR_VECTOR_VNNI
    const edgehar_mean *mean = parameters;
    if (edgehar_vector_has_vnni() && mean->multiplier != 0) {
        mean_time(mean, block);
        return;
    }
#endif
    edgehar_mean_time(parameters, block);
}
