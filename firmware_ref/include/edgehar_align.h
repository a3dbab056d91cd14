/* How the device is turned, told by walking, on the device: gravity's direction over three windows that walk, and the
 * rotation that puts it where training had it. The same bits as Python's reference (edgehar/personal/alignment.py).
 *
 * A model whose training people had the device alike knows where gravity was while they walked; others, and those
 * behind a front end, have nothing to align to. Nothing of this is in an image that does not name it.
 */
#ifndef EDGEHAR_ALIGN_H
#define EDGEHAR_ALIGN_H

#include "edgehar.h"
#include "edgehar_walking.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One stream's alignment. `found` and `rotation` are for the caller to read, the other fields are for the engine
 * alone. */
struct edgehar_alignment {
    int (*take)(edgehar_alignment *self, const edgehar_model *model, const int32_t sample[3]);
    edgehar_counts counts; /* to Q8 */
    edgehar_walking walking;
    int16_t rotation[9]; /* as edgehar_set_rotation takes it; valid where `found` is 1 */
    uint8_t found;
};

/* Counts to Q8, for edgehar_align; `unit` is the m/s² of one count. */
#define EDGEHAR_COUNTS_TO_Q8(unit) EDGEHAR_COUNTS_OF((unit), 1.0 / 256.0)

/* From now on wait for somebody to walk for 8 s, and then turn every sample so that gravity is where training had it.
 *
 * The sample that ends the third window in a row that walks is turned already; the stream forgets what was before it,
 * and its push returns EDGEHAR_FLUSH_ALIGNED. Until then, samples are turned as edgehar_set_rotation or a profile says.
 * It forgets as edgehar_reset does, which lets the waiting begin anew: the next recording may be of another pocket. To
 * keep a rotation, write it into a profile.
 *
 * `alignment` must outlive its use; NULL: no longer. `counts` is EDGEHAR_COUNTS_TO_Q8(unit) where counts are pushed
 * without an edgehar_sensor, else NULL. Of several sensors, `unit` is that of the acceleration, and x, y and z of each
 * are turned. Returns EDGEHAR_OK, EDGEHAR_ERROR_ARGUMENT, EDGEHAR_ERROR_CONFIG (counts are pushed, but none are told
 * here), or EDGEHAR_ERROR_MODEL (a model without a direction to align to); after an error nothing has changed.
 */
int edgehar_align(edgehar *self, edgehar_alignment *alignment, const edgehar_counts *counts);

/* The rotation by the least angle that turns one direction into another.
 *
 * source: each part up to 2^30; target: any. Returns EDGEHAR_OK, or EDGEHAR_ERROR_ARGUMENT where the source is larger
 * or one of them is of length 0.
 */
int edgehar_shortest_turn(const int32_t source[3], const int16_t target[3], int16_t rotation[9]);

#ifdef __cplusplus
}
#endif

#endif
