/* What edgehar_sensor.c and edgehar_resample.c share. Internal. */
#ifndef EDGEHAR_RESAMPLE_H
#define EDGEHAR_RESAMPLE_H

#include "edgehar_quantise.h"
#include "edgehar_sensor.h"

/* Points that come before those under the filter move to the front of the memory. */
#define EDGEHAR_RESAMPLE_SLACK 32

/* The filter's state; three rows of `length` + EDGEHAR_RESAMPLE_SLACK points follow it. */
typedef struct edgehar_resample_state {
    uint64_t output_us; /* time of the next output */
    uint32_t last_us;   /* of the last sample, modulo 2^32 */
    uint32_t ahead_us;  /* from it to the next point */
    uint16_t rest_us;   /* the point's fraction of a microsecond, units of 1 / down */
    uint16_t phase;     /* of the next output */
    uint16_t wait;      /* points until then */
    uint16_t filled;    /* points in the memory */
    int16_t last[4];    /* the last sample; the fourth is not used */
} edgehar_resample_state;

/* As generated headers have it. */
#define EDGEHAR_RESAMPLE_BYTES(length) \
    (sizeof(edgehar_resample_state) + 6u * ((size_t)(length) + EDGEHAR_RESAMPLE_SLACK))

/* Take one sample at the model's rate: counts times 2^bits, the sensor's axes. */
int edgehar_take_sums(edgehar *self, const int32_t sums[3], int bits, uint64_t time_us, int status,
                      edgehar_decision *decision);

#endif
