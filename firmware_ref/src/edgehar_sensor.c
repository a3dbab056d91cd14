/* From a sensor's counts to the model's samples, but for the filter; docs/spec.md, "Sensor". */
#include "edgehar_resample.h"

int edgehar_take_sums(edgehar *self, const int32_t sums[3], int bits, uint64_t time_us, int status,
                      edgehar_decision *decision)
{
    const edgehar_sensor *sensor = self->sensor;
    const edgehar_counts unit = {sensor->unit.multiplier, (uint8_t)(sensor->unit.shift + bits)};
    int32_t q8[3];
    int8_t quantised[3];
    int axis;

    for (axis = 0; axis < 3; axis++) {
        const int from = sensor->axes[axis];
        const int32_t sum = from < 0 ? -sums[-from - 1] : sums[from - 1];
        q8[axis] = edgehar_map(&unit, sum, EDGEHAR_LARGEST_SAMPLE);
    }
    status = edgehar_take_q8(self, q8, status, quantised);
    return edgehar_keep(self, quantised, time_us, status, decision);
}

/* A sensor at the model's rate. */
static int take_counts(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision)
{
    const int32_t sums[3] = {counts[0], counts[1], counts[2]};
    return edgehar_take_sums(self, sums, 0, time_us, status, decision);
}

int edgehar_axes_hold(const int8_t *axes, int count)
{
    int seen = 0, index;
    for (index = 0; index < count; index++) {
        const int from = axes[index] < 0 ? -axes[index] : axes[index];
        if (from < 1 || from > count) {
            return 0;
        }
        seen |= 2 << (from - 1);
    }
    return seen == (2 << count) - 2;
}

int edgehar_is_sensor_unit(const edgehar_counts *unit)
{
    /* A sum of the filter has 31 bits and a multiplier 32: 62 bits of shift and a half hold in 64. */
    return unit->multiplier >= 1u << 30 && unit->multiplier <= 1u << 31 && unit->shift >= 1 && unit->shift <= 46;
}

int edgehar_begin_sensor(edgehar *self, const void *sensor, const edgehar_resampler *resampler,
                         int (*take)(edgehar *self, const int16_t *counts, uint64_t time_us, int status,
                                     edgehar_decision *decision),
                         void *memory, size_t bytes)
{
    const edgehar_model *model = self->config->model;

    if (!sensor && edgehar_counts_lack_q8(self, self->channel_counts)) {
        return EDGEHAR_ERROR_CONFIG;
    }
    if (resampler) {
        if (resampler->output_us != model->period_us || resampler->channels != model->channels) {
            return EDGEHAR_ERROR_MODEL;
        }
        if (!memory || ((uintptr_t)memory & 3u) != 0 ||
            bytes < EDGEHAR_RESAMPLE_BYTES(resampler->length, resampler->channels)) {
            return EDGEHAR_ERROR_MEMORY;
        }
        if (self->config->hop < resampler->most) {
            return EDGEHAR_ERROR_CONFIG;
        }
    }
    self->sensor = sensor;
    self->sensor_memory = memory;
    self->take = resampler ? resampler->take : sensor ? take : NULL;
    self->period_us = resampler ? resampler->period_us : model->period_us;
    self->rate_length = EDGEHAR_RATE_STEPS(model->window);
    if (resampler) {
        self->rate_length =
            (uint16_t)((self->rate_length * (uint32_t)resampler->down + resampler->up - 1) / resampler->up);
    }
    edgehar_reset(self);
    return EDGEHAR_OK;
}

int edgehar_set_sensor(edgehar *self, const edgehar_sensor *sensor, void *memory, size_t bytes)
{
    if (!self) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (sensor && (self->config->model->q8.multiplier == 0 || self->config->model->channels != 0)) {
        return EDGEHAR_ERROR_MODEL;
    }
    if (sensor && (!edgehar_is_sensor_unit(&sensor->unit) || !edgehar_axes_hold(sensor->axes, 3))) {
        return EDGEHAR_ERROR_CONFIG;
    }
    return edgehar_begin_sensor(self, sensor, sensor ? sensor->resampler : NULL, take_counts, memory, bytes);
}

/* Whether the `count` samples that end at `last_us` follow the last one kept, each a period after the other to 10 %. */
static int follows(const edgehar *self, uint32_t count, uint64_t last_us)
{
    const uint64_t nominal = 10 * (uint64_t)count * self->period_us;
    const uint64_t took = last_us - self->kept;
    return self->has_kept && took >> 32 == 0 && 9 * took <= nominal && nominal <= 11 * took;
}

int edgehar_push_fifo(edgehar *self, const int16_t *counts, int count, uint64_t last_us, edgehar_listener *listener,
                      void *context)
{
    uint64_t time_us = last_us;
    uint32_t step, rest = 0, sum = 0;
    int channels, left, decisions = 0;

    if (!self || !counts || !listener || count < 0) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    channels = self->config->model->channels ? self->config->model->channels : 3;
    step = last_us == EDGEHAR_NO_TIME ? 0 : self->period_us;
    if (step != 0 && count > 0) {
        if (follows(self, (uint32_t)count, last_us)) {
            const uint32_t took = (uint32_t)(last_us - self->kept);
            step = took / (uint32_t)count;
            rest = took % (uint32_t)count;
            time_us = self->kept + step;
        } else {
            time_us = last_us - (uint64_t)step * (uint32_t)(count - 1);
        }
    }
    for (left = count; left > 0; left--, counts += channels) {
        edgehar_decision decision;
        int status;
        /* Times between are rounded down; the last one is `last_us`. */
        sum += rest;
        if (sum >= (uint32_t)count) {
            sum -= (uint32_t)count;
            time_us++;
        }
        status = edgehar_push_counts(self, counts, time_us, &decision);
        if (status < 0) {
            return status;
        }
        if (status != EDGEHAR_OK) {
            listener(context, status, &decision);
        }
        decisions += status == EDGEHAR_DECISION;
        time_us += step;
    }
    return decisions;
}
