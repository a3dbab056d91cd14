/* 1D convolution with the vector instructions (Helium) of Cortex-M55; parameters: edgehar_conv.
 *
 * VMLADAVA adds sixteen products of bytes into a general register, and there are eight registers that it can use: four
 * positions times two filters, or eight times one, which loads less where kernels are long. A position's column at one tap is the next tap's column of the position before it, so
 * that the columns roll through four vector registers, and a tap loads one column and two weights for eight
 * multiplications. That needs sixteen channels in a vector; the channels left over, or all of them where the stride is
 * not 1 or the kernel is longer than the chain, lie flat: tap after tap without gaps.
 *
 * weights: word 0: chunks of sixteen channels | channels left over << 16; word 1: vectors of the flat part, and bit 31
 *          where all shifts are to the right; then for each filter pair: [chunk][tap][filter][16], [vector][filter][16].
 * scratch: [chunk][column][16], [vector][position][16], then sums of EDGEHAR_MVE_GROUP filters, then the left-over channels.
 */
#include "conv1d_mve_block.h"

/* How a layer's channels are cut: read from the packed weights. */
typedef struct layout {
    unsigned chunks; /* of sixteen channels */
    unsigned rest;   /* channels left over */
    unsigned flat;   /* vectors of the flat part */
    int quick;
} layout;

/* Lay out the input columns of `real` positions for a block of `positions`; what the positions too many find is left
 * as it was, since their outputs are dropped. */
static void make_strip(const edgehar_conv *conv, const layout *cut, block_plan *plan, const int8_t *input,
                       unsigned real, int8_t *spare)
{
    const unsigned channels = conv->in_channels;
    const unsigned columns = conv->kernel + plan->positions - 1u;
    const unsigned inputs = conv->kernel + real - 1u;
    int8_t *to = (int8_t *)(uintptr_t)plan->strip;
    const int8_t *flat = input;
    unsigned step = conv->stride * channels; /* from a position's flat part to the next one's */
    unsigned bytes;

    if (cut->chunks) {
        /* A last chunk that is not full is copied apart; then there is no rest. */
        const unsigned whole = cut->chunks * 16u > channels ? cut->chunks - 1u : cut->chunks;
        const int8_t *from = input;
        for (unsigned column = 0; column < inputs; column++) {
            int8_t *cell = to + 16u * column;
            for (unsigned left = whole; left > 0; left--, cell += 16u * columns, from += 16) {
                copy_vector(cell, from, 16);
            }
            if (whole < cut->chunks) {
                copy_vector(cell, from, channels - 16u * whole);
            } else if (cut->rest) {
                copy_vector(spare + column * cut->rest, from, cut->rest);
            }
            from += channels - 16u * whole;
        }
        flat = spare;
        step = cut->rest;
    }
    to += 16u * columns * cut->chunks;
    bytes = cut->rest * conv->kernel;
    for (unsigned vector = 0; vector < cut->flat; vector++, to += 16u * plan->positions) {
        for (unsigned position = 0; position < real; position++) {
            copy_vector(to + 16u * position, flat + position * step + 16u * vector, bytes - 16u * vector);
        }
    }
}

/* The outputs of neighbouring filters from their sums, whatever the shifts. */
static void finish(const edgehar_conv *conv, const block_plan *plan, unsigned first, unsigned filters,
                   unsigned positions, int8_t *out)
{
    for (unsigned position = 0; position < positions; position++, out += conv->out_channels) {
        for (unsigned filter = 0; filter < filters; filter++) {
            const unsigned at = plan->positions == 8u
                                    ? 8u * filter + position
                                    : filter / 2u * 2u * plan->positions + 2u * position + filter % 2u;
            const int32_t value = edgehar_requantise(plan->sums[at] + conv->bias[first + filter],
                                                     conv->multiplier[first + filter], conv->shift[first + filter]);
            out[filter] = edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
        }
    }
}

/* All filters of a block whose strip is laid out. */
static void all_filters(const edgehar_conv *conv, const layout *cut, block_plan *plan, unsigned real, int8_t *out)
{
    const unsigned filters = conv->out_channels;
    plan->weights = (const int8_t *)conv->weights + 8;
    const unsigned group = plan->held ? 2u * EDGEHAR_MVE_GROUP : EDGEHAR_MVE_GROUP;
    for (unsigned first = 0; first < filters; first += group) {
        const unsigned now = filters - first < group ? filters - first : group;
        plan->pairs = (now + 1u) / 2u;
        run_block(plan);
        plan->weights += (size_t)plan->pairs * 32u * (cut->chunks * conv->kernel + cut->flat);
        if (cut->quick) {
            EDGEHAR_FINISH_QUICKLY(conv, plan, first, now, real, out + first);
        } else {
            finish(conv, plan, first, now, real, out + first);
        }
    }
}

void edgehar_conv1d_mve(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const uint32_t *const head = conv->weights;
    const layout cut = {head[0] & 0xFFFFu, head[0] >> 16, head[1] & ~EDGEHAR_MVE_QUICK,
                        (head[1] & EDGEHAR_MVE_QUICK) != 0};
    const int8_t *columns = block->columns;
    int8_t *out = block->out;
    for (unsigned left = (unsigned)block->positions; left > 0;) {
        /* Seven go as eight, and three as four. */
        const unsigned held = !cut.chunks && cut.flat <= EDGEHAR_MVE_HELD ? cut.flat : 0u;
        const unsigned most = held ? 2u : left >= 7u && cut.chunks && conv->kernel >= EDGEHAR_MVE_LONG ? 8u : 4u;
        const unsigned real = left < most ? left : most;
        block_plan plan;
        plan.taps = conv->kernel;
        plan.held = held;
        plan.positions = held ? 2u : real == 7u ? 8u : real == 3u ? 4u : real;
        plan.back = 32u * (cut.chunks * plan.taps + cut.flat) - 16u;
        plan.strip = block->scratch;
        plan.chunk_end = plan.strip + 16u * cut.chunks * (plan.taps + plan.positions - 1u);
        plan.flat_end = plan.chunk_end + 16u * cut.flat * plan.positions;
        plan.sums = (int32_t *)(uintptr_t)plan.flat_end;
        make_strip(conv, &cut, &plan, columns, real, (int8_t *)(plan.sums + EDGEHAR_MVE_GROUP * plan.positions));
        all_filters(conv, &cut, &plan, real, out);
        columns += (size_t)(real * conv->stride) * conv->in_channels;
        out += (size_t)real * conv->out_channels;
        left -= real;
    }
}
