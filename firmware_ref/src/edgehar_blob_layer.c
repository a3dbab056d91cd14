/* A blob's layers: that each kernel reads and writes no more than the plan's columns, whatever its parameters say. */
#include "edgehar_blob_opened.h"

/* Whether a kernel makes of each input column an output column as wide. */
static int one_by_one(const opened *self, const edgehar_layer *layer, uint32_t channels)
{
    return channels == layer->channels && channels == column_of(self, layer->input) && layer->stride == 1 &&
           layer->taps == 1 && !layer->reduces;
}

/* Whether the second operand lies where the parameters say. */
static int second_holds(const opened *self, const edgehar_layer *layer, uint32_t channels, int32_t apart)
{
    return layer->second != EDGEHAR_NONE && column_of(self, layer->second) == channels &&
           apart == (int64_t)self->edges[layer->second].offset - self->edges[layer->input].offset;
}

static int pool_holds(const opened *self, const edgehar_layer *layer, const edgehar_pool *pool, int average)
{
    int64_t begin = -(int64_t)pool->pad_left;
    int left = layer->outputs;

    if (pool->channels != layer->channels || pool->channels != column_of(self, layer->input) ||
        pool->kernel != layer->taps || pool->stride != layer->stride || layer->reduces) {
        return 0;
    }
    if (!average || !pool->padded) {
        return 1;
    }
    /* No output of padding alone. */
    for (; left > 0 && begin < pool->inputs && begin + pool->kernel > 0; left--) {
        begin += pool->stride;
    }
    return layer->outputs != 0 && left == 0;
}

static int reduction_holds(const opened *self, const edgehar_layer *layer, uint32_t channels, uint32_t inputs)
{
    return channels == layer->channels && channels == column_of(self, layer->input) && inputs == layer->outputs &&
           layer->outputs != 0 && layer->reduces == 1 && layer->stride == 1 && layer->taps == 1;
}

static int mean_holds(const opened *self, const edgehar_layer *layer, const edgehar_mean *mean)
{
    return reduction_holds(self, layer, mean->channels, mean->inputs) && shifts_hold(&mean->shift, 1) &&
           within_state(&self->head, layer->scratch, 4u * (uint32_t)mean->channels);
}

static int pair_holds(const opened *self, const edgehar_layer *layer, const edgehar_add *pair)
{
    return one_by_one(self, layer, pair->channels) && second_holds(self, layer, pair->channels, pair->second) &&
           shifts_hold(pair->shift, 3);
}

static int join_holds(const opened *self, const edgehar_layer *layer, const edgehar_join *join)
{
    return join->channels[0] == column_of(self, layer->input) && layer->stride == 1 && layer->taps == 1 &&
           !layer->reduces && join->channels[0] + join->channels[1] == layer->channels &&
           second_holds(self, layer, join->channels[1], join->second);
}

static int gather_holds(const opened *self, const edgehar_layer *layer, const edgehar_gather *gather)
{
    return gather->taps != 0 && (uint32_t)gather->taps * gather->channels == layer->channels &&
           (uint64_t)(gather->taps - 1u) * gather->apart + gather->channels <= inputs_of(self, layer) &&
           step_holds(self, layer, gather->step) && !layer->reduces;
}

static int softmax_holds(const opened *self, const edgehar_layer *layer, const edgehar_softmax *softmax)
{
    return one_by_one(self, layer, softmax->channels) && softmax->channels <= EDGEHAR_MOST_CLASSES &&
           within_state(&self->head, layer->scratch, 4u * (uint32_t)softmax->channels) &&
           softmax->difference_min <= 0 && softmax->multiplier >= 0 && softmax->shift >= 0 && softmax->shift <= 31;
}

/* The others have no pointers: bytes of the struct that a kernel takes, 0 where it has some. `holds`: whether what lies
 * there keeps to the plan. */
static size_t plain_bytes(const opened *self, const edgehar_layer *layer, int kernel, const void *from, int *holds)
{
    switch (kernel) {
    case EDGEHAR_KERNEL_MAX_POOL:
    case EDGEHAR_KERNEL_MAX_POOL_MVE:
    case EDGEHAR_KERNEL_MAX_POOL_VECTOR:
    case EDGEHAR_KERNEL_AVERAGE_POOL:
        *holds = from && pool_holds(self, layer, from, kernel == EDGEHAR_KERNEL_AVERAGE_POOL);
        return sizeof(edgehar_pool);
    case EDGEHAR_KERNEL_MEAN_TIME:
    case EDGEHAR_KERNEL_MEAN_DSP:
    case EDGEHAR_KERNEL_MEAN_MVE:
    case EDGEHAR_KERNEL_MEAN_VECTOR:
        *holds =
            from && mean_holds(self, layer, from) && (kernel != EDGEHAR_KERNEL_MEAN_DSP || layer->channels % 4u == 0);
        return sizeof(edgehar_mean);
    case EDGEHAR_KERNEL_MAX_TIME: {
        const edgehar_max *max = from;
        *holds = max && reduction_holds(self, layer, max->channels, max->inputs) &&
                 within_state(&self->head, layer->scratch, max->channels);
        return sizeof(edgehar_max);
    }
    case EDGEHAR_KERNEL_ADD_COLUMNS:
    case EDGEHAR_KERNEL_MULTIPLY_COLUMNS:
        *holds = from && pair_holds(self, layer, from);
        return sizeof(edgehar_add);
    case EDGEHAR_KERNEL_JOIN_COLUMNS:
        *holds = from && join_holds(self, layer, from);
        return sizeof(edgehar_join);
    case EDGEHAR_KERNEL_GATHER_COLUMNS:
        *holds = from && gather_holds(self, layer, from);
        return sizeof(edgehar_gather);
    case EDGEHAR_KERNEL_SOFTMAX_COLUMNS:
        *holds = from && softmax_holds(self, layer, from);
        return sizeof(edgehar_softmax);
    default:
        return 0;
    }
}

static int layer_holds(const opened *self, int index, const blob_layer *from)
{
    const blob_head *head = &self->head;
    return from->taps >= 1 && from->stride >= 1 && from->positions >= 1 && from->input < head->edge_count &&
           (from->second == EDGEHAR_NONE || from->second < head->edge_count) &&
           are_edges(head, from->output, from->output_count) &&
           from->settled <= (index < head->split ? head->split : head->layer_count) &&
           channels_hold(self, from->output, from->output_count, from->channels) &&
           (from->output_count != 0 || (index + 1 == head->split && from->channels == head->history_channels)) &&
           from->scratch >= head->history + (uint32_t)head->history_columns * head->history_channels &&
           from->scratch <= head->state_bytes && from->scratch % 4u == 0;
}

static int open_constant(const opened *self, const edgehar_layer *placed, const blob_layer *layer, edgehar_constant *to)
{
    const uint32_t width = layer->kernel == EDGEHAR_KERNEL_OFFSET_COLUMNS ? 4 : 2;
    blob_constant from;

    memcpy(&from, self->blob + layer->parameters, sizeof from);
    if (!one_by_one(self, placed, from.channels) || (from.step != 0 && from.step != from.channels) ||
        !shifts_hold(from.shift, 2) || (from.step != 0 && placed->outputs == 0) ||
        from.operand_bytes < (uint64_t)width * from.channels * (from.step != 0 ? placed->outputs : 1u) ||
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

static int open_table(const opened *self, const edgehar_layer *placed, const blob_layer *layer, edgehar_table *to)
{
    blob_table from;
    memcpy(&from, self->blob + layer->parameters, sizeof from);
    if (!one_by_one(self, placed, from.channels) || !within(self, from.values, 256)) {
        return 0;
    }
    to->values = (const int8_t *)self->blob + from.values;
    to->channels = from.channels;
    return 1;
}

int edgehar_blob_place(const opened *self, int index, const edgehar_kernel_table *kernels, edgehar_layer *to)
{
    blob_layer from;

    memcpy(&from, self->blob + self->head.layers + (size_t)index * sizeof from, sizeof from);
    memset(to, 0, sizeof *to);
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
    if (!layer_holds(self, index, &from)) {
        return EDGEHAR_ERROR_BLOB;
    }
    if (from.kernel >= EDGEHAR_KERNELS || !kernels->kernels[from.kernel]) {
        return EDGEHAR_ERROR_KERNEL;
    }
    to->kernel = kernels->kernels[from.kernel];
    return EDGEHAR_OK;
}

int edgehar_blob_fit(const opened *self, int index, edgehar_layer *to, edgehar_blob_parameters *parameters)
{
    blob_layer from;
    const void *there;
    size_t plain;
    int holds = 0;

    memcpy(&from, self->blob + self->head.layers + (size_t)index * sizeof from, sizeof from);
    plain = plain_bytes(self, to, from.kernel, NULL, &holds);
    there = within(self, from.parameters, plain) ? self->blob + from.parameters : NULL;
    to->parameters = plain ? there : parameters;
    if (plain) {
        (void)plain_bytes(self, to, from.kernel, there, &holds);
    } else if (from.kernel <= EDGEHAR_KERNEL_DEPTHWISE_THUMB2 || from.kernel >= EDGEHAR_KERNEL_CONV1D_RISCV) {
        holds =
            within(self, from.parameters, sizeof(blob_conv)) && edgehar_blob_conv(self, to, &from, &parameters->conv);
    } else if (from.kernel == EDGEHAR_KERNEL_TABLE_COLUMNS) {
        holds = within(self, from.parameters, sizeof(blob_table)) && open_table(self, to, &from, &parameters->table);
    } else {
        holds = within(self, from.parameters, sizeof(blob_constant)) &&
                open_constant(self, to, &from, &parameters->constant);
    }
    return holds;
}
