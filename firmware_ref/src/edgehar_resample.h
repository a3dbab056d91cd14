/* What edgehar_sensor.c and edgehar_resample.c share. Internal. */
#ifndef EDGEHAR_RESAMPLE_H
#define EDGEHAR_RESAMPLE_H

#include "edgehar_quantise.h"
#include "edgehar_sensor.h"

/* Points that come before those under the filter move to the front of the memory. */
#define EDGEHAR_RESAMPLE_SLACK 32

/* The filter's state; for each channel a row of `length` + EDGEHAR_RESAMPLE_SLACK points follows it, and then, of other
 * channels than x, y, z, the last sample. */
typedef struct edgehar_resample_state {
    uint64_t output_us; /* time of the next output */
    uint32_t last_us;   /* of the last sample, modulo 2^32 */
    uint32_t ahead_us;  /* from it to the next point */
    uint16_t rest_us;   /* the point's fraction of a microsecond, units of 1 / down */
    uint16_t phase;     /* of the next output */
    uint16_t wait;      /* points until then */
    uint16_t filled;    /* points in the memory */
    int16_t last[4];    /* the last sample of x, y, z; the fourth is not used */
} edgehar_resample_state;

/* As generated headers have it; `channels` is 0 for x, y, z. */
#define EDGEHAR_RESAMPLE_ROW(length) ((size_t)(length) + EDGEHAR_RESAMPLE_SLACK)
#define EDGEHAR_RESAMPLE_BYTES(length, channels)                                                  \
    (sizeof(edgehar_resample_state) +                                                             \
     ((channels) ? 2u * ((channels) * EDGEHAR_RESAMPLE_ROW(length) + ((channels) + 1u) / 2u * 2u) \
                 : 6u * EDGEHAR_RESAMPLE_ROW(length)))

/* Take one sample at the model's rate: counts times 2^bits, the sensor's axes. */
int edgehar_take_sums(edgehar *self, const int32_t sums[3], int bits, uint64_t time_us, int status,
                      edgehar_decision *decision);

/* The same of other channels. */
int edgehar_take_channel_sums(edgehar *self, const int32_t *sums, int bits, uint64_t time_us, int status,
                              edgehar_decision *decision);

/* Whether a map of counts is that of a sensor's unit. */
int edgehar_is_sensor_unit(const edgehar_counts *unit);

/* Whether each of `count` values is named once, perhaps negative. */
int edgehar_axes_hold(const int8_t *axes, int count);

/* Begin with a sensor whose unit and axes hold, or with none: what edgehar_set_sensor says of the rest. `take` is what
 * becomes of counts without a resampler. */
int edgehar_begin_sensor(edgehar *self, const void *sensor, const edgehar_resampler *resampler,
                         int (*take)(edgehar *self, const int16_t *counts, uint64_t time_us, int status,
                                     edgehar_decision *decision),
                         void *memory, size_t bytes);

#endif
