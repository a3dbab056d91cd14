/* 1D convolution with the DSP instructions of Cortex-M4, M7 and M33; parameters: edgehar_conv.
 *
 * A product of bytes for three quarters of an instruction. SMLAD adds two 16-bit products, so that the cost of widening
 * decides. Weights lie in flash as pairs of int16 made of two int8, h = 256 * w1 + w0, and are multiplied twice:
 *
 *     raw,              h * a1                      =  256 * w1 * a1 + w0 * a1
 *     low bytes (SXTB16), w0 * (256 * a0 - a1 + 127)  =  256 * w0 * a0 - w0 * a1 + 127 * w0
 *
 * The sum is 256 * (w0 * a0 + w1 * a1) + 127 * w0: two products for two multiplications with half of the weights'
 * widening. The activations' two words are made once per block: a1 is SXTB16 of the rotated word, and
 * 256 * a0 - a1 + 127, which always fits 16 bits, is the byte-swapped halfword with its low byte exclusive-or 127.
 *
 * A position's window is taps * in_channels contiguous bytes, 4 or more, one dot product a filter. It is cut into
 * quads without regard for taps and channels, so that few channels or a stride cost no more than others; only the last
 * quad of all is filled up. Two positions go by together, their quads side by side.
 *
 * A register counts modulo 2^32, so that a dot product is known modulo 2^24. The packer (edgehar/compile/pack/dsp.py) cuts the quads
 * into chunks within which the result's range is narrower than 2^24 whatever the activations; `start` centres it at 0
 * and cancels 127 * sum(w0), and the bias holds the centres. Most layers need one chunk, or more to save memory.
 *
 * weights: word 0: quads in a chunk, and bit 31 where the layer may be requantised quickly (edgehar_dsp.h);
 *          then [chunk][filter pair]: `start` of both filters, then [quad] of two words, one per filter, and in the last
 *          chunk of a quick layer both filters' biases doubled, both multipliers, both right shifts less 1;
 *          a quick layer has no tables of its own for these.
 * scratch: a chunk's strip, [quad][position] of two words: a1 | a3 << 16, and the other as described; then, with more
 *          chunks than one or unless quick, sums: [filter][position of two] int32.
 */
#include "conv1d_dsp_block.h"

#define EDGEHAR_DSP_QUICK 0x80000000u

static void put_quad(uint32_t *strip, uint32_t bytes)
{
    strip[0] = odd_bytes(bytes);
    strip[1] = swap_bytes(bytes) ^ 0x007F007Fu;
}

/* Widen `length` bytes of one position's window to quads `step` words apart. 9 instructions for four bytes.
 * The last 1 … 3 bytes are those of a word that ends with them: a window has 4 or more. */
static void widen(uint32_t *strip, const int8_t *input, unsigned length, unsigned step)
{
    const int8_t *const whole = input + (length & ~3u);
    const unsigned rest = length & 3u;
    for (; input != whole; input += 4, strip += step) {
        put_quad(strip, load_bytes(input));
    }
    if (rest) {
        put_quad(strip, load_bytes(input + rest - 4) >> (32u - 8u * rest));
    }
}

/* Outputs from sums with any shifts and bounds. */
static void finish(const edgehar_conv *conv, const int32_t *sums, unsigned positions, int8_t *out)
{
    for (unsigned filter = 0; filter < conv->out_channels; filter++, sums += 2, out++) {
        for (unsigned position = 0; position < positions; position++) {
            const int32_t sum = (int32_t)((uint32_t)sums[position] + (uint32_t)conv->bias[filter]);
            const int32_t value = edgehar_requantise(sum, conv->multiplier[filter], conv->shift[filter]);
            out[position * conv->out_channels] =
                edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
        }
    }
}

/* The plan's block for `filters` filters. The missing partner of an odd one must not be written. */
static void run_filters(block_plan *plan, unsigned filters, unsigned words)
{
    plan->weights_end = plan->weights + filters / 2u * words;
    if (filters > 1u) {
        edgehar_dsp_block(plan);
    }
    plan->weights = plan->weights_end;
    if (filters % 2u) {
        int8_t last[4];
        int8_t *const out = plan->out + filters - 1u;
        const uint32_t apart = plan->apart;
        plan->weights_end += words;
        plan->sums += 2u * (filters - 1u);
        plan->out = last;
        plan->apart = 2;
        edgehar_dsp_block(plan);
        out[apart] = last[2];
        out[0] = last[0];
        plan->weights = plan->weights_end;
    }
}

/* All filters at one or two neighbouring positions, `pitch` bytes apart. */
static void run_positions(const edgehar_conv *conv, block_plan *plan, const int8_t *columns, void *scratch,
                          unsigned positions, unsigned pitch, int8_t *out)
{
    const uint32_t *const packed = conv->weights;
    const unsigned length = (unsigned)conv->in_channels * conv->kernel;
    const unsigned chunk = packed[0] & 0xFFFFu;
    const unsigned pairs = (conv->out_channels + 1u) / 2u;
    uint32_t *const strip = scratch;
    int32_t *const sums = (int32_t *)strip + 2u * positions * chunk;
    plan->strip = strip;
    plan->weights = packed + 1;

    for (unsigned at = 0; at < length; at += 4u * chunk) {
        const unsigned bytes = length - at < 4u * chunk ? length - at : 4u * chunk;
        const unsigned quads = (bytes + 3u) / 4u;
        const int quick = at + bytes == length && (packed[0] & EDGEHAR_DSP_QUICK);
        for (unsigned position = 0; position < positions; position++) {
            widen(strip + 2u * position, columns + position * pitch + at, bytes, 2u * positions);
        }
        plan->end = strip + 2u * positions * quads;
        if (bytes < length || plan->positions != positions) {
            enter_chain(plan, quads, positions, !quick ? END_ADD : at ? END_LAST : END_ONLY);
        }
        plan->sums = sums;
        if (quick) {
            plan->out = out;
            plan->apart = (positions - 1u) * conv->out_channels;
            run_filters(plan, conv->out_channels, 2u * quads + 8u);
        } else {
            if (at == 0) {
                memset(sums, 0, 4u * sizeof *sums * pairs);
            }
            plan->weights_end = plan->weights + (2u * quads + 2u) * pairs;
            edgehar_dsp_block(plan);
            plan->weights = plan->weights_end;
        }
    }
    if (!(packed[0] & EDGEHAR_DSP_QUICK)) {
        finish(conv, sums, positions, out);
    }
}

void edgehar_conv1d_dsp(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned pitch = (unsigned)conv->stride * conv->in_channels;
    const int8_t *columns = block->columns;
    int8_t *out = block->out;
    block_plan plan;
    plan.zero = 2 * conv->output_zero + 1;
    plan.positions = 0; /* the plan's way through the code is not found yet */
    for (unsigned left = (unsigned)block->positions; left > 0;) {
        const unsigned positions = left < 2u ? left : 2u;
        run_positions(conv, &plan, columns, block->scratch, positions, pitch, out);
        columns += positions * pitch;
        out += positions * conv->out_channels;
        left -= positions;
    }
}
