/* 1D convolution with the DSP instructions of Cortex-M4, M7 and M33; parameters: edgehar_conv.
 *
 * A product of bytes for two thirds of an instruction. SMLAD adds two 16-bit products, so that the cost of widening
 * decides. Weights lie in flash as pairs of int16 made of two int8, h = 256 * w1 + w0, and are multiplied twice:
 *
 *     raw,              h * a1                      =  256 * w1 * a1 + w0 * a1
 *     low bytes (SXTB16), w0 * (256 * a0 - a1 + 127)  =  256 * w0 * a0 - w0 * a1 + 127 * w0
 *
 * The sum is 256 * (w0 * a0 + w1 * a1) + 127 * w0: two products for two multiplications with half of the weights'
 * widening. The activations' two words are made once a block: a1 is SXTB16 of the rotated word, and
 * 256 * a0 - a1 + 127, which always fits 16 bits, is the byte-swapped halfword with its low byte exclusive-or 127.
 *
 * A register counts modulo 2^32, so that a dot product is known modulo 2^24. The packer (pack_dsp.py) cuts the channels
 * into chunks within which the result's range is narrower than 2^24 whatever the activations; `start` centres it at 0
 * and cancels 127 * sum(w0), and the bias holds the centres. Most layers need one chunk, or more to save memory.
 *
 * weights: word 0: channel quads in a chunk, and bit 31 where every filter may use the quick requantisation;
 *          then `start`, [chunk][filter], then [chunk][filter pair][quad][tap] of two words, one a filter.
 * scratch: a chunk's strip, [quad][column] of two words: a1 | a3 << 16, and the other as described; then sums.
 */
#include "conv1d_dsp_block.h"

/* Widen `channels` channels of `columns` columns, which lie `pitch` bytes apart. 8 instructions for four channels. */
static void make_strip(uint32_t *strip, const int8_t *input, unsigned channels, unsigned pitch, unsigned columns)
{
    for (unsigned column = 0; column < columns; column++, input += pitch) {
        const int8_t *from = input;
        uint32_t *to = strip + 2u * column;
        unsigned left = channels;
        for (; left >= 4u; left -= 4u, from += 4, to += 2u * columns) {
            uint32_t bytes;
            memcpy(&bytes, from, 4);
            to[0] = odd_word(bytes);
            to[1] = even_word(bytes);
        }
        if (left) {
            uint32_t bytes = 0;
            while (left-- > 0)
                bytes = (bytes << 8) | (uint8_t)from[left];
            to[0] = odd_word(bytes);
            to[1] = even_word(bytes);
        }
    }
}

/* Outputs of neighbouring filters from their sums, where |sum| < 2^30 and every shift is to the right: the packer has
 * looked. 28 instructions for a filter's two positions. */
static void finish_quickly(const edgehar_conv *conv, unsigned first, unsigned filters, const int32_t *sums,
                           unsigned positions, int8_t *out)
{
    const int32_t *multiplier = conv->multiplier + first;
    const int8_t *shift = conv->shift + first;
    const int8_t *const end = shift + filters;
    const int32_t zero = conv->output_zero;
    const unsigned apart = (positions - 1u) * conv->out_channels; /* 0 with one position: overwritten at once */
    for (; shift != end; sums += 2, out++) {
        const int32_t by = *multiplier++;
        const int right = -*shift++;
        const int32_t half = (int32_t)((1u << right) >> 1);
        int32_t value = multiply_high((int32_t)((uint32_t)sums[1] << 1), by);
        value = (value + (value >> 31) + half) >> right;
        out[apart] = (int8_t)saturate(value + zero);
        value = multiply_high((int32_t)((uint32_t)sums[0] << 1), by);
        value = (value + (value >> 31) + half) >> right;
        out[0] = (int8_t)saturate(value + zero);
    }
}

/* The same for any sums, shifts and bounds. */
static void finish(const edgehar_conv *conv, unsigned first, unsigned filters, const int32_t *sums, unsigned positions,
                   int8_t *out)
{
    for (unsigned filter = first; filter < first + filters; filter++, sums += 2, out++) {
        for (unsigned position = 0; position < positions; position++) {
            const int32_t value = edgehar_requantise(sums[position], conv->multiplier[filter], conv->shift[filter]);
            out[position * conv->out_channels] =
                edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
        }
    }
}

/* All filters at one or two neighbouring positions. With one chunk the strip is made once and the filters go by in
 * groups; with more, to save memory, each chunk's strip is made in turn and all filters' sums wait. */
static void run_positions(const edgehar_conv *conv, const int8_t *columns, uint32_t *strip, unsigned positions,
                          int8_t *out)
{
    const uint32_t *const packed = conv->weights;
    const unsigned channels = conv->in_channels;
    const unsigned quads = (channels + 3u) / 4u;
    const unsigned chunk = packed[0] & 0xFFFFu;
    const unsigned chunks = (quads + chunk - 1u) / chunk;
    const unsigned padded = (conv->out_channels + 1u) & ~1u;
    const unsigned wide = conv->kernel + positions - 1u;
    const unsigned group = chunks > 1u ? padded : GROUP;
    const uint32_t *const weights = packed + 1u + chunks * padded;
    const int quick = (packed[0] & QUICK) && conv->activation_min == -128 && conv->activation_max == 127;
    int32_t *const sums = (int32_t *)strip + 2u * chunk * wide;
    block_plan plan;
    enter_chain(&plan, conv->kernel);
    plan.strip = strip;

    for (unsigned first = 0; first < padded; first += group) {
        const unsigned filters = conv->out_channels - first < group ? conv->out_channels - first : group;
        for (unsigned filter = 0; filter < filters; filter++)
            sums[2u * filter] = sums[2u * filter + 1u] = conv->bias[first + filter];
        if (filters % 2u) /* the missing partner's */
            sums[2u * filters] = sums[2u * filters + 1u] = 0;
        plan.sums = sums;
        plan.pairs = (filters + 1u) / 2u;
        plan.start = (const int32_t *)packed + 1 + first;
        for (unsigned quad = 0; quad < quads; quad += chunk, plan.start += padded) {
            const unsigned now = quads - quad < chunk ? quads - quad : chunk;
            if (first == 0)
                make_strip(strip, columns + 4u * quad, channels - 4u * quad < 4u * now ? channels - 4u * quad : 4u * now,
                           channels, wide);
            plan.end = strip + 2u * now * wide;
            plan.weights = weights + conv->kernel * (quad * padded + now * first);
            if (positions > 1u)
                block_2x2(&plan);
            else
                block_1x2(&plan);
        }
        if (quick)
            finish_quickly(conv, first, filters, sums, positions, out + first);
        else
            finish(conv, first, filters, sums, positions, out + first);
    }
}

void edgehar_conv1d_dsp(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const int8_t *columns = block->columns;
    int8_t *out = block->out;
    const unsigned most = conv->stride == 1u && conv->kernel <= LONGEST_CHAIN ? 2u : 1u;
    for (unsigned left = (unsigned)block->positions; left > 0;) {
        const unsigned positions = left < most ? left : most;
        run_positions(conv, columns, block->scratch, positions, out);
        columns += (size_t)(positions * conv->stride) * conv->in_channels;
        out += (size_t)positions * conv->out_channels;
        left -= positions;
    }
}
