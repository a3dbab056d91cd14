/* The inner loops of conv1d_mve.c, which alone includes this: how the assembly of conv1d_mve_block.S is entered, and
 * the portable C that defines it. The layouts are explained there. */
#ifndef EDGEHAR_CONV1D_MVE_BLOCK_H
#define EDGEHAR_CONV1D_MVE_BLOCK_H

#include "edgehar_kernels.h"
#include "edgehar_layout.h"

#include <stddef.h>

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define EDGEHAR_WITH_MVE 1
#else
#define EDGEHAR_WITH_MVE 0
#endif

#define EDGEHAR_MVE_GROUP 48u /* filters between two requantisations */
#define EDGEHAR_MVE_HELD 2u   /* flat vectors that can stay in registers for two positions, where there are no others */
#define EDGEHAR_MVE_LONG 6u   /* taps from which eight positions at once save instructions */
#define EDGEHAR_MVE_QUICK 0x80000000u

/* What the inner loops need to know; the assembly counts on this order. */
typedef struct block_plan {
    const int8_t *strip;     /* first chunk */
    const int8_t *chunk_end; /* flat part */
    const int8_t *flat_end;
    uint32_t pairs; /* of filters */
    const int8_t *weights;
    const void *entry; /* where the chain begins for this number of taps, and what loads the columns before it */
    const void *head;
    int32_t *sums; /* [pair][position][2], or of eight positions [filter][position] */
    uint32_t back; /* bytes from behind a pair's weights to its second filter's */
    unsigned taps;
    unsigned positions;
    unsigned held; /* vectors of a position, where they stay in registers and there are two positions; else 0 */
} block_plan;

#if EDGEHAR_WITH_MVE
#include <arm_mve.h>

/* The sums of neighbouring filters to requantise, all shifts to the right; the assembly counts on this order. */
typedef struct finish_plan {
    const int32_t *sums; /* of the first filter at the first position */
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int8_t *out;
    uint32_t filters;
    int32_t zero, low, high;
    uint32_t pitch;     /* bytes from a pair's sums to the next pair's */
    uint32_t step;      /* bytes from a position's outputs to the next one's */
    uint32_t positions; /* counted down; `sums` and `out` move on */
    uint32_t apart;     /* bytes from a filter's sum to the second one's of the pair, and to the next position's */
    uint32_t next;
} finish_plan;

EDGEHAR_WORD(block_plan, flat_end, 2);
EDGEHAR_WORD(block_plan, weights, 4);
EDGEHAR_WORD(block_plan, entry, 5);
EDGEHAR_WORD(block_plan, sums, 7);
EDGEHAR_WORD(block_plan, back, 8);
EDGEHAR_WORD(finish_plan, out, 4);
EDGEHAR_WORD(finish_plan, zero, 6);
EDGEHAR_WORD(finish_plan, step, 10);
EDGEHAR_WORD(finish_plan, positions, 11);
EDGEHAR_WORD(finish_plan, next, 13);

void edgehar_mve_block_8x1(const block_plan *plan);
void edgehar_mve_block_4x2(const block_plan *plan);
void edgehar_mve_block_2x2(const block_plan *plan);
void edgehar_mve_block_1x2(const block_plan *plan);
void edgehar_mve_held_1(const block_plan *plan);
void edgehar_mve_held_2(const block_plan *plan);
void edgehar_mve_finish(finish_plan *plan);
extern const char edgehar_mve_head_8[], edgehar_mve_end_8[], edgehar_mve_head_4[], edgehar_mve_end_4[];
extern const char edgehar_mve_head_2[], edgehar_mve_end_2[];

/* Run the block of 8, 4, 2 or 1 positions; bit 0 of the addresses says Thumb. */
static void run_block(block_plan *plan)
{
    const unsigned skipped = EDGEHAR_MVE_CHAIN - plan->taps; /* taps at the chain's beginning; unused without chunks */
    if (plan->positions == 8u) {
        plan->entry = edgehar_mve_end_8 - plan->taps * EDGEHAR_MVE_BYTES_8 + 1;
        plan->head = edgehar_mve_head_8 + skipped % 7u * EDGEHAR_MVE_HEAD_8 + 1;
        edgehar_mve_block_8x1(plan);
    } else if (plan->positions == 4u) {
        plan->entry = edgehar_mve_end_4 - plan->taps * EDGEHAR_MVE_BYTES_4 + 1;
        plan->head = edgehar_mve_head_4 + skipped % 4u * EDGEHAR_MVE_HEAD_4 + 1;
        edgehar_mve_block_4x2(plan);
    } else if (plan->held == 1u) {
        edgehar_mve_held_1(plan);
    } else if (plan->held == 2u) {
        edgehar_mve_held_2(plan);
    } else if (plan->positions == 2u) {
        plan->entry = edgehar_mve_end_2 - plan->taps * EDGEHAR_MVE_BYTES_2 + 1;
        plan->head = edgehar_mve_head_2 + skipped % 2u * EDGEHAR_MVE_HEAD_2 + 1;
        edgehar_mve_block_2x2(plan);
    } else {
        edgehar_mve_block_1x2(plan);
    }
}

static void finish_quickly(const edgehar_conv *conv, const block_plan *plan, unsigned first, unsigned filters,
                           unsigned positions, int8_t *out)
{
    finish_plan finish = {plan->sums,
                          conv->bias + first,
                          conv->multiplier + first,
                          conv->shift + first,
                          out,
                          filters,
                          conv->output_zero,
                          conv->activation_min,
                          conv->activation_max,
                          8u * plan->positions,
                          conv->out_channels,
                          positions,
                          plan->positions == 8u ? 32u : 4u,
                          plan->positions == 8u ? 4u : 8u};
    edgehar_mve_finish(&finish);
}

#define EDGEHAR_FINISH_QUICKLY finish_quickly

/* Copy up to 16 bytes and fill the vector with zeros. */
static inline void copy_vector(int8_t *to, const int8_t *from, unsigned bytes)
{
    vstrbq_s8(to, bytes >= 16u ? vldrbq_s8(from) : vldrbq_z_s8(from, vctp8q(bytes)));
}

#else /* the same in portable C: what defines the above, and what runs under the host's sanitizers */

static void multiply_vectors(int32_t *sum, const int8_t *weights, const int8_t *column)
{
    for (int lane = 0; lane < 16; lane++) {
        *sum += weights[lane] * column[lane];
    }
}

/* One vector of a pair of filters times each position's column. */
static void multiply_all(int32_t *sums, const int8_t *weights, const int8_t *columns, unsigned positions)
{
    for (unsigned lane = 0; lane < 2u * positions; lane++) {
        const unsigned filter = lane & 1u, position = lane >> 1;
        multiply_vectors(sums + (positions == 8u ? 8u * filter + position : lane), weights + 16u * filter,
                         columns + 16u * position);
    }
}

static void run_block(block_plan *plan)
{
    const unsigned positions = plan->positions;
    const int8_t *weights = plan->weights;
    int32_t *sums = plan->sums;
    for (uint32_t pair = 0; pair < plan->pairs; pair++, sums += 2u * positions) {
        const int8_t *at = plan->strip;
        memset(sums, 0, 2u * positions * sizeof *sums);
        for (; at != plan->chunk_end; at += 16u * (positions - 1u)) {
            for (unsigned tap = 0; tap < plan->taps; tap++, at += 16, weights += 32) {
                multiply_all(sums, weights, at, positions);
            }
        }
        for (; at != plan->flat_end; at += 16u * positions, weights += 32) {
            multiply_all(sums, weights, at, positions);
        }
    }
}

#define EDGEHAR_FINISH_QUICKLY finish

static inline void copy_vector(int8_t *to, const int8_t *from, unsigned bytes)
{
    memset(to, 0, 16);
    memcpy(to, from, bytes < 16u ? bytes : 16u);
}

#endif

#endif
