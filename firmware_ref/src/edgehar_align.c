/* The rotation that walking tells: edgehar_align.h. */
#include "edgehar_align.h"

#include "edgehar_engine.h"

/* Directions are kept in Q24; the result is in Q14. */
#define EDGEHAR_FINE 24
#define EDGEHAR_ONE (1 << EDGEHAR_FINE)
#define EDGEHAR_COARSER (EDGEHAR_FINE - 14)
/* Of a direction's parts: three squares hold in 64 bits. */
#define EDGEHAR_LONGEST (1 << 30)

/* The quotient rounded down; the divisor is positive. */
static int64_t floored(int64_t value, int64_t divisor)
{
    const int64_t quotient = value / divisor;
    return quotient - (value - quotient * divisor < 0);
}

/* a * b in Q24, rounded down. */
static int32_t times(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> EDGEHAR_FINE);
}

/* The whole square root, rounded down, bit by bit. */
static int64_t wide_root(int64_t value)
{
    int64_t result = 0, bit;
    for (bit = (int64_t)1 << 62; bit != 0; bit >>= 2) {
        if (value >= result + bit) {
            value -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
    }
    return result;
}

/* A vector of length 1 in Q24; it is scaled up first, or the root of its square would say too little. */
static int direction(const int32_t vector[3], int32_t unit[3])
{
    int64_t square = 0, length;
    int32_t largest = 0, scale = 1;
    int axis;

    for (axis = 0; axis < 3; axis++) {
        int32_t size;
        if (vector[axis] < -EDGEHAR_LONGEST || vector[axis] > EDGEHAR_LONGEST) {
            return EDGEHAR_ERROR_ARGUMENT;
        }
        size = vector[axis] < 0 ? -vector[axis] : vector[axis];
        largest = size > largest ? size : largest;
    }
    if (largest == 0) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    for (; largest < 1 << 28; largest *= 2) {
        scale *= 2;
    }
    for (axis = 0; axis < 3; axis++) {
        const int64_t value = (int64_t)vector[axis] * scale;
        square += value * value;
    }
    length = wide_root(square);
    for (axis = 0; axis < 3; axis++) {
        unit[axis] = (int32_t)floored((int64_t)vector[axis] * scale * EDGEHAR_ONE, length);
    }
    return EDGEHAR_OK;
}

/* Opposite directions: half a turn about an axis across the target, by way of the axis that it is least along. */
static void half_turn(const int32_t t[3], int32_t fine[9])
{
    int32_t across[3], a[3] = {0, 0, 0};
    int least = 0, axis, index;

    for (axis = 1; axis < 3; axis++) {
        least = (t[axis] < 0 ? -t[axis] : t[axis]) < (t[least] < 0 ? -t[least] : t[least]) ? axis : least;
    }
    for (axis = 0; axis < 3; axis++) {
        across[axis] = -times(t[axis], t[least]) + (axis == least ? EDGEHAR_ONE : 0);
    }
    direction(across, a); /* never of length 0 */
    for (index = 0; index < 9; index++) {
        const int row = index / 3, column = index % 3;
        fine[index] = times(2 * a[row], a[column]) - (row == column ? EDGEHAR_ONE : 0);
    }
}

int edgehar_shortest_turn(const int32_t source[3], const int16_t target[3], int16_t rotation[9])
{
    const int32_t wide[3] = {target[0], target[1], target[2]};
    int32_t u[3], t[3], fine[9], cosine;
    int axis, index;

    if (direction(source, u) != EDGEHAR_OK || direction(wide, t) != EDGEHAR_OK) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    cosine = (int32_t)(((int64_t)u[0] * t[0] + (int64_t)u[1] * t[1] + (int64_t)u[2] * t[2]) >> EDGEHAR_FINE);
    if (EDGEHAR_ONE + cosine < EDGEHAR_ONE >> 12) {
        half_turn(t, fine);
    } else {
        int32_t w[3];
        for (axis = 0; axis < 3; axis++) {
            const int next = (axis + 1) % 3, last = (axis + 2) % 3;
            w[axis] = (int32_t)(((int64_t)u[next] * t[last] - (int64_t)u[last] * t[next]) >> EDGEHAR_FINE);
        }
        /* I + [w] + [w]^2 / (1 + c), where [w]^2 = w wT - |w|^2 and |w|^2 = 1 - c^2. */
        for (index = 0; index < 9; index++) {
            const int row = index / 3, column = index % 3, other = 3 - row - column;
            const int32_t cross = row == column ? cosine : (column - row + 3) % 3 == 1 ? -w[other] : w[other];
            fine[index] = (int32_t)floored((int64_t)w[row] * w[column], EDGEHAR_ONE + cosine) + cross;
        }
    }
    for (index = 0; index < 9; index++) {
        const int32_t value = (fine[index] + (1 << (EDGEHAR_COARSER - 1))) >> EDGEHAR_COARSER;
        const int32_t lower = value < 1 << 14 ? value : 1 << 14;
        rotation[index] = (int16_t)(lower > -(1 << 14) ? lower : -(1 << 14));
    }
    return EDGEHAR_OK;
}

/* Take a sample in Q8; whether the rotation has come with it. */
static int take(edgehar_alignment *self, const edgehar_model *model, const int32_t sample[3])
{
    int32_t gravity[3];

    if (!edgehar_walking_push(&self->walking, sample) || self->walking.row < EDGEHAR_WALKING_ROW) {
        return 0;
    }
    edgehar_walking_gravity(&self->walking, gravity);
    self->found = edgehar_shortest_turn(gravity, model->walking_gravity, self->rotation) == EDGEHAR_OK;
    return self->found;
}

int edgehar_align(edgehar *self, edgehar_alignment *alignment, const edgehar_counts *counts)
{
    static const edgehar_counts none = EDGEHAR_NO_COUNTS;
    const edgehar_model *model;
    const int16_t *target;

    if (!self) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    model = self->config->model;
    target = model->walking_gravity;
    if (alignment && !(target[0] | target[1] | target[2])) {
        return EDGEHAR_ERROR_MODEL;
    }
    if (alignment && !self->take && !counts && (self->config->counts.multiplier != 0 || self->channel_counts)) {
        return EDGEHAR_ERROR_CONFIG;
    }
    if (alignment) {
        alignment->take = take;
        alignment->counts = counts ? *counts : none;
    }
    self->alignment = alignment;
    return edgehar_set_rotation(self, self->rotation);
}
