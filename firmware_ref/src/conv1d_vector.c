/* 1D convolution on computers, phones and in browsers; parameters: edgehar_conv.
 *
 * weights: [block of 16 filters]: [quad of inputs, tap * channel][filter in the block][input in the quad], int8; then
 * edgehar_vector_tables-> Missing filters and inputs are 0.
 * scratch: 2 bytes for every input of the block's columns, and 16 more.
 *
 * This is what the vector kernels must equal, and what runs where the compiler has no vectors. Which one runs is chosen
 * when the program runs: a library built for any x86-64 takes AVX2 or AVX-512 VNNI where the processor has it.
 */
#include "conv1d_vector.h"

#ifndef EDGEHAR_VECTOR_PAIRS

/* One input times four filters. */
#define EDGEHAR_INPUT(at)          \
    a0 += weights[at] * x[at];     \
    a1 += weights[4 + at] * x[at]; \
    a2 += weights[8 + at] * x[at]; \
    a3 += weights[12 + at] * x[at];

/* Sums of four filters at one position. */
static void four_sums(const int8_t *weights, const int8_t *x, int length, int32_t *sums)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    int index;
    for (; length >= 4; length -= 4, x += 4, weights += 4 * EDGEHAR_VECTOR_FILTERS) {
        EDGEHAR_INPUT(0)
        EDGEHAR_INPUT(1)
        EDGEHAR_INPUT(2)
        EDGEHAR_INPUT(3)
    }
    for (index = 0; index < length; index++) {
        EDGEHAR_INPUT(index)
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
}

static void conv1d(const edgehar_conv *conv, const edgehar_block *block)
{
    const int length = conv->kernel * conv->in_channels, quads = edgehar_vector_quads(conv);
    int position, filter, index;

    for (position = 0; position < block->positions; position++) {
        const int8_t *x = block->columns + position * conv->stride * conv->in_channels;
        int8_t *out = block->out + position * conv->out_channels;
        for (filter = 0; filter < conv->out_channels; filter += 4) {
            const int lane = filter % EDGEHAR_VECTOR_FILTERS;
            const int8_t *weights =
                (const int8_t *)conv->weights + (size_t)(filter / EDGEHAR_VECTOR_FILTERS) * edgehar_vector_block(conv);
            const edgehar_vector_tables *tables = edgehar_vector_tables_of(weights, quads);
            int32_t sums[4];
            four_sums(weights + 4 * lane, x, length, sums);
            for (index = 0; index < 4 && filter + index < conv->out_channels; index++) {
                const int at = lane + index;
                const int32_t value =
                    edgehar_requantise(sums[index] + tables->bias[at], tables->multiplier[at], tables->shift[at]);
                out[filter + index] =
                    edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
            }
        }
    }
}

#endif

void edgehar_conv1d_vector(const void *parameters, const edgehar_block *block)
{
#ifdef EDGEHAR_VECTOR_VNNI
    if (edgehar_vector_has_vnni()) {
        edgehar_conv1d_vector_vnni(parameters, block);
        return;
    }
#endif
#ifdef EDGEHAR_VECTOR_AVX2
    if (__builtin_cpu_supports("avx2")) {
        edgehar_conv1d_vector_avx2(parameters, block);
        return;
    }
#endif
#ifdef EDGEHAR_VECTOR_PAIRS
    edgehar_conv1d_vector_pairs(parameters, block);
#else
    conv1d(parameters, block);
#endif
}
