/* A model blob on its way to a model: what edgehar_blob.c and edgehar_blob_layer.c share. Internal. */
#ifndef EDGEHAR_BLOB_OPENED_H
#define EDGEHAR_BLOB_OPENED_H

#include "edgehar_blob.h"
#include "edgehar_blob_format.h"
#include "edgehar_rehearse.h"

/* A blob whose checksum is right; `bytes` without the checksum. */
typedef struct opened {
    const uint8_t *blob;
    uint32_t bytes;
    blob_head head;
    const edgehar_edge *edges;
} opened;

/* Whether so many bytes lie within, from an offset on that is a multiple of 4. */
static inline int within(const opened *self, uint32_t offset, uint64_t count)
{
    return offset % 4u == 0 && offset <= self->bytes && count <= self->bytes - offset;
}

/* Whether so many bytes lie within the stream's memory, behind its head. */
static inline int within_state(const blob_head *head, uint32_t offset, uint64_t count)
{
    return offset >= edgehar_count_bytes(head->edge_count, head->layer_count) && offset <= head->state_bytes &&
           count <= head->state_bytes - offset;
}

/* Whether `count` numbers from `first` on are edges. */
static inline int are_edges(const blob_head *head, int first, int count)
{
    return first + count <= head->edge_count;
}

static inline int shifts_hold(const int8_t *shift, int count)
{
    int index;
    for (index = 0; index < count; index++) {
        if (shift[index] < -31 || shift[index] > 30) {
            return 0;
        }
    }
    return 1;
}

/* Whether the edges first … have columns of so many bytes. */
static inline int channels_hold(const opened *self, int first, int count, int channels)
{
    int index;
    for (index = first; index < first + count; index++) {
        if (self->edges[index].channels != channels) {
            return 0;
        }
    }
    return 1;
}

/* Take over a layer's record, but for kernel and parameters. Returns whether it fits the others. */
int edgehar_blob_place(const opened *self, int index, edgehar_layer *to);

/* Give a layer that was placed its kernel and the parameters for it, which keep to the plan's columns. */
int edgehar_blob_fit(const opened *self, int index, const edgehar_kernel_table *kernels, edgehar_layer *to,
                     edgehar_blob_parameters *parameters);

#endif
