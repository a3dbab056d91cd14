/* The engine as a WebAssembly module: one model, one stream. README.md beside this file has the interface.
 *
 * A host reads and writes the structs and arrays below in the module's memory, which never grows: a view stays valid.
 */
#include "port_module.h"

#include <string.h>

/* What model this is, and where everything lies. A field may be added behind the others, and only there. */
typedef struct {
    int32_t window;        /* samples */
    int32_t hop;           /* samples between decisions; 0: as the settings say */
    int32_t channels;      /* of a sample */
    int32_t classes;       /* labels */
    int32_t period_us;     /* microseconds between samples */
    int32_t profile_bytes; /* room for a profile; 0: the model has no last layer to learn */
    int32_t most_windows;  /* that adapt takes */
    const float *sample;
    const void *settings;
    const void *decision;
    const int16_t *rotation;
    const uint32_t *profile;
} module_about;

/* What init takes; defaults to begin with. */
typedef struct {
    int32_t hop, smoothing, votes, alpha, threshold, hysteresis, min_dwell;
} module_settings;

/* What push leaves where it returns EDGEHAR_DECISION. */
typedef struct {
    double time_us;
    int32_t label; /* class, or -1 */
    int32_t raw;
    int32_t reason;                        /* why the label is -1: enum edgehar_reason */
    int32_t scores[EDGEHAR_MODEL_CLASSES]; /* units of 1/32768 */
    uint8_t p[EDGEHAR_MODEL_CLASSES];      /* units of 1/256 */
} module_decision;

enum {
    channels = EDGEHAR_MODEL_CHANNELS,
    usual_hop = 20
};

edgehar edgehar_wasm_stream;
int16_t edgehar_wasm_rotation[9];

static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
static edgehar_config config;
static float sample[channels];
static module_decision decision;
static module_settings settings = {.hop = EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : usual_hop,
                                   .smoothing = EDGEHAR_DEFAULT_SMOOTHING,
                                   .votes = EDGEHAR_DEFAULT_VOTES,
                                   .alpha = EDGEHAR_DEFAULT_ALPHA,
                                   .threshold = EDGEHAR_DEFAULT_THRESHOLD,
                                   .hysteresis = EDGEHAR_DEFAULT_HYSTERESIS,
                                   .min_dwell = EDGEHAR_DEFAULT_MIN_DWELL};
static const module_about about = {.window = EDGEHAR_MODEL_WINDOW,
                                   .hop = EDGEHAR_MODEL_HOP,
                                   .channels = channels,
                                   .classes = EDGEHAR_MODEL_CLASSES,
                                   .period_us = EDGEHAR_MODEL_PERIOD_US,
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
                                   .profile_bytes = EDGEHAR_MODEL_PROFILE_BYTES,
                                   .most_windows = EDGEHAR_ADAPT_MOST_WINDOWS,
                                   .profile = edgehar_wasm_profile,
#endif
                                   .sample = sample,
                                   .settings = &settings,
                                   .decision = &decision,
                                   .rotation = edgehar_wasm_rotation};

const void *edgehar_wasm_about(void);
const char *edgehar_wasm_label(int32_t label);
int32_t edgehar_wasm_init(void);
int32_t edgehar_wasm_push(double time_us);
void edgehar_wasm_reset(void);

EDGEHAR_EXPORT("about") const void *edgehar_wasm_about(void)
{
    return &about;
}

EDGEHAR_EXPORT("label") const char *edgehar_wasm_label(int32_t label)
{
    return edgehar_label_name(&edgehar_model_data, label);
}

/* Whether the number is one that its field of edgehar_config can hold. */
static int fits(int32_t value, int32_t most)
{
    return value >= 0 && value <= most;
}

EDGEHAR_EXPORT("init") int32_t edgehar_wasm_init(void)
{
    int32_t status;

    if (!fits(settings.hop, UINT16_MAX) || !fits(settings.smoothing, UINT8_MAX) || !fits(settings.votes, UINT8_MAX) ||
        !fits(settings.alpha, UINT16_MAX) || !fits(settings.threshold, UINT16_MAX) ||
        !fits(settings.hysteresis, UINT16_MAX) || !fits(settings.min_dwell, INT32_MAX)) {
        return EDGEHAR_ERROR_CONFIG;
    }
    config.model = &edgehar_model_data;
    config.hop = (uint16_t)settings.hop;
    config.smoothing = (uint8_t)settings.smoothing;
    config.votes = (uint8_t)settings.votes;
    config.alpha = (uint16_t)settings.alpha;
    config.threshold = (uint16_t)settings.threshold;
    config.hysteresis = (uint16_t)settings.hysteresis;
    config.min_dwell = (uint32_t)settings.min_dwell;
    edgehar_wasm_stream.config = NULL;
#ifndef EDGEHAR_WASM_BARE
    edgehar_wasm_alignment.found = 0;
#endif
    status = edgehar_init(&edgehar_wasm_stream, &config, memory, sizeof memory);
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    if (status == EDGEHAR_OK) {
        status = edgehar_wasm_learn();
    }
#endif
    return status;
}

/* Whole microseconds that a double counts; anything else is no time. */
static uint64_t time_of(double time_us)
{
    return time_us >= 0.0 && time_us < 9007199254740992.0 ? (uint64_t)time_us : EDGEHAR_NO_TIME;
}

EDGEHAR_EXPORT("push") int32_t edgehar_wasm_push(double time_us)
{
    edgehar_decision made;
    int32_t status;

    if (!edgehar_wasm_stream.config) {
        return EDGEHAR_ERROR_CONFIG;
    }
    status = edgehar_push(&edgehar_wasm_stream, sample, time_of(time_us), &made);
    if (status == EDGEHAR_DECISION) {
        decision.time_us = (double)made.time_us;
        decision.label = made.label;
        decision.raw = made.raw;
        decision.reason = made.reason;
        memcpy(decision.scores, made.scores, sizeof decision.scores);
        memcpy(decision.p, made.p, sizeof decision.p);
    }
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    if (status == EDGEHAR_DECISION || status >= EDGEHAR_FLUSH_NAN) {
        edgehar_wasm_embedding(status == EDGEHAR_DECISION);
    }
#endif
    return status;
}

EDGEHAR_EXPORT("reset") void edgehar_wasm_reset(void)
{
    if (edgehar_wasm_stream.config) {
        edgehar_reset(&edgehar_wasm_stream);
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
        edgehar_wasm_embedding(0);
#endif
    }
}
