/* The front end `pocket`: along gravity, across it, and the tilt of the z axis; docs/spec.md, "Sample path". */
#include "edgehar_engine.h"
#include "edgehar_root.h"

/* In Q8; sums of three products then hold in 32 bits. */
#define EDGEHAR_LARGEST 14000
#define EDGEHAR_GRAVITY 2511
/* Samples after which the mean forgets, and the shift by which it then does. */
#define EDGEHAR_MEAN_SAMPLES 32
#define EDGEHAR_MEAN_SHIFT 5

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
    length = edgehar_root(length);
    length = length != 0 ? length : 1;
    along = product / length;
    rest = square - along * along;
    sample[0] = along;
    sample[1] = edgehar_root(rest);
    sample[2] = (g < 0 ? -g : g) * EDGEHAR_GRAVITY / length;
}
