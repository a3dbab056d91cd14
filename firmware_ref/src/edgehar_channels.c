/* Samples of one to nine channels that are not x, y and z of the acceleration alone; docs/spec.md, "Channels". Linked
 * only where a model has such. */
#include "edgehar_quantise.h"

/* Turn every vector of a sample, where there is a rotation. */
static void turn(const edgehar *self, int32_t *sample)
{
    const int16_t *rotation = edgehar_rotation_now(self);
    const uint32_t vectors = rotation ? self->config->model->vectors : 0;
    int at;

    for (at = 0; vectors >> at != 0; at++) {
        if (vectors >> at & 1u) {
            edgehar_turn(rotation, sample + at);
        }
    }
}

int edgehar_take_channels_q8(edgehar *self, int32_t *sample, int status, int8_t *quantised)
{
    const edgehar_model *model = self->config->model;
    int channel;

    status = edgehar_show(self, sample + model->acceleration, status);
    turn(self, sample);
    for (channel = 0; channel < model->channels; channel++) {
        quantised[channel] = edgehar_quantise_count(model, &model->q8, sample[channel]);
    }
    return status;
}

static int quantise_counts(edgehar *self, const int16_t *counts, int status, int8_t *quantised)
{
    const edgehar_model *model = self->config->model;
    int32_t v[EDGEHAR_MOST_CHANNELS];
    int channel;

    if (edgehar_waits(self)) {
        for (channel = 0; channel < 3; channel++) {
            v[channel] =
                edgehar_map(&self->alignment->counts, counts[model->acceleration + channel], EDGEHAR_LARGEST_SAMPLE);
        }
        status = edgehar_show(self, v, status);
    }
    for (channel = 0; channel < model->channels; channel++) {
        v[channel] = counts[channel];
    }
    turn(self, v);
    for (channel = 0; channel < model->channels; channel++) {
        quantised[channel] = edgehar_quantise_count(model, &self->channel_counts[channel], v[channel]);
    }
    return status;
}

#ifdef EDGEHAR_COUNTS_ONLY
#define EDGEHAR_IS_FINITE NULL
#define EDGEHAR_QUANTISE NULL
#else
#define EDGEHAR_IS_FINITE is_finite
#define EDGEHAR_QUANTISE quantise

static int is_finite(const edgehar *self, const float *sample)
{
    int channel, finite = 1;

    for (channel = 0; channel < self->config->model->channels; channel++) {
        finite &= edgehar_is_finite(sample[channel]);
    }
    return finite;
}

static int quantise(edgehar *self, const float *sample, int status, int8_t *quantised)
{
    const edgehar_model *model = self->config->model;
    const int changes = self->rotation || self->alignment;
    int32_t v[EDGEHAR_MOST_CHANNELS];
    int channel;

    for (channel = 0; changes && channel < model->channels; channel++) {
        v[channel] = edgehar_to_q8(sample[channel]);
    }
    if (changes) {
        status = edgehar_show(self, v + model->acceleration, status);
        turn(self, v);
    }
    for (channel = 0; channel < model->channels; channel++) {
        const float value = changes ? (float)v[channel] / 256.0f : sample[channel];
        quantised[channel] = edgehar_quantise(model, value);
    }
    return status;
}
#endif

const edgehar_path edgehar_channels_path = {EDGEHAR_IS_FINITE, EDGEHAR_QUANTISE, quantise_counts};

int edgehar_set_counts(edgehar *self, const edgehar_counts *counts)
{
    int channel;

    if (!self) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (self->config->model->channels == 0) {
        return EDGEHAR_ERROR_MODEL;
    }
    for (channel = 0; counts && channel < self->config->model->channels; channel++) {
        if (counts[channel].multiplier == 0 || counts[channel].shift < 1 || counts[channel].shift > 62) {
            return EDGEHAR_ERROR_CONFIG;
        }
    }
    if (!self->take && edgehar_counts_lack_q8(self, counts)) {
        return EDGEHAR_ERROR_CONFIG;
    }
    self->channel_counts = counts;
    edgehar_reset(self);
    return EDGEHAR_OK;
}
