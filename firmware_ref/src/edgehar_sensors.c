/* From the counts of several sensors to a model's samples, but for the filter; docs/spec.md, "Sensor". */
#include "edgehar_resample.h"

int edgehar_take_channel_sums(edgehar *self, const int32_t *sums, int bits, uint64_t time_us, int status,
                              edgehar_decision *decision)
{
    const edgehar_sensors *sensors = self->sensor;
    int32_t q8[EDGEHAR_MOST_CHANNELS];
    int8_t quantised[EDGEHAR_MOST_CHANNELS];
    int channel;

    for (channel = 0; channel < self->config->model->channels; channel++) {
        const int from = sensors->axes[channel];
        const int32_t sum = from < 0 ? -sums[-from - 1] : sums[from - 1];
        const edgehar_counts unit = {sensors->units[channel].multiplier,
                                     (uint8_t)(sensors->units[channel].shift + bits)};
        q8[channel] = edgehar_map(&unit, sum, EDGEHAR_LARGEST_SAMPLE);
    }
    status = edgehar_take_channels_q8(self, q8, status, quantised);
    return edgehar_keep(self, quantised, time_us, status, decision);
}

/* Sensors at the model's rate. */
static int take_counts(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision)
{
    int32_t sums[EDGEHAR_MOST_CHANNELS];
    int channel;

    for (channel = 0; channel < self->config->model->channels; channel++) {
        sums[channel] = counts[channel];
    }
    return edgehar_take_channel_sums(self, sums, 0, time_us, status, decision);
}

/* Whether x, y and z of a sensor stand together in what is pushed, and a length has kept its sign. Where a channel is
 * neither, any order and sign will do. */
static int vectors_hold(const int8_t *axes, uint32_t vectors, int channels)
{
    int at = 0;

    while (vectors != 0 && at < channels) {
        if (vectors >> at & 1u) {
            int seen = 0, index;
            for (index = at; index < at + 3; index++) {
                seen |= 1 << (axes[index] < 0 ? -axes[index] : axes[index]);
            }
            /* Three bits in a row, and the lowest of them. */
            if (seen != 7 * (seen & -seen)) {
                return 0;
            }
            at += 3;
        } else if (axes[at++] < 0) {
            return 0;
        }
    }
    return 1;
}

int edgehar_set_sensors(edgehar *self, const edgehar_sensors *sensors, void *memory, size_t bytes)
{
    const edgehar_model *model;
    int channel;

    if (!self) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    model = self->config->model;
    if (sensors && (model->q8.multiplier == 0 || model->channels == 0)) {
        return EDGEHAR_ERROR_MODEL;
    }
    for (channel = 0; sensors && channel < model->channels; channel++) {
        if (!edgehar_is_sensor_unit(&sensors->units[channel])) {
            return EDGEHAR_ERROR_CONFIG;
        }
    }
    if (sensors && (!edgehar_axes_hold(sensors->axes, model->channels) ||
                    !vectors_hold(sensors->axes, model->vectors, model->channels))) {
        return EDGEHAR_ERROR_CONFIG;
    }
    return edgehar_begin_sensor(self, sensors, sensors ? sensors->resampler : NULL, take_counts, memory, bytes);
}
