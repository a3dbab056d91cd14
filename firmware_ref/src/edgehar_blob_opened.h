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

/* Bytes of a column that a layer reads, and what it may read of them for one output column. */
static inline uint32_t column_of(const opened *self, int edge)
{
    return self->edges[edge].channels;
}

static inline uint32_t inputs_of(const opened *self, const edgehar_layer *layer)
{
    return layer->taps * column_of(self, layer->input);
}

/* Whether a kernel's step from column to column is the layer's. */
static inline int step_holds(const opened *self, const edgehar_layer *layer, uint64_t bytes)
{
    return layer->positions == 1 || bytes == (uint64_t)layer->stride * column_of(self, layer->input);
}

/* Take over a layer's record, but for the parameters. Returns EDGEHAR_OK, EDGEHAR_ERROR_BLOB where it does not fit the
 * others, or EDGEHAR_ERROR_KERNEL. */
int edgehar_blob_place(const opened *self, int index, const edgehar_kernel_table *kernels, edgehar_layer *to);

/* Give a layer that was placed its parameters. Returns whether its kernel keeps to the plan's columns with them. */
int edgehar_blob_fit(const opened *self, int index, edgehar_layer *to, edgehar_blob_parameters *parameters);

/* Open the parameters of a convolution; `placed` and `layer` are the same one. Returns whether they keep to the plan. */
int edgehar_blob_conv(const opened *self, const edgehar_layer *placed, const blob_layer *layer, edgehar_conv *to);

#endif
