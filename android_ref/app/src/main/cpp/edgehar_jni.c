/* The other side of Engine.kt: each of its functions, and nothing that it does not call.
 *
 * The model is the one of cpp/model/. Each stream has memory of its own; the engine itself takes none.
 */
#include "edgehar_align.h"
#include "edgehar_engine.h"
#include "edgehar_profile.h"
#include "model_data.h"

#include <jni.h>
#include <stdlib.h>
#include <string.h>

#if EDGEHAR_MODEL_CHANNELS != 3
#error "this app reads an accelerometer: expected a model of x, y and z"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_org_edgehar_core_Engine_native##name

#ifdef EDGEHAR_MODEL_PROFILE_BYTES
enum {
    profile_bytes = EDGEHAR_MODEL_PROFILE_BYTES,
    /* An embedding at most: a profile holds as many bytes, and some more, for each class. */
    embedding_room = EDGEHAR_MODEL_PROFILE_BYTES / EDGEHAR_MODEL_CLASSES
};

/* What learning needs, beside the stream. */
typedef struct {
    uint32_t profile[2][profile_bytes / 4]; /* the one in use, and the one that is tried */
    int used;
    size_t used_bytes; /* of the one in use; 0: none is */
    int8_t embedding[embedding_room];
    int fresh; /* whether it is that of a decision since the last flush */
    int8_t windows[EDGEHAR_ADAPT_MOST_WINDOWS * embedding_room];
    uint8_t labels[EDGEHAR_ADAPT_MOST_WINDOWS];
    int count;
    int8_t weights[profile_bytes];
    int32_t bias[EDGEHAR_MODEL_CLASSES];
    int32_t work[EDGEHAR_ADAPT_WORDS(EDGEHAR_ADAPT_MOST_WINDOWS, EDGEHAR_ADAPT_MOST_CLASSES)];
    uint32_t written[profile_bytes / 4];
} learning;
#endif

typedef struct {
    edgehar stream;
    edgehar_config config;
    uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
    int16_t rotation[2][9]; /* the one in use, and the one that is tried */
    int rotation_used;
    const int16_t *turns; /* what samples are turned by until walking tells; NULL: nothing */
    edgehar_alignment alignment;
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    learning person;
#endif
} session;

static session *of(jlong handle)
{
    return (session *)(intptr_t)handle;
}

/* What was computed of the window is no longer what the newest decision read. */
static void stale(session *self)
{
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    self->person.fresh = 0;
#else
    (void)self;
#endif
}

NATIVE(jintArray, About)(JNIEnv *env, jobject engine)
{
    const int16_t *gravity = edgehar_model_data.walking_gravity;
    const jint about[] = {EDGEHAR_MODEL_WINDOW, EDGEHAR_MODEL_HOP, EDGEHAR_MODEL_CLASSES, EDGEHAR_MODEL_PERIOD_US,
                          (gravity[0] | gravity[1] | gravity[2]) != 0};
    const jsize count = (jsize)(sizeof about / sizeof *about);
    const jintArray result = (*env)->NewIntArray(env, count);
    (void)engine;
    if (result) {
        (*env)->SetIntArrayRegion(env, result, 0, count, about);
    }
    return result;
}

/* Labels' bytes are UTF-8, which NewStringUTF takes but for characters beyond 16 bits. */
NATIVE(jstring, Label)(JNIEnv *env, jobject engine, jint label)
{
    const char *const name = edgehar_label_name(&edgehar_model_data, label);
    (void)engine;
    return name ? (*env)->NewStringUTF(env, name) : NULL;
}

NATIVE(jlong, Open)(JNIEnv *env, jobject engine, jint hop)
{
    const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, (uint16_t)hop);
    session *self;
    int status;

    (void)env;
    (void)engine;
    if (hop < 1 || hop > UINT16_MAX || !(self = calloc(1, sizeof *self))) {
        return 0;
    }
    self->config = config;
    status = edgehar_init(&self->stream, &self->config, self->memory, sizeof self->memory);
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    if (status == EDGEHAR_OK) {
        status = edgehar_keep_embedding(&self->stream, &edgehar_model_personal, self->person.embedding);
    }
#endif
    if (status != EDGEHAR_OK) {
        free(self);
        return 0;
    }
    return (jlong)(intptr_t)self;
}

NATIVE(void, Close)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    free(of(handle));
}

/* `made` takes label, raw, reason, then the scores and the probabilities of all classes. */
NATIVE(jint, Push)
(JNIEnv *env, jobject engine, jlong handle, jlong time_us, jfloat x, jfloat y, jfloat z, jintArray made)
{
    session *const self = of(handle);
    const float sample[3] = {x, y, z};
    edgehar_decision decision;
    const int status = edgehar_push(&self->stream, sample, (uint64_t)time_us, &decision);

    (void)engine;
    if (status == EDGEHAR_DECISION) {
        jint values[3 + 2 * EDGEHAR_MODEL_CLASSES];
        int index;
        values[0] = decision.label;
        values[1] = decision.raw;
        values[2] = decision.reason;
        for (index = 0; index < EDGEHAR_MODEL_CLASSES; index++) {
            values[3 + index] = decision.scores[index];
            values[3 + EDGEHAR_MODEL_CLASSES + index] = decision.p[index];
        }
        (*env)->SetIntArrayRegion(env, made, 0, 3 + 2 * EDGEHAR_MODEL_CLASSES, values);
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
        self->person.fresh = 1;
#endif
    } else if (status >= EDGEHAR_FLUSH_NAN) {
        stale(self);
    }
    return status;
}

NATIVE(void, Reset)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    edgehar_reset(&of(handle)->stream);
    stale(of(handle));
}

/* The stream reads a copy; the one before stays until the new one is taken. */
NATIVE(jint, SetRotation)(JNIEnv *env, jobject engine, jlong handle, jshortArray rotation)
{
    session *const self = of(handle);
    int16_t *const next = self->rotation[!self->rotation_used];
    int status;

    (void)engine;
    if (rotation) {
        if ((*env)->GetArrayLength(env, rotation) != 9) {
            return EDGEHAR_ERROR_ARGUMENT;
        }
        (*env)->GetShortArrayRegion(env, rotation, 0, 9, next);
    }
    status = edgehar_set_rotation(&self->stream, rotation ? next : NULL);
    if (status == EDGEHAR_OK) {
        self->rotation_used = !self->rotation_used;
        self->turns = rotation ? next : NULL;
        stale(self);
    }
    return status;
}

/* Wait for walking, or no longer. */
NATIVE(jint, Align)(JNIEnv *env, jobject engine, jlong handle, jboolean on)
{
    session *const self = of(handle);
    const int status = edgehar_align(&self->stream, on ? &self->alignment : NULL, NULL);

    (void)env;
    (void)engine;
    if (status == EDGEHAR_OK) {
        self->alignment.found = 0;
        stale(self);
    }
    return status;
}

/* The rotation that walking has told; NULL: not yet. */
NATIVE(jshortArray, Aligned)(JNIEnv *env, jobject engine, jlong handle)
{
    const session *const self = of(handle);
    jshortArray result;

    (void)engine;
    if (!self->alignment.found || !(result = (*env)->NewShortArray(env, 9))) {
        return NULL;
    }
    (*env)->SetShortArrayRegion(env, result, 0, 9, self->alignment.rotation);
    return result;
}

#ifdef EDGEHAR_MODEL_PROFILE_BYTES

/* Of a profile's bytes: docs/spec.md. */
enum {
    at_flags = 4,
    at_rotation = 20,
    at_layer = 40,
    has_rotation = 1,
    has_layer = 2
};

/* The profile in use, where it has that part; NULL: it has not, or there is none. */
static const uint8_t *used_profile(const session *self, int part)
{
    const uint8_t *const profile = (const uint8_t *)self->person.profile[self->person.used];
    return self->person.used_bytes && (profile[at_flags] & part) ? profile : NULL;
}

static const int16_t *used_rotation(const session *self)
{
    const uint8_t *const profile = used_profile(self, has_rotation);
    return profile ? (const int16_t *)(const void *)(profile + at_rotation) : NULL;
}

/* A profile with the rotation in use; NULL where it has no room. */
static jbyteArray written(JNIEnv *env, session *self, const int8_t *weights, const int32_t *bias)
{
    learning *const person = &self->person;
    const int bytes =
        edgehar_write_profile(&edgehar_model_personal, self->alignment.found ? self->alignment.rotation : self->turns,
                              weights, bias, person->written, sizeof person->written);
    const jbyteArray result = bytes < 0 ? NULL : (*env)->NewByteArray(env, bytes);
    if (result) {
        (*env)->SetByteArrayRegion(env, result, 0, bytes, (const jbyte *)person->written);
    }
    return result;
}

/* The stream reads a copy, and the one before stays until the new one is taken: a torn profile changes nothing. */
NATIVE(jint, SetProfile)(JNIEnv *env, jobject engine, jlong handle, jbyteArray bytes)
{
    session *const self = of(handle);
    uint32_t *const next = self->person.profile[!self->person.used];
    const jsize count = bytes ? (*env)->GetArrayLength(env, bytes) : 0;
    int status;

    (void)engine;
    if (count > profile_bytes) {
        return EDGEHAR_ERROR_PROFILE;
    }
    if (bytes) {
        (*env)->GetByteArrayRegion(env, bytes, 0, count, (jbyte *)next);
    }
    status = edgehar_set_profile(&self->stream, &edgehar_model_personal, bytes ? next : NULL, (size_t)count);
    if (status == EDGEHAR_OK) {
        self->person.used = !self->person.used;
        self->person.used_bytes = (size_t)count;
        self->turns = used_rotation(self);
        stale(self);
    }
    return status;
}

NATIVE(jint, Remember)(JNIEnv *env, jobject engine, jlong handle, jint label)
{
    learning *const person = &of(handle)->person;
    const size_t inputs = (size_t)edgehar_model_personal.head.inputs;

    (void)env;
    (void)engine;
    if (label < 0 || label >= EDGEHAR_MODEL_CLASSES || !person->fresh) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (person->count == EDGEHAR_ADAPT_MOST_WINDOWS) {
        return EDGEHAR_ERROR_MEMORY;
    }
    memcpy(person->windows + (size_t)person->count * inputs, person->embedding, inputs);
    person->labels[person->count] = (uint8_t)label;
    return ++person->count;
}

NATIVE(void, Forget)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    of(handle)->person.count = 0;
}

NATIVE(jbyteArray, Adapt)(JNIEnv *env, jobject engine, jlong handle)
{
    session *const self = of(handle);
    learning *const person = &self->person;

    (void)engine;
    if (edgehar_adapt(&edgehar_model_personal.head, person->windows, person->labels, person->count, person->weights,
                      person->bias, person->work) != 0) {
        return NULL;
    }
    return written(env, self, person->weights, person->bias);
}

/* The profile in use with the rotation in use. */
NATIVE(jbyteArray, WriteProfile)(JNIEnv *env, jobject engine, jlong handle)
{
    session *const self = of(handle);
    const uint8_t *const profile = used_profile(self, has_layer);
    const int32_t *const bias = profile ? (const int32_t *)(const void *)(profile + at_layer) : NULL;

    (void)engine;
    return written(env, self, bias ? (const int8_t *)(bias + EDGEHAR_MODEL_CLASSES) : NULL, bias);
}

#else /* a model without a last layer to learn */

NATIVE(jint, SetProfile)(JNIEnv *env, jobject engine, jlong handle, jbyteArray bytes)
{
    (void)env;
    (void)engine;
    (void)handle;
    return bytes ? EDGEHAR_ERROR_MODEL : EDGEHAR_OK;
}

NATIVE(jint, Remember)(JNIEnv *env, jobject engine, jlong handle, jint label)
{
    (void)env;
    (void)engine;
    (void)handle;
    (void)label;
    return EDGEHAR_ERROR_MODEL;
}

NATIVE(void, Forget)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    (void)handle;
}

NATIVE(jbyteArray, Adapt)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    (void)handle;
    return NULL;
}

NATIVE(jbyteArray, WriteProfile)(JNIEnv *env, jobject engine, jlong handle)
{
    (void)env;
    (void)engine;
    (void)handle;
    return NULL;
}

#endif
