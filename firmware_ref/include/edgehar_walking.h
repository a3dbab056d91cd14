/* Whether somebody walks, and where gravity is meanwhile; docs/spec.md, "Alignment".
 *
 * Told from samples at 20 Hz in Q8, 1/256 m/s²: |a| moves, and repeats itself in the time of a step. The same as
 * Python's reference (edgehar/personal/alignment.py). No floating point; the caller owns the memory.
 */
#ifndef EDGEHAR_WALKING_H
#define EDGEHAR_WALKING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Samples of a window that may be walking, and between the ends of two. */
#define EDGEHAR_WALKING_WINDOW 80
#define EDGEHAR_WALKING_STEP 40
/* Windows in a row whose gravity is believed. */
#define EDGEHAR_WALKING_ROW 3

/* An uninterrupted stream. `row` is for the caller to read, the other fields are for edgehar_walking.c alone. */
typedef struct edgehar_walking {
    int32_t sums[EDGEHAR_WALKING_ROW + 1][3]; /* of the samples of the last half windows, the newest last */
    int16_t lengths[EDGEHAR_WALKING_WINDOW];  /* |a| in Q8 of the last two of them */
    uint8_t samples;                          /* in the newest */
    uint8_t halves;                           /* that have begun, up to 2 */
    uint8_t row;                              /* windows in a row that walked, up to EDGEHAR_WALKING_ROW */
} edgehar_walking;

/* Begin, or begin anew where samples are missing. */
static inline void edgehar_walking_clear(edgehar_walking *self)
{
    self->samples = 0;
    self->halves = 0;
    self->row = 0;
}

/* Take a sample: x, y, z in Q8, no entry beyond ±32767. Returns 1 where a window has ended with it, which is every 40
 * samples from the 80th on, and then `row` says whether it walked; else 0.
 */
int edgehar_walking_push(edgehar_walking *self, const int32_t sample[3]);

/* Gravity in the device's frame, of any length up to 2^23: the sum over the last EDGEHAR_WALKING_ROW windows. To be
 * called when edgehar_walking_push has returned 1 and `row` is EDGEHAR_WALKING_ROW.
 */
void edgehar_walking_gravity(const edgehar_walking *self, int32_t gravity[3]);

#ifdef __cplusplus
}
#endif

#endif
