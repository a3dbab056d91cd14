/* What makes the module's model right on one person: a rotation, told or found by walking, a profile, a last layer
 * learned from a few windows. */
#include "port_module.h"

#include <string.h>

int32_t edgehar_wasm_set_rotation(int32_t on);
int32_t edgehar_wasm_align(int32_t on);
int32_t edgehar_wasm_aligned(void);
int32_t edgehar_wasm_set_profile(int32_t bytes);
int32_t edgehar_wasm_write_profile(int32_t with_rotation);
int32_t edgehar_wasm_remember(int32_t label);
int32_t edgehar_wasm_forget(void);
int32_t edgehar_wasm_adapt(int32_t with_rotation);

/* The stream's own, which a host may not change under it. */
static int16_t rotation_used[9];

EDGEHAR_EXPORT("set_rotation") int32_t edgehar_wasm_set_rotation(int32_t on)
{
    int16_t before[9];
    int32_t status;

    if (!edgehar_wasm_stream.config) {
        return EDGEHAR_ERROR_CONFIG;
    }
    memcpy(before, rotation_used, sizeof before);
    memcpy(rotation_used, edgehar_wasm_rotation, sizeof rotation_used);
    status = edgehar_set_rotation(&edgehar_wasm_stream, on ? rotation_used : NULL);
    if (status != EDGEHAR_OK) {
        memcpy(rotation_used, before, sizeof before);
    }
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    else {
        edgehar_wasm_embedding(0);
    }
#endif
    return status;
}

edgehar_alignment edgehar_wasm_alignment;

EDGEHAR_EXPORT("align") int32_t edgehar_wasm_align(int32_t on)
{
    int32_t status;

    if (!edgehar_wasm_stream.config) {
        return EDGEHAR_ERROR_CONFIG;
    }
    status = edgehar_align(&edgehar_wasm_stream, on ? &edgehar_wasm_alignment : NULL, NULL);
    if (status == EDGEHAR_OK) {
        edgehar_wasm_alignment.found = 0;
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
        edgehar_wasm_embedding(0);
#endif
    }
    return status;
}

/* Whether walking has told how to turn samples; that rotation then lies where a host's does. */
EDGEHAR_EXPORT("aligned") int32_t edgehar_wasm_aligned(void)
{
    if (edgehar_wasm_alignment.found) {
        memcpy(edgehar_wasm_rotation, edgehar_wasm_alignment.rotation, sizeof edgehar_wasm_rotation);
    }
    return edgehar_wasm_alignment.found;
}

#ifdef EDGEHAR_MODEL_PROFILE_BYTES

/* Of a profile's bytes: docs/spec.md. */
enum {
    at_flags = 4,
    at_layer = 40,
    has_layer = 2
};

/* An embedding at most: a profile holds as many bytes, and some more, for each class. */
#define EMBEDDING_ROOM (EDGEHAR_MODEL_PROFILE_BYTES / EDGEHAR_MODEL_CLASSES)

uint32_t edgehar_wasm_profile[EDGEHAR_MODEL_PROFILE_BYTES / 4];

static uint32_t profile_used[2][EDGEHAR_MODEL_PROFILE_BYTES / 4];
static int profile_at;
static int profile_learned; /* whether the one in use has a last layer */
static int8_t embedding[EMBEDDING_ROOM];
static int embedding_fresh;
static int8_t windows[EDGEHAR_ADAPT_MOST_WINDOWS * EMBEDDING_ROOM];
static uint8_t labels[EDGEHAR_ADAPT_MOST_WINDOWS];
static int window_count;

int32_t edgehar_wasm_learn(void)
{
    profile_learned = 0;
    edgehar_wasm_embedding(0);
    return edgehar_keep_embedding(&edgehar_wasm_stream, &edgehar_model_personal, embedding);
}

void edgehar_wasm_embedding(int32_t fresh)
{
    embedding_fresh = fresh;
}

/* The stream reads a copy, and the copy before stays until the new one is taken: a torn profile changes nothing. */
EDGEHAR_EXPORT("set_profile") int32_t edgehar_wasm_set_profile(int32_t bytes)
{
    uint32_t *const next = profile_used[!profile_at];
    int32_t status;

    if (!edgehar_wasm_stream.config) {
        return EDGEHAR_ERROR_CONFIG;
    }
    if (bytes < 0 || bytes > EDGEHAR_MODEL_PROFILE_BYTES) {
        return EDGEHAR_ERROR_PROFILE;
    }
    memcpy(next, edgehar_wasm_profile, (size_t)bytes);
    status = edgehar_set_profile(&edgehar_wasm_stream, &edgehar_model_personal, bytes ? next : NULL, (size_t)bytes);
    if (status == EDGEHAR_OK) {
        profile_at = !profile_at;
        profile_learned = bytes && (((const uint8_t *)next)[at_flags] & has_layer);
        edgehar_wasm_embedding(0);
    }
    return status;
}

EDGEHAR_EXPORT("remember") int32_t edgehar_wasm_remember(int32_t label)
{
    const int inputs = edgehar_model_personal.head.inputs;

    if (label < 0 || label >= EDGEHAR_MODEL_CLASSES || !embedding_fresh) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (window_count == EDGEHAR_ADAPT_MOST_WINDOWS) {
        return EDGEHAR_ERROR_MEMORY;
    }
    memcpy(windows + window_count * inputs, embedding, (size_t)inputs);
    labels[window_count] = (uint8_t)label;
    return ++window_count;
}

EDGEHAR_EXPORT("forget") int32_t edgehar_wasm_forget(void)
{
    return window_count = 0;
}

EDGEHAR_EXPORT("adapt") int32_t edgehar_wasm_adapt(int32_t with_rotation)
{
    static int8_t weights[EDGEHAR_MODEL_PROFILE_BYTES];
    static int32_t bias[EDGEHAR_MODEL_CLASSES];
    static int32_t work[EDGEHAR_ADAPT_WORDS(EDGEHAR_ADAPT_MOST_WINDOWS, EDGEHAR_ADAPT_MOST_CLASSES)];

    if (edgehar_adapt(&edgehar_model_personal.head, windows, labels, window_count, weights, bias, work) != 0) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    return edgehar_write_profile(&edgehar_model_personal, with_rotation ? edgehar_wasm_rotation : NULL, weights, bias,
                                 edgehar_wasm_profile, sizeof edgehar_wasm_profile);
}

/* The profile in use, but of another rotation. */
EDGEHAR_EXPORT("write_profile") int32_t edgehar_wasm_write_profile(int32_t with_rotation)
{
    const uint8_t *const layer = (const uint8_t *)profile_used[profile_at] + at_layer;
    const int32_t *const bias = profile_learned ? (const int32_t *)(const void *)layer : NULL;
    const int8_t *const weights = bias ? (const int8_t *)(bias + EDGEHAR_MODEL_CLASSES) : NULL;

    return edgehar_write_profile(&edgehar_model_personal, with_rotation ? edgehar_wasm_rotation : NULL, weights, bias,
                                 edgehar_wasm_profile, sizeof edgehar_wasm_profile);
}

#else

EDGEHAR_EXPORT("set_profile") int32_t edgehar_wasm_set_profile(int32_t bytes)
{
    (void)bytes;
    return EDGEHAR_ERROR_MODEL;
}

EDGEHAR_EXPORT("write_profile") int32_t edgehar_wasm_write_profile(int32_t with_rotation)
{
    (void)with_rotation;
    return EDGEHAR_ERROR_MODEL;
}

EDGEHAR_EXPORT("remember") int32_t edgehar_wasm_remember(int32_t label)
{
    (void)label;
    return EDGEHAR_ERROR_MODEL;
}

EDGEHAR_EXPORT("forget") int32_t edgehar_wasm_forget(void)
{
    return 0;
}

EDGEHAR_EXPORT("adapt") int32_t edgehar_wasm_adapt(int32_t with_rotation)
{
    (void)with_rotation;
    return EDGEHAR_ERROR_MODEL;
}

#endif
