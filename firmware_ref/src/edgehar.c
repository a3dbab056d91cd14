/* The streamer: quantising, gaps, smoothing, decisions; docs/spec.md has its rules. */
#include "edgehar_quantise.h"

#if (-1 >> 1) != -1
#error "shifting a negative number to the right must be arithmetic"
#endif

/* Where the memory has what is told of the placement: behind the scores. */
static edgehar_wearing *wearing_of(const edgehar *self)
{
    return (edgehar_wearing *)(void *)(self->scores + self->config->model->classes);
}

void edgehar_forget(edgehar *self)
{
    const edgehar_model *model = self->config->model;
    edgehar_engine_reset(model, self->memory);
    self->due = model->window;
    self->decisions = 0;
    self->newest = 0;
    self->has_label = 0;
    self->age = 0;
    memset(&self->gravity, 0, sizeof self->gravity);
    if (model->placement) {
        memset(wearing_of(self), 0, sizeof(edgehar_wearing));
    }
}

/* The same, and whatever else is told from samples that follow one another; the clock stays. */
static void flush(edgehar *self)
{
    edgehar_forget(self);
    self->fresh = 1;
    self->step_us = self->period_us;
    if (self->alignment) {
        edgehar_walking_clear(&self->alignment->walking);
    }
}

int edgehar_init(edgehar *self, const edgehar_config *config, void *memory, size_t memory_bytes)
{
    const edgehar_model *model;
    size_t classes, needed;

    if (!self || !config || !config->model || !memory) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    model = config->model;
    classes = model->classes;
    needed = model->state_bytes + classes * sizeof *self->scores + (model->placement ? sizeof(edgehar_wearing) : 0);
    if (memory_bytes < needed || ((uintptr_t)memory & 3u) != 0) {
        return EDGEHAR_ERROR_MEMORY;
    }
    if (classes > EDGEHAR_MOST_CLASSES || config->hop < 1 || config->hop > model->window ||
        (model->hop != 0 && config->hop != model->hop) || config->smoothing > EDGEHAR_SMOOTHING_MAJORITY ||
        config->votes < 1 || config->votes > 15 || config->alpha < 1 || config->alpha > 256 ||
        config->threshold > 256 || config->hysteresis > 256 || config->min_dwell < 1 || config->any_placement > 1 ||
        (config->counts.multiplier != 0 && (config->counts.shift < 1 || config->counts.shift > 62)) ||
        (model->channels != 0 && config->counts.multiplier != 0)) {
        return EDGEHAR_ERROR_CONFIG;
    }
    memset(self, 0, sizeof *self);
    self->config = config;
    self->memory = memory;
    self->path = model->path;
    self->period_us = model->period_us;
    self->rate_length = EDGEHAR_RATE_STEPS(model->window);
    self->scores = (int32_t *)(void *)((uint8_t *)memory + model->state_bytes);
    edgehar_reset(self);
    return EDGEHAR_OK;
}

void edgehar_reset(edgehar *self)
{
    self->has_clock = 0;
    self->has_kept = 0;
    if (self->alignment) {
        self->alignment->found = 0;
    }
    flush(self);
}

void edgehar_lose(edgehar *self, uint32_t lost)
{
    self->clock += (uint64_t)lost * self->period_us;
    self->has_kept = 0;
    flush(self);
}

const char *edgehar_label_name(const edgehar_model *model, int label)
{
    if (label == EDGEHAR_UNSURE) {
        return "unsure";
    }
    return label >= 0 && label < model->classes ? model->labels[label] : NULL;
}

/* Class with the largest probability; among equals, the first. */
static int largest_p(const uint8_t *p, int classes)
{
    int best = 0, index;
    for (index = 1; index < classes; index++) {
        best = p[index] > p[best] ? index : best;
    }
    return best;
}

/* Scores from the newest probabilities, of which `raw` is the largest. */
static void smooth(edgehar *self, const uint8_t *p, int raw)
{
    const edgehar_config *config = self->config;
    const int classes = config->model->classes;
    int index;

    if (config->smoothing == EDGEHAR_SMOOTHING_MAJORITY) {
        self->newest = (uint8_t)(self->newest + 1 >= config->votes ? 0 : self->newest + 1);
        self->votes[self->newest] = (uint8_t)raw;
        if (self->decisions < config->votes) {
            self->decisions++;
        }
        memset(self->scores, 0, (size_t)classes * sizeof *self->scores);
        /* The first votes stand in places 1, 2, …, the last place being 0. */
        for (index = 0; index < self->decisions; index++) {
            const int place = self->newest - index;
            self->scores[self->votes[place < 0 ? place + config->votes : place]] += 1 << 15;
        }
        for (index = 0; index < classes; index++) {
            self->scores[index] /= self->decisions;
        }
        return;
    }
    for (index = 0; index < classes; index++) {
        const int32_t fresh = p[index] << 7;
        if (config->smoothing == EDGEHAR_SMOOTHING_EMA && self->decisions != 0) {
            self->scores[index] += ((fresh - self->scores[index]) * config->alpha) >> 8;
        } else {
            self->scores[index] = fresh;
        }
    }
    self->decisions = 1;
}

/* The label in force after these scores. */
static void decide(edgehar *self)
{
    const edgehar_config *config = self->config;
    const int32_t *scores = self->scores;
    int best = 0, proposed, index;

    for (index = 1; index < config->model->classes; index++) {
        best = scores[index] > scores[best] ? index : best;
    }
    proposed = best;
    if (scores[best] < config->threshold << 7) {
        proposed = EDGEHAR_UNSURE;
    } else if (self->has_label && self->label != EDGEHAR_UNSURE && best != self->label &&
               scores[best] - scores[self->label] < config->hysteresis << 7) {
        proposed = self->label;
    }
    if (self->has_label &&
        (proposed == self->label || (self->label != EDGEHAR_UNSURE && self->age < config->min_dwell))) {
        self->age += self->age < UINT32_MAX;
    } else {
        self->label = (int8_t)proposed;
        self->has_label = 1;
        self->age = 1;
    }
}

int edgehar_keep(edgehar *self, const int8_t *quantised, uint64_t time_us, int status, edgehar_decision *decision)
{
    const edgehar_model *model = self->config->model;
    const int8_t *output;
    int index;

    edgehar_engine_feed(model, self->memory, quantised);
    if (model->placement && !self->config->any_placement) {
        model->placement->push(model->placement, wearing_of(self), quantised);
    }
    if (--self->due != 0) {
        return status;
    }
    self->due = self->config->hop;
    output = edgehar_engine_decide(model, self->memory, self->last.run ? EDGEHAR_LAST_LAYERS : 0);
    if (self->last.run) {
        output = self->last.run(&self->last, self->memory);
    }
    for (index = 0; index < model->classes; index++) {
        decision->p[index] = (uint8_t)(output[index] + 128);
    }
    decision->raw = largest_p(decision->p, model->classes);
    smooth(self, decision->p, decision->raw);
    decide(self);
    memcpy(decision->scores, self->scores, model->classes * sizeof *self->scores);
    decision->time_us = time_us;
    decision->label = self->label;
    decision->reason = self->label == EDGEHAR_UNSURE ? EDGEHAR_REASON_SCORE : EDGEHAR_REASON_NONE;
    if (model->placement && wearing_of(self)->strange) {
        decision->label = EDGEHAR_UNSURE;
        decision->reason = EDGEHAR_REASON_PLACEMENT;
    }
    decision->classes = model->classes;
    return EDGEHAR_DECISION;
}

/* The sample's time, where the caller gave none. */
static uint64_t tick(edgehar *self, uint64_t time_us)
{
    if (time_us == EDGEHAR_NO_TIME) {
        time_us = self->has_clock ? self->clock + self->step_us : 0;
    }
    self->clock = time_us;
    self->has_clock = 1;
    return time_us;
}

/* Whether half a window of steps, which ends now, took what it takes at the model's rate, to 10 %. */
static int rate_holds(const edgehar *self, uint64_t time_us)
{
    /* No step is over two periods, and a window lasts at most 380 s: 32 bits hold all of it. */
    const uint32_t nominal = 10 * self->rate_length * self->period_us;
    const uint32_t took = (uint32_t)(time_us - self->rate_from);
    return 9 * took <= nominal && nominal <= 11 * took;
}

/* What the sample's time means: EDGEHAR_OK, a duplicate, or a flush, which is then done. */
static int check_time(edgehar *self, uint64_t time_us)
{
    int status = EDGEHAR_OK;

    if (self->has_kept) {
        const uint64_t step = time_us - self->kept;
        if (step == 0) {
            return EDGEHAR_DUPLICATE;
        }
        if (step >> 63) {
            status = EDGEHAR_FLUSH_BACKWARD;
        } else if (step > 2 * (uint64_t)self->period_us) {
            status = EDGEHAR_FLUSH_GAP;
        } else if (--self->rate_steps != 0) {
            self->kept = time_us;
            return EDGEHAR_OK;
        } else if (!rate_holds(self, time_us)) {
            status = EDGEHAR_FLUSH_RATE;
        }
    }
    self->kept = time_us;
    self->has_kept = 1;
    self->rate_from = time_us;
    self->rate_steps = self->rate_length;
    if (status != EDGEHAR_OK) {
        flush(self);
    }
    return status;
}

#ifndef EDGEHAR_COUNTS_ONLY
int edgehar_push(edgehar *self, const float *sample, uint64_t time_us, edgehar_decision *decision)
{
    const edgehar_path *path;
    int8_t quantised[EDGEHAR_MOST_CHANNELS];
    int finite, status, axis;

    if (!self || !sample || !decision) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (self->take) {
        return EDGEHAR_ERROR_CONFIG;
    }
    time_us = tick(self, time_us);
    path = self->path;
    finite = path ? path->is_finite(self, sample)
                  : edgehar_is_finite(sample[0]) && edgehar_is_finite(sample[1]) && edgehar_is_finite(sample[2]);
    if (!finite) {
        flush(self);
        self->has_kept = 0;
        return EDGEHAR_FLUSH_NAN;
    }
    status = check_time(self, time_us);
    if (status == EDGEHAR_DUPLICATE) {
        return status;
    }
    if (path) {
        status = path->quantise(self, sample, status, quantised);
    } else {
        const edgehar_model *model = self->config->model;
        const float inverse_scale = model->inverse_scale;
        const int32_t zero = model->input_zero;
        for (axis = 0; axis < 3; axis++) {
            quantised[axis] = edgehar_quantise_by(inverse_scale, zero, sample[axis]);
        }
    }
    return edgehar_keep(self, quantised, time_us, status, decision);
}
#endif

int edgehar_push_counts(edgehar *self, const int16_t *counts, uint64_t time_us, edgehar_decision *decision)
{
    int8_t quantised[EDGEHAR_MOST_CHANNELS];
    int status, axis;

    if (!self || !counts || !decision) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (!self->take && self->config->counts.multiplier == 0 && !self->channel_counts) {
        return EDGEHAR_ERROR_CONFIG;
    }
    time_us = tick(self, time_us);
    status = check_time(self, time_us);
    if (status == EDGEHAR_DUPLICATE) {
        return status;
    }
    if (self->take) {
        return self->take(self, counts, time_us, status, decision);
    }
    if (self->path) {
        status = self->path->quantise_counts(self, counts, status, quantised);
    } else {
        for (axis = 0; axis < 3; axis++) {
            quantised[axis] = edgehar_quantise_count(self->config->model, &self->config->counts, counts[axis]);
        }
    }
    return edgehar_keep(self, quantised, time_us, status, decision);
}
