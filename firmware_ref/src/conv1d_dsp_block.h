/* The inner loops of conv1d_dsp.c, which alone includes this: how the assembly of conv1d_dsp_block.S is entered, and
 * the portable C that defines it. The arithmetic and the layouts are explained there. */
#ifndef EDGEHAR_CONV1D_DSP_BLOCK_H
#define EDGEHAR_CONV1D_DSP_BLOCK_H

#include "edgehar_dsp.h"

/* What becomes of the dot products of a pair of filters. */
typedef enum block_end {
    END_ADD,  /* added to the sums */
    END_LAST, /* and the sums requantised */
    END_ONLY  /* requantised at once: there is but one chunk */
} block_end;

/* What the inner loops need to know; the assembly counts on this order. */
typedef struct block_plan {
    const uint32_t *end; /* of the strip's part that is multiplied */
    const void *head;    /* where the code of a pair of filters begins, where it goes on, and where it ends */
    const void *entry;
    const uint32_t *strip;
    const uint32_t *weights_end;
    const void *tail;
    int32_t *sums; /* [filter][position of two] */
    int32_t zero;  /* 2 * output_zero + 1 */
    int8_t *out;
    uint32_t apart; /* bytes from the first position's output to the second's, 0 without a second */
    const uint32_t *weights;
    unsigned positions;
    block_end ending;
} block_plan;

#if EDGEHAR_WITH_DSP

EDGEHAR_WORD(block_plan, end, 0);
EDGEHAR_WORD(block_plan, entry, 2);
EDGEHAR_WORD(block_plan, weights_end, 4);
EDGEHAR_WORD(block_plan, sums, 6);
EDGEHAR_WORD(block_plan, out, 8);
EDGEHAR_WORD(block_plan, weights, 10);

void edgehar_dsp_block(const block_plan *plan);
extern const char edgehar_dsp_odd_2[], edgehar_dsp_end_2[], edgehar_dsp_odd_1[], edgehar_dsp_end_1[];
extern const char edgehar_dsp_add[], edgehar_dsp_last[], edgehar_dsp_only[];

/* Where the block's code is entered for so many quads, 1 or more; bit 0 says Thumb. */
static inline void enter_chain(block_plan *plan, unsigned quads, unsigned positions, block_end ending)
{
    const unsigned twos = quads / 2u;
    plan->positions = positions;
    plan->entry =
        positions > 1u
            ? edgehar_dsp_end_2 - EDGEHAR_DSP_BYTES_2 * (twos ? (twos - 1u) % EDGEHAR_DSP_CHAIN_2 + 1u : 0u) + 1
            : edgehar_dsp_end_1 - EDGEHAR_DSP_BYTES_1 * (twos ? (twos - 1u) % EDGEHAR_DSP_CHAIN_1 + 1u : 0u) + 1;
    plan->head = quads % 2u == 0u ? plan->entry : positions > 1u ? edgehar_dsp_odd_2 + 1 : edgehar_dsp_odd_1 + 1;
    plan->tail = (ending == END_ADD ? edgehar_dsp_add : ending == END_LAST ? edgehar_dsp_last : edgehar_dsp_only) + 1;
}

#else /* the same in portable C: what defines the above, and what runs under the host's sanitizers */

static inline uint32_t half_product(uint32_t one, uint32_t other)
{
    return (uint32_t)((int16_t)(uint16_t)one * (int16_t)(uint16_t)other);
}

/* Both halves' products, added modulo 2^32; first raw, then the low bytes. */
static uint32_t multiply_word(uint32_t sum, uint32_t weight, const uint32_t *column)
{
    const uint32_t low = even_bytes(weight);
    sum += half_product(weight, column[0]) + half_product(weight >> 16, column[0] >> 16);
    return sum + half_product(low, column[1]) + half_product(low >> 16, column[1] >> 16);
}

static void edgehar_dsp_block(const block_plan *plan)
{
    const uint32_t *weights = plan->weights;
    int32_t *sums = plan->sums;
    int8_t *out = plan->out;
    while (weights != plan->weights_end) {
        uint32_t acc[4] = {weights[0], weights[0], weights[1], weights[1]};
        weights += 2;
        for (const uint32_t *strip = plan->strip; strip != plan->end; strip += 2u * plan->positions, weights += 2) {
            for (unsigned lane = 0; lane < 4u; lane++) {
                acc[lane] = multiply_word(acc[lane], weights[lane / 2u],
                                          strip + (plan->positions > 1u ? 2u * (lane % 2u) : 0u));
            }
        }
        for (unsigned lane = 0; lane < 4u; lane++) {
            acc[lane] = (uint32_t)((int32_t)acc[lane] >> 8) + (plan->ending == END_ONLY ? 0u : (uint32_t)sums[lane]);
        }
        if (plan->ending == END_ADD) {
            memcpy(sums, acc, sizeof acc);
        } else {
            for (unsigned lane = 4; lane-- > 0u;) {
                out[(lane % 2u) * plan->apart + lane / 2u] =
                    requantise_quickly((int32_t)(2u * acc[lane] + weights[lane / 2u]), (int32_t)weights[2u + lane / 2u],
                                       (int)weights[4u + lane / 2u], plan->zero);
            }
            weights += 6;
        }
        sums += plan->ending == END_ONLY ? 0 : 4;
        out += 2;
    }
}

static inline void enter_chain(block_plan *plan, unsigned quads, unsigned positions, block_end ending)
{
    (void)quads;
    plan->positions = positions;
    plan->ending = ending;
}

#endif

#endif
