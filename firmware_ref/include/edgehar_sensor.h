/* A sensor as it is: its rate, its axes, its unit; whole FIFOs. docs/spec.md, "Sensor", has every bit.
 *
 * `python -m edgehar export --c --sensor-rate 52` adds to a model the filter from 52 Hz to the model's rate:
 * edgehar_NAME_resampler and EDGEHAR_NAME_SENSOR_BYTES. Without it, a sensor has the model's rate. Nothing of this is
 * in an image that does not name it.
 *
 * With a sensor, edgehar_push_counts takes its counts, and their times are its own: gaps, the clock and the rate are
 * told by the sensor's period. A decision's `time_us` is the time at which its newest filtered sample stands, half a
 * second before the sensor's newest one. edgehar_push returns EDGEHAR_ERROR_CONFIG.
 */
#ifndef EDGEHAR_SENSOR_H
#define EDGEHAR_SENSOR_H

#include "edgehar.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From a sensor's rate to a model's, by up / down; generated. */
typedef struct edgehar_resampler {
    int (*take)(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision);
    const int16_t *taps; /* `up` rows of `length`, oldest sample first, in units of 2^-bits */
    uint32_t output_us;  /* the model's period */
    uint32_t period_us;  /* the sensor's: period_us + rest_us / down */
    uint16_t rest_us;
    uint16_t length; /* a multiple of 8 */
    uint16_t lead;   /* samples that a row reaches beyond the one that it stands at */
    uint16_t up;
    uint16_t down;
    uint8_t bits;
    uint8_t most;     /* outputs that one sample can bring about */
    uint8_t channels; /* of a sample, where they are not x, y, z; else 0 */
} edgehar_resampler;

typedef struct edgehar_sensor {
    const edgehar_resampler *resampler; /* NULL: the sensor has the model's rate */
    edgehar_counts unit;                /* EDGEHAR_SENSOR_UNIT */
    int8_t
        axes[3]; /* the sensor's axis that is the model's x, y, z: 1, 2 or 3; negative where it points the other way */
} edgehar_sensor;

/* Of a sensor whose count is `unit` m/s², for example 9.80665 / 8192: 2^-16 … 16. The compiler computes it. */
#define EDGEHAR_SENSOR_UNIT(unit) EDGEHAR_COUNTS_OF((unit), 1.0 / 256)

/* Counts become samples by this sensor from now on; forgets as edgehar_reset does. Call it again after another full
 * scale, or where the board is mounted another way; NULL: counts are what the configuration says.
 *
 * `sensor`, and with a resampler `memory` (EDGEHAR_NAME_SENSOR_BYTES, address a multiple of 4), must outlive their use.
 * Returns EDGEHAR_OK, EDGEHAR_ERROR_ARGUMENT, EDGEHAR_ERROR_MEMORY, EDGEHAR_ERROR_MODEL (a resampler for another rate,
 * or a model whose input scale is no sensor's or whose channels are not x, y, z of the acceleration) or
 * EDGEHAR_ERROR_CONFIG (axes or a unit out of range, or a hop below resampler->most); after an error nothing has
 * changed.
 */
int edgehar_set_sensor(edgehar *self, const edgehar_sensor *sensor, void *memory, size_t bytes);

/* What gives the samples of a model of other channels, as an accelerometer with a gyroscope. */
typedef struct edgehar_sensors {
    const edgehar_resampler *resampler; /* NULL: they come at the model's rate */
    edgehar_counts
        units[EDGEHAR_MOST_CHANNELS]; /* EDGEHAR_MODEL_SENSOR_UNITS of the model's header: a unit per sensor */
    /* For each channel the value of a pushed sample that it is: 1 … channels, each once; negative where it points the
     * other way. A sensor's x, y and z stand together there, too, and lengths do not change their sign. */
    int8_t axes[EDGEHAR_MOST_CHANNELS];
} edgehar_sensors;

/* The same as edgehar_set_sensor, for a model whose samples are not x, y, z of the acceleration alone. Values become
 * 1/256 of their unit, within ±128 of it.
 *
 * Returns what edgehar_set_sensor does; EDGEHAR_ERROR_MODEL of a model of x, y, z, or a resampler for another number of
 * channels.
 */
int edgehar_set_sensors(edgehar *self, const edgehar_sensors *sensors, void *memory, size_t bytes);

/* What edgehar_push_fifo calls for every sample that did more than being kept: `status` is enum edgehar_status, and
 * `decision` is to be read with EDGEHAR_DECISION only. */
typedef void edgehar_listener(void *context, int status, const edgehar_decision *decision);

/* Take a whole FIFO: `count` samples, as edgehar_push_counts takes them, oldest first; `last_us` is the time of the
 * last of them, or EDGEHAR_NO_TIME.
 *
 * The others stand evenly between the last sample of the call before and this one, where that is `count` periods to
 * 10 %; else a period apart. Returns the number of decisions, or the first error.
 */
int edgehar_push_fifo(edgehar *self, const int16_t *counts, int count, uint64_t last_us, edgehar_listener *listener,
                      void *context);

/* The filter, as generated tables name it: of x, y, z, and of other channels. */
int edgehar_resample(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision);
int edgehar_resample_channels(edgehar *self, const int16_t *counts, uint64_t time_us, int status,
                              edgehar_decision *decision);

#ifdef __cplusplus
}
#endif

#endif
