/* A profile: what was learned of one person, for one model. The file format EHP1 is in docs/spec.md.
 *
 * A generated model that has a last layer to learn declares edgehar_NAME_personal and EDGEHAR_NAME_PROFILE_BYTES;
 * nothing of this is in an image that does not name it.
 */
#ifndef EDGEHAR_PROFILE_H
#define EDGEHAR_PROFILE_H

#include "edgehar.h"
#include "edgehar_adapt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a profile needs to know of its model. */
struct edgehar_personal {
    const edgehar_model *network;
    edgehar_head head;         /* the last dense layer, as it was trained */
    const int32_t *multiplier; /* sum to output, as the kernels have it, one for each class */
    const int8_t *shift;
    uint8_t model[8]; /* the model's SHA-256 begins with these */
    int8_t output_zero;
    uint8_t layer; /* its place in the model */
};

/* Take a profile's rotation and last layer from now on; what an earlier one brought is dropped. Forgets as
 * edgehar_reset.
 *
 * `profile` is the file's bytes, at an address that is a multiple of 4, and must outlive its use; NULL: the model as it
 * was trained. Returns EDGEHAR_OK, or EDGEHAR_ERROR_ARGUMENT, EDGEHAR_ERROR_MEMORY (the address),
 * EDGEHAR_ERROR_PROFILE or EDGEHAR_ERROR_MODEL; then nothing has changed.
 */
int edgehar_set_profile(edgehar *self, const edgehar_personal *personal, const void *profile, size_t bytes);

/* Leave at `embedding` (personal->head.inputs bytes), from the next decision on, what the last layer reads: windows for
 * edgehar_adapt. NULL: no longer. Forgets nothing. Returns EDGEHAR_OK, EDGEHAR_ERROR_ARGUMENT or EDGEHAR_ERROR_MODEL
 * (`personal` is another model's).
 */
int edgehar_keep_embedding(edgehar *self, const edgehar_personal *personal, int8_t *embedding);

/* Write the profile of a last layer that edgehar_adapt has fitted, and of a rotation; either may be absent (NULL).
 *
 * `out` has room for `room` bytes; EDGEHAR_NAME_PROFILE_BYTES is always enough. Returns the bytes written, or
 * EDGEHAR_ERROR_ARGUMENT, EDGEHAR_ERROR_MEMORY (the room).
 */
int edgehar_write_profile(const edgehar_personal *personal, const int16_t *rotation, const int8_t *weights,
                          const int32_t *bias, void *out, size_t room);

#ifdef __cplusplus
}
#endif

#endif
