/* Models in blobs: edgehar_blob.h; docs/spec.md, "The model blob". Bytes are little-endian, as every core is that a model
 * compiles for; what holds no pointer is used where it lies. */
#include "edgehar_blob.h"
#include "edgehar_blob_format.h"
#include "edgehar_checksum.h"

#define EDGEHAR_BLOB_MAGIC 0x314D4845u /* EHM1 */
#define EDGEHAR_BLOB_SUM_BYTES 4u
#define EDGEHAR_BLOB_LONGEST_WINDOW_US 380000000u /* edgehar.c times half a window in 32 bits */
/* The state's own head, edgehar_engine.c: a pipeline, then what an edge and a layer add. */
#define EDGEHAR_BLOB_STATE_HEAD 4u
#define EDGEHAR_BLOB_STATE_EDGE 6u
#define EDGEHAR_BLOB_STATE_LAYER 2u

/* A blob whose checksum is right; `bytes` without the checksum. */
typedef struct opened {
    const uint8_t *blob;
    uint32_t bytes;
    blob_head head;
    const edgehar_edge *edges;
} opened;

/* Whether so many bytes lie within, from an offset on that is a multiple of 4. */
static int within(const opened *self, uint32_t offset, uint64_t count)
{
    return offset % 4u == 0 && offset <= self->bytes && count <= self->bytes - offset;
}

/* Whether so many bytes lie within the stream's memory, behind its head. */
static int within_state(const blob_head *head, uint32_t offset, uint64_t count)
{
    return offset >= EDGEHAR_BLOB_STATE_HEAD + EDGEHAR_BLOB_STATE_EDGE * head->edge_count +
                         EDGEHAR_BLOB_STATE_LAYER * head->layer_count &&
           offset <= head->state_bytes && count <= head->state_bytes - offset;
}

/* Whether `count` numbers from `first` on are edges. */
static int are_edges(const blob_head *head, int first, int count)
{
    return first + count <= head->edge_count;
}

static int shifts_hold(const int8_t *shift, int count)
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
static int channels_hold(const opened *self, int first, int count, int channels)
{
    int index;
    for (index = first; index < first + count; index++) {
        if (self->edges[index].channels != channels) {
            return 0;
        }
    }
    return 1;
}

static int head_holds(const opened *self)
{
    const blob_head *head = &self->head;
    const int split = head->split;
    return head->classes >= 1 && head->classes <= EDGEHAR_MOST_CLASSES && head->layer_count >= 1 &&
           head->edge_count >= 1 && head->edge_count < EDGEHAR_NONE && split < head->layer_count && head->window >= 1 &&
           head->period_us >= 1 && (uint64_t)head->window * head->period_us <= EDGEHAR_BLOB_LONGEST_WINDOW_US &&
           head->history_columns >= 1 && head->history_channels >= 1 && head->state_bytes % 4u == 0 &&
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

static int edges_hold(const opened *self)
{
    const blob_head *head = &self->head;
    int index;
    for (index = 0; index < head->edge_count; index++) {
        const edgehar_edge *edge = &self->edges[index];
        if (edge->channels == 0 || edge->pad_left > edge->capacity ||
            !within_state(head, edge->offset, (uint64_t)edge->channels * edge->capacity)) {
            return 0;
        }
    }
    return channels_hold(self, head->source, head->split ? head->source_count : 0, 3) &&
           channels_hold(self, head->replayed, head->replayed_count, head->history_channels) &&
           channels_hold(self, head->result, 1, head->classes);
}

static int layer_holds(const opened *self, int index, const blob_layer *from)
{
    const blob_head *head = &self->head;
    return from->taps >= 1 && from->stride >= 1 && from->positions >= 1 && from->input < head->edge_count &&
           (from->second == EDGEHAR_NONE || from->second < head->edge_count) &&
           are_edges(head, from->output, from->output_count) && from->settled <= head->layer_count &&
           channels_hold(self, from->output, from->output_count, from->channels) &&
           (from->output_count != 0 || (index + 1 == head->split && from->channels == head->history_channels)) &&
           from->scratch <= head->state_bytes && from->scratch % 4u == 0;
}

/* The others have no pointers: bytes of the struct that a kernel takes, 0 where it has some. */
static size_t plain_bytes(int kernel)
{
    switch (kernel) {
    case EDGEHAR_KERNEL_MAX_POOL:
    case EDGEHAR_KERNEL_MAX_POOL_MVE:
    case EDGEHAR_KERNEL_MAX_POOL_VECTOR:
    case EDGEHAR_KERNEL_AVERAGE_POOL:
        return sizeof(edgehar_pool);
    case EDGEHAR_KERNEL_MEAN_TIME:
    case EDGEHAR_KERNEL_MEAN_DSP:
    case EDGEHAR_KERNEL_MEAN_MVE:
    case EDGEHAR_KERNEL_MEAN_VECTOR:
        return sizeof(edgehar_mean);
    case EDGEHAR_KERNEL_MAX_TIME:
        return sizeof(edgehar_max);
    case EDGEHAR_KERNEL_ADD_COLUMNS:
    case EDGEHAR_KERNEL_MULTIPLY_COLUMNS:
        return sizeof(edgehar_add);
    case EDGEHAR_KERNEL_JOIN_COLUMNS:
        return sizeof(edgehar_join);
    case EDGEHAR_KERNEL_GATHER_COLUMNS:
        return sizeof(edgehar_gather);
    case EDGEHAR_KERNEL_SOFTMAX_COLUMNS:
        return sizeof(edgehar_softmax);
    default:
        return 0;
    }
}

/* Whether a kernel finds biases and scales in the weights, 12 bytes for each filter; of conv1d_dsp.c, a bit of them says. */
static int holds_scales(const opened *self, unsigned kernel, uint32_t weights)
{
    return (kernel == EDGEHAR_KERNEL_CONV1D_DSP && within(self, weights, 4) && self->blob[weights + 3u] >> 7) ||
           kernel == EDGEHAR_KERNEL_CONV1D_VECTOR || kernel == EDGEHAR_KERNEL_CONV1D_THUMB ||
           kernel == EDGEHAR_KERNEL_CONV1D_THUMB2 || kernel == EDGEHAR_KERNEL_DEPTHWISE_THUMB ||
           kernel == EDGEHAR_KERNEL_DEPTHWISE_THUMB2 || kernel == EDGEHAR_KERNEL_DEPTHWISE_DSP ||
           kernel >= EDGEHAR_KERNEL_CONV1D_RISCV;
}

static int open_conv(const opened *self, const blob_layer *layer, edgehar_conv *to)
{
    const int wide = layer->kernel < EDGEHAR_KERNEL_DEPTHWISE_PORTABLE || layer->kernel == EDGEHAR_KERNEL_CONV1D_RISCV;
    const uint8_t *blob = self->blob;
    blob_conv from;
    uint64_t weights;
    int scaled;

    memcpy(&from, blob + layer->parameters, sizeof from);
    scaled = holds_scales(self, layer->kernel, from.weights);
    weights = (uint64_t)from.kernel * (wide ? from.in_channels : 1u) + (scaled ? 12u : 0u);
    weights *= from.out_channels;
    if (from.in_channels == 0 || from.kernel == 0 || from.out_channels != layer->channels ||
        from.weight_bytes < weights || !within(self, from.weights, from.weight_bytes) ||
        (uint32_t)from.kernel * from.in_channels != (uint32_t)layer->taps * self->edges[layer->input].channels) {
        return 0;
    }
    if (from.bias == 0) {
        if (!scaled) {
            return 0;
        }
    } else if (!within(self, from.bias, 4u * (uint32_t)from.out_channels) ||
               !within(self, from.multiplier, 4u * (uint32_t)from.out_channels) ||
               !within(self, from.shift, from.out_channels) ||
               !shifts_hold((const int8_t *)blob + from.shift, from.out_channels)) {
        return 0;
    }
    to->weights = blob + from.weights;
    to->bias = from.bias ? (const int32_t *)(const void *)(blob + from.bias) : NULL;
    to->multiplier = from.bias ? (const int32_t *)(const void *)(blob + from.multiplier) : NULL;
    to->shift = from.bias ? (const int8_t *)blob + from.shift : NULL;
    to->in_channels = from.in_channels;
    to->out_channels = from.out_channels;
    to->kernel = from.kernel;
    to->stride = from.stride;
    to->output_zero = from.output_zero;
    to->activation_min = from.activation_min;
    to->activation_max = from.activation_max;
    return 1;
}

static int open_constant(const opened *self, const blob_layer *layer, edgehar_constant *to)
{
    const uint32_t width = layer->kernel == EDGEHAR_KERNEL_OFFSET_COLUMNS ? 4 : 2;
    blob_constant from;

    memcpy(&from, self->blob + layer->parameters, sizeof from);
    if (from.channels != layer->channels || (from.step != 0 && from.step != from.channels) ||
        !shifts_hold(from.shift, 2) || from.operand_bytes < width * from.channels ||
        !within(self, from.operand, from.operand_bytes)) {
        return 0;
    }
    to->operand = self->blob + from.operand;
    to->channels = from.channels;
    to->step = from.step;
    to->offset = from.offset;
    memcpy(to->multiplier, from.multiplier, sizeof to->multiplier);
    memcpy(to->shift, from.shift, sizeof to->shift);
    to->output_zero = from.output_zero;
    to->activation_min = from.activation_min;
    to->activation_max = from.activation_max;
    return 1;
}

static int open_table(const opened *self, const blob_layer *layer, edgehar_table *to)
{
    blob_table from;
    memcpy(&from, self->blob + layer->parameters, sizeof from);
    if (from.channels != layer->channels || !within(self, from.values, 256)) {
        return 0;
    }
    to->values = (const int8_t *)self->blob + from.values;
    to->channels = from.channels;
    return 1;
}

static int open_layer(const opened *self, int index, const edgehar_kernel_table *kernels, edgehar_layer *to,
                      edgehar_blob_parameters *parameters)
{
    blob_layer from;
    size_t plain;
    int holds;

    memcpy(&from, self->blob + self->head.layers + (size_t)index * sizeof from, sizeof from);
    if (!layer_holds(self, index, &from)) {
        return EDGEHAR_ERROR_BLOB;
    }
    if (from.kernel >= EDGEHAR_KERNELS || !kernels->kernels[from.kernel]) {
        return EDGEHAR_ERROR_KERNEL;
    }
    plain = plain_bytes(from.kernel);
    to->parameters = plain ? (const void *)(self->blob + from.parameters) : parameters;
    if (plain) {
        holds = within(self, from.parameters, plain);
    } else if (from.kernel <= EDGEHAR_KERNEL_DEPTHWISE_THUMB2 || from.kernel >= EDGEHAR_KERNEL_CONV1D_RISCV) {
        holds = within(self, from.parameters, sizeof(blob_conv)) && open_conv(self, &from, &parameters->conv);
    } else if (from.kernel == EDGEHAR_KERNEL_TABLE_COLUMNS) {
        holds = within(self, from.parameters, sizeof(blob_table)) && open_table(self, &from, &parameters->table);
    } else {
        holds =
            within(self, from.parameters, sizeof(blob_constant)) && open_constant(self, &from, &parameters->constant);
    }
    to->kernel = kernels->kernels[from.kernel];
    to->block_macs = from.block_macs;
    to->scratch = from.scratch;
    to->channels = from.channels;
    to->taps = from.taps;
    to->stride = from.stride;
    to->positions = from.positions;
    to->outputs = from.outputs;
    to->input = from.input;
    to->second = from.second;
    to->output = from.output;
    to->output_count = from.output_count;
    to->reduces = from.reduces;
    to->settled = from.settled;
    return holds ? (int)EDGEHAR_OK : (int)EDGEHAR_ERROR_BLOB;
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
        const int status = open_layer(&self, index, kernels, &layers[index], &parameters[index]);
        if (status != EDGEHAR_OK) {
            return status;
        }
    }
    for (index = 0; index < self.head.classes; index++) {
        labels[index] = open_label(&self, index);
        if (!labels[index]) {
            return EDGEHAR_ERROR_BLOB;
        }
    }
    made->layers = layers;
    made->labels = labels;
    *model = made;
    return EDGEHAR_OK;
}
