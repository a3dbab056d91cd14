/* Models in blobs: edgehar_blob.h; docs/spec.md, "The model blob". Bytes are little-endian, as every core is that a model
 * compiles for; what holds no pointer is used where it lies. */
#include "edgehar_blob.h"
#include "edgehar_blob_opened.h"
#include "edgehar_checksum.h"
#include "edgehar_rehearse.h"

#define EDGEHAR_BLOB_MAGIC 0x314D4845u /* EHM1 */
#define EDGEHAR_BLOB_SUM_BYTES 4u
#define EDGEHAR_BLOB_LONGEST_WINDOW_US 380000000u /* edgehar.c times half a window in 32 bits */

static int head_holds(const opened *self)
{
    const blob_head *head = &self->head;
    const int split = head->split;
    return head->classes >= 1 && head->classes <= EDGEHAR_MOST_CLASSES && head->layer_count >= 1 &&
           head->edge_count >= 1 && head->edge_count <= 2 * head->layer_count + 1 && head->edge_count < EDGEHAR_NONE &&
           split < head->layer_count && head->window >= 1 && head->period_us >= 1 &&
           (uint64_t)head->window * head->period_us <= EDGEHAR_BLOB_LONGEST_WINDOW_US && head->history_columns >= 1 &&
           head->history_channels >= 1 && head->state_bytes % 4u == 0 &&
           within_state(head, head->history, (uint64_t)head->history_columns * head->history_channels) &&
           head->hop <= head->window && (split ? head->hop >= 1 : head->hop == 0 && head->history_channels == 3) &&
           head->inverse_scale > 0 && head->inverse_scale < 0x7F800000u && head->input_zero >= -128 &&
           head->input_zero <= 127 && (head->q8_multiplier == 0 || (head->q8_shift >= 1 && head->q8_shift <= 62)) &&
           (head->flags & ~(EDGEHAR_BLOB_SPREAD | EDGEHAR_BLOB_POCKET)) == 0 &&
           (split || !(head->flags & EDGEHAR_BLOB_SPREAD)) && head->advance <= head->history_columns &&
           are_edges(head, head->source, head->source_count) && (!split || head->source_count >= 1) &&
           are_edges(head, head->replayed, head->replayed_count) && head->replayed_count >= 1 &&
           head->result < head->edge_count && within(self, head->layers, head->layer_count * sizeof(blob_layer)) &&
           within(self, head->edges, head->edge_count * sizeof(edgehar_edge)) &&
           within(self, head->labels, head->classes * sizeof(uint32_t));
}

/* Edges, then the history, each behind the other: what is copied from one to another never overlaps. */
static int edges_hold(const opened *self)
{
    const blob_head *head = &self->head;
    uint64_t end = 0;
    int index;
    for (index = 0; index < head->edge_count; index++) {
        const edgehar_edge *edge = &self->edges[index];
        const uint64_t bytes = (uint64_t)edge->channels * edge->capacity;
        if (edge->channels == 0 || edge->pad_left > edge->capacity || edge->offset < end ||
            !within_state(head, edge->offset, bytes)) {
            return 0;
        }
        end = edge->offset + bytes;
    }
    if (head->history < end) {
        return 0;
    }
    return channels_hold(self, head->source, head->split ? head->source_count : 0, 3) &&
           channels_hold(self, head->replayed, head->replayed_count, head->history_channels) &&
           channels_hold(self, head->result, 1, head->classes) && self->edges[head->result].capacity >= 1;
}

/* A label's text, which must end within. */
static const char *open_label(const opened *self, int index)
{
    uint32_t offset, at;
    memcpy(&offset, self->blob + self->head.labels + (size_t)index * sizeof offset, sizeof offset);
    for (at = offset; at < self->bytes; at++) {
        if (self->blob[at] == 0) {
            return (const char *)self->blob + offset;
        }
    }
    return NULL;
}

/* Everything of the model but layers and labels. */
static void fill(const opened *self, const edgehar_kernel_table *kernels, edgehar_model *to)
{
    const blob_head *head = &self->head;
    memset(to, 0, sizeof *to);
    to->edges = self->edges;
    to->state_bytes = head->state_bytes;
    to->history = head->history;
    to->share = head->flags & EDGEHAR_BLOB_SPREAD ? kernels->share : NULL;
    to->budget = head->budget;
    to->period_us = head->period_us;
    memcpy(&to->inverse_scale, &head->inverse_scale, sizeof to->inverse_scale);
    to->input_zero = head->input_zero;
    to->window = head->window;
    to->hop = head->hop;
    to->history_columns = head->history_columns;
    to->history_channels = head->history_channels;
    to->advance = head->advance;
    to->classes = head->classes;
    to->layer_count = head->layer_count;
    to->edge_count = head->edge_count;
    to->split = head->split;
    to->source = head->source;
    to->source_count = head->source_count;
    to->replayed = head->replayed;
    to->replayed_count = head->replayed_count;
    to->result = head->result;
    to->path = head->flags & EDGEHAR_BLOB_POCKET ? kernels->path : NULL;
    to->front = head->flags & EDGEHAR_BLOB_POCKET ? kernels->front : NULL;
    to->q8.multiplier = head->q8_multiplier;
    to->q8.shift = head->q8_shift;
    memcpy(to->walking_gravity, head->walking_gravity, sizeof to->walking_gravity);
}

/* Whether it is a blob whose checksum is right: nothing else of it was used before. */
static int checksum_holds(const uint8_t *blob, size_t bytes, blob_head *head)
{
    uint32_t sum;
    if (bytes < sizeof *head + EDGEHAR_BLOB_SUM_BYTES) {
        return 0;
    }
    memcpy(head, blob, sizeof *head);
    if (head->magic != EDGEHAR_BLOB_MAGIC || head->bytes > bytes || head->bytes % 4u != 0 ||
        head->bytes < sizeof *head + EDGEHAR_BLOB_SUM_BYTES) {
        return 0;
    }
    memcpy(&sum, blob + head->bytes - EDGEHAR_BLOB_SUM_BYTES, sizeof sum);
    return sum == edgehar_checksum(blob, head->bytes - EDGEHAR_BLOB_SUM_BYTES);
}

size_t edgehar_blob_stream_bytes(const edgehar_model *model)
{
    return model->state_bytes + model->classes * sizeof(int32_t);
}

int edgehar_open_blob(const void *blob, size_t bytes, const edgehar_kernel_table *kernels, void *memory,
                      size_t memory_bytes, const edgehar_model **model)
{
    edgehar_model *made = memory;
    edgehar_blob_parameters *parameters;
    edgehar_layer *layers;
    const char **labels;
    opened self;
    int index;

    if (!blob || !kernels || !memory || !model) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if ((uintptr_t)blob % 4u != 0 || (uintptr_t)memory % sizeof(void *) != 0) {
        return EDGEHAR_ERROR_MEMORY;
    }
    if (!checksum_holds(blob, bytes, &self.head)) {
        return EDGEHAR_ERROR_BLOB;
    }
    if (self.head.format != EDGEHAR_FORMAT) {
        return EDGEHAR_ERROR_FORMAT;
    }
    self.blob = blob;
    self.bytes = self.head.bytes - EDGEHAR_BLOB_SUM_BYTES;
    if (!head_holds(&self)) {
        return EDGEHAR_ERROR_BLOB;
    }
    self.edges = (const edgehar_edge *)(const void *)(self.blob + self.head.edges);
    if (!edges_hold(&self)) {
        return EDGEHAR_ERROR_BLOB;
    }
    if ((self.head.flags & EDGEHAR_BLOB_SPREAD && !kernels->share) ||
        (self.head.flags & EDGEHAR_BLOB_POCKET && (!kernels->front || !kernels->path))) {
        return EDGEHAR_ERROR_KERNEL;
    }
    if (memory_bytes < EDGEHAR_BLOB_MEMORY(self.head.layer_count, self.head.classes)) {
        return EDGEHAR_ERROR_MEMORY;
    }
    fill(&self, kernels, made);
    layers = (edgehar_layer *)(void *)(made + 1);
    parameters = (edgehar_blob_parameters *)(void *)(layers + self.head.layer_count);
    labels = (const char **)(void *)(parameters + self.head.layer_count);
    for (index = 0; index < self.head.layer_count; index++) {
        const int status = edgehar_blob_place(&self, index, kernels, &layers[index]);
        if (status != EDGEHAR_OK) {
            return status;
        }
    }
    made->layers = layers;
    /* Where parameters and labels will be. */
    if (!edgehar_rehearse(made, parameters)) {
        return EDGEHAR_ERROR_BLOB;
    }
    for (index = 0; index < self.head.layer_count; index++) {
        if (!edgehar_blob_fit(&self, index, &layers[index], &parameters[index])) {
            return EDGEHAR_ERROR_BLOB;
        }
    }
    for (index = 0; index < self.head.classes; index++) {
        labels[index] = open_label(&self, index);
        if (!labels[index]) {
            return EDGEHAR_ERROR_BLOB;
        }
    }
    made->labels = labels;
    *model = made;
    return EDGEHAR_OK;
}
