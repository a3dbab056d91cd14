/* The front end `pocket`: along gravity, across it, and the tilt of the z axis; docs/spec.md, "Sample path". */
#include "edgehar_engine.h"

/* In Q8; sums of three products then hold in 32 bits. */
#define EDGEHAR_LARGEST 14000
#define EDGEHAR_GRAVITY 2511
/* Samples after which the mean forgets, and the shift by which it then does. */
#define EDGEHAR_MEAN_SAMPLES 32
#define EDGEHAR_MEAN_SHIFT 5

/* A power of two that is at least the square root, and at most twice it. */
static uint32_t above_root(uint32_t value)
{
#ifdef __GNUC__
    return 1u << ((33 - __builtin_clz(value)) / 2);
#else
    uint32_t result = 1;
    for (; value != 0; value >>= 2) {
        result <<= 1;
    }
    return result;
#endif
}

/* The whole square root, rounded down: Newton's steps from above fall until they are there. */
static int32_t root(int32_t value)
{
    uint32_t result, next;

    if (value <= 0) {
        return 0;
    }
    next = above_root((uint32_t)value);
    do {
        result = next;
        next = (result + (uint32_t)value / result) >> 1;
    } while (next < result);
    return (int32_t)result;
}

void edgehar_front_pocket(edgehar_gravity *gravity, int32_t sample[3])
{
    int32_t product = 0, square = 0, length = 0, g = 0, along, rest;
    int axis;

    for (axis = 0; axis < 3; axis++) {
        const int32_t limited = sample[axis] < EDGEHAR_LARGEST ? sample[axis] : EDGEHAR_LARGEST;
        const int32_t v = limited > -EDGEHAR_LARGEST ? limited : -EDGEHAR_LARGEST;
        const int32_t away = v * 256 - gravity->sum[axis];
        gravity->sum[axis] +=
            gravity->samples < EDGEHAR_MEAN_SAMPLES ? away / (gravity->samples + 1) : away >> EDGEHAR_MEAN_SHIFT;
        g = gravity->sum[axis] >> 8;
        product += v * g;
        square += v * v;
        length += g * g;
    }
    gravity->samples = (uint8_t)(gravity->samples + (gravity->samples < EDGEHAR_MEAN_SAMPLES));
    length = root(length);
    length = length != 0 ? length : 1;
    along = product / length;
    rest = square - along * along;
    sample[0] = along;
    sample[1] = root(rest);
    sample[2] = (g < 0 ? -g : g) * EDGEHAR_GRAVITY / length;
}
