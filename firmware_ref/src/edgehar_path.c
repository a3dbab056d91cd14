/* Samples that are turned, or that a front end makes something of, before they become int8; docs/spec.md, "Sample path". */
#include "edgehar_quantise.h"

/* Turn a sample, where there is a rotation; then what the front end does, where there is one. */
static void change(edgehar *self, int32_t sample[3])
{
    const int16_t *rotation = edgehar_rotation_now(self);
    if (rotation) {
        edgehar_turn(rotation, sample);
    }
    if (self->config->model->front) {
        self->config->model->front(&self->gravity, sample);
    }
}

int edgehar_take_q8(edgehar *self, int32_t sample[3], int status, int8_t quantised[3])
{
    const edgehar_model *model = self->config->model;
    int axis;

    status = edgehar_show(self, sample, status);
    change(self, sample);
    for (axis = 0; axis < 3; axis++) {
        quantised[axis] = edgehar_quantise_count(model, &model->q8, sample[axis]);
    }
    return status;
}

static int quantise_counts(edgehar *self, const int16_t *counts, int status, int8_t *quantised)
{
    const edgehar_model *model = self->config->model;
    const edgehar_counts *given = &self->config->counts;
    int32_t v[3];
    int axis;

    if (edgehar_waits(self)) {
        for (axis = 0; axis < 3; axis++) {
            v[axis] = edgehar_map(&self->alignment->counts, counts[axis], EDGEHAR_LARGEST_SAMPLE);
        }
        status = edgehar_show(self, v, status);
    }
    for (axis = 0; axis < 3; axis++) {
        v[axis] = model->front ? edgehar_map(given, counts[axis], EDGEHAR_LARGEST_SAMPLE) : counts[axis];
    }
    change(self, v);
    for (axis = 0; axis < 3; axis++) {
        quantised[axis] = edgehar_quantise_count(model, model->front ? &model->q8 : given, v[axis]);
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
    (void)self;
    return edgehar_is_finite(sample[0]) && edgehar_is_finite(sample[1]) && edgehar_is_finite(sample[2]);
}

static int quantise(edgehar *self, const float *sample, int status, int8_t *quantised)
{
    const edgehar_model *model = self->config->model;
    int32_t v[3];
    int axis;

    for (axis = 0; axis < 3; axis++) {
        v[axis] = edgehar_to_q8(sample[axis]);
    }
    status = edgehar_show(self, v, status);
    change(self, v);
    for (axis = 0; axis < 3; axis++) {
        /* The same byte by either, the first sooner. */
        quantised[axis] = model->q8.multiplier != 0 ? edgehar_quantise_count(model, &model->q8, v[axis])
                                                    : edgehar_quantise(model, (float)v[axis] / 256.0f);
    }
    return status;
}
#endif

const edgehar_path edgehar_changed_path = {EDGEHAR_IS_FINITE, EDGEHAR_QUANTISE, quantise_counts};

int edgehar_set_rotation(edgehar *self, const int16_t rotation[9])
{
    const edgehar_model *model;
    int index;

    if (!self) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    model = self->config->model;
    for (index = 0; rotation && index < 9; index++) {
        /* Larger ones could leave 32 bits. */
        if (rotation[index] > EDGEHAR_ROTATION_ONE || rotation[index] < -EDGEHAR_ROTATION_ONE) {
            return EDGEHAR_ERROR_ARGUMENT;
        }
    }
    if (rotation && model->channels != 0 && model->vectors == 0) {
        return EDGEHAR_ERROR_MODEL;
    }
    self->rotation = rotation;
    self->path = model->channels == 0 && (rotation || self->alignment) ? &edgehar_changed_path : model->path;
    edgehar_reset(self);
    return EDGEHAR_OK;
}
