/* Whether the device is worn as in training, told by gravity in blocks of samples: the same as edgehar/placement.py. */
#include "edgehar_engine.h"

/* Blocks in a row. */
#define EDGEHAR_WALKED_STRANGELY 4
#define EDGEHAR_WALKED_AS_TRAINED 2
#define EDGEHAR_RESTED_STRANGELY 3

/* No block is so long that these leave 32 bits: edgehar/contract.py. */
static uint32_t square(int32_t value)
{
    return (uint32_t)(value * value);
}

static uint32_t distance(const int32_t one[3], const int32_t two[3])
{
    return square(one[0] - two[0]) + square(one[1] - two[1]) + square(one[2] - two[2]);
}

/* Whether a block at rest is as in no activity of training people. */
static int rests_strangely(const edgehar_placement *self, const int32_t sums[3])
{
    int rest, axis;
    for (rest = 0; rest < self->rests; rest++) {
        uint64_t away = 0;
        for (axis = 0; axis < 3; axis++) {
            away += (uint64_t)square(sums[axis] - self->rest[rest][axis]) * self->weights[axis];
        }
        if (away <= self->rest_limit) {
            return 0;
        }
    }
    return self->rests > 0;
}

static uint8_t one_more(uint8_t count, uint8_t most)
{
    return count < most ? (uint8_t)(count + 1) : most;
}

/* A block is complete. */
static void look(const edgehar_placement *self, edgehar_wearing *wearing)
{
    const int32_t *sums = wearing->sums;
    const uint32_t spread = self->block * wearing->squares - square(sums[0]) - square(sums[1]) - square(sums[2]);

    if (spread <= self->moving) {
        wearing->walked_strangely = 0;
        wearing->walked_as_trained = 0;
        wearing->rested_strangely =
            rests_strangely(self, sums) ? one_more(wearing->rested_strangely, EDGEHAR_RESTED_STRANGELY) : 0;
    } else {
        wearing->rested_strangely = 0;
        if (distance(sums, self->walk) > self->walk_limit) {
            /* Whether the block before moved, too, the counters tell. */
            const int steady = (wearing->walked_strangely | wearing->walked_as_trained) != 0 &&
                               distance(sums, wearing->before) <= self->steady;
            wearing->walked_strangely = steady ? one_more(wearing->walked_strangely, EDGEHAR_WALKED_STRANGELY) : 1;
            wearing->walked_as_trained = 0;
            if (wearing->walked_strangely == EDGEHAR_WALKED_STRANGELY) {
                wearing->turned = 1;
            }
        } else {
            wearing->walked_strangely = 0;
            wearing->walked_as_trained = one_more(wearing->walked_as_trained, EDGEHAR_WALKED_AS_TRAINED);
            if (wearing->walked_as_trained == EDGEHAR_WALKED_AS_TRAINED) {
                wearing->turned = 0;
            }
        }
        memcpy(wearing->before, sums, sizeof wearing->before);
    }
    wearing->strange = wearing->turned || wearing->rested_strangely == EDGEHAR_RESTED_STRANGELY;
    memset(wearing->sums, 0, sizeof wearing->sums);
    wearing->squares = 0;
    wearing->filled = 0;
}

void edgehar_placement_push(const edgehar_placement *self, edgehar_wearing *wearing, const int8_t sample[3])
{
    const int32_t x = sample[0], y = sample[1], z = sample[2];

    wearing->sums[0] += x;
    wearing->sums[1] += y;
    wearing->sums[2] += z;
    wearing->squares += (uint32_t)(x * x + y * y + z * z);
    if (++wearing->filled == self->block) {
        look(self, wearing);
    }
}
