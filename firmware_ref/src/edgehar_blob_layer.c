/* A blob's layers: that each kernel reads and writes no more than the plan's columns, whatever its parameters say. */
#include "edgehar_blob_opened.h"

/* Bytes of a column that a layer reads, and what it may read of them for one output column. */
static uint32_t column_of(const opened *self, int edge)
{
    return self->edges[edge].channels;
}

static uint32_t inputs_of(const opened *self, const edgehar_layer *layer)
{
    return layer->taps * column_of(self, layer->input);
}

/* Whether a kernel's step from column to column is the layer's. */
static int step_holds(const opened *self, const edgehar_layer *layer, uint64_t bytes)
{
    return layer->positions == 1 || bytes == (uint64_t)layer->stride * column_of(self, layer->input);
}

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

/* Whole blocks of `block` that hold `count`, and what they take. */
static uint64_t blocks(uint32_t count, uint32_t block, uint64_t bytes)
{
    return (count + block - 1u) / block * bytes;
}

/* What a convolution's packed weights take and its scratch, as edgehar/compile/pack has them; NO_SUCH_SIZE: none is right. */
typedef struct need {
    uint64_t weights;
    uint64_t scratch;
    int holds_all; /* biases, multipliers and shifts are among the weights */
} need;

#define NO_SUCH_SIZE ((uint64_t)1 << 40)

/* conv1d_dsp.c: the first word has the quads of a chunk, and whether all filters are requantised the quick way. */
static need need_of_dsp(const edgehar_layer *layer, const blob_conv *conv, const uint32_t head[2])
{
    const uint64_t quads = blocks((uint32_t)conv->kernel * conv->in_channels, 4, 1),
                   pairs = blocks(conv->out_channels, 2, 1);
    const uint32_t chunk = head[0] & 0x7FFFFFFFu, quick = head[0] >> 31;
    need needs = {NO_SUCH_SIZE, 0, (int)quick};

    if (chunk >= 1 && chunk <= quads) {
        needs.weights = 4u + 8u * pairs * ((quads + chunk - 1u) / chunk + quads + 3u * quick);
        needs.scratch =
            8u * (uint64_t)chunk * (layer->positions < 2 ? 1u : 2u) + (quick && chunk == quads ? 0 : 16u * pairs);
    }
    return needs;
}

/* conv1d_mve.c: the first words have the chunks of 16 channels that roll, the channels left over, and their vectors. */
static need need_of_mve(const edgehar_layer *layer, const blob_conv *conv, const uint32_t head[2])
{
    const uint32_t chunks = head[0] & 0xFFFFu, rest = head[0] >> 16, flat = head[1] & 0x7FFFFFFFu, taps = conv->kernel;
    const uint32_t cut = 16u * chunks + rest, wide = rest == 0 ? 15u : 0;
    need needs = {NO_SUCH_SIZE, 0, 0};
    uint32_t real;

    if (cut < conv->in_channels || cut > conv->in_channels + wide || flat != blocks(rest * taps, 16, 1) ||
        (chunks != 0 && (conv->stride != 1 || taps > 12u))) {
        return needs;
    }
    needs.weights = 8u + 32u * blocks(conv->out_channels, 2, 1) * ((uint64_t)taps * chunks + flat);
    if (chunks == 0 && flat <= 2u) {
        needs.scratch = 2u * (16u * flat + 2u * 4u * 48u);
        return needs;
    }
    for (real = 1; real <= layer->positions && real <= (chunks != 0 && taps >= 6u ? 8u : 4u); real++) {
        const uint32_t block = real == 3u ? 4u : real == 5u || real == 6u ? 4u : real == 7u ? 8u : real;
        const uint64_t strip = 16u * ((uint64_t)chunks * (taps + block - 1u) + (uint64_t)flat * block);
        const uint64_t spare = chunks != 0 ? (uint64_t)(taps + block - 1u) * rest + 16u : 0;
        const uint64_t all = strip + 4u * 48u * block + spare;
        needs.scratch = all > needs.scratch ? all : needs.scratch;
    }
    return needs;
}

static need need_of(const edgehar_layer *layer, int kernel, const blob_conv *conv, const uint32_t head[2])
{
    const uint32_t inputs = (uint32_t)conv->kernel * conv->in_channels, filters = conv->out_channels;
    const uint64_t words = blocks(inputs, 4, 4), taps = blocks(conv->kernel, 4, 4), fours = blocks(filters, 4, 4);
    need needs = {NO_SUCH_SIZE, 0, 0};

    switch (kernel) {
    case EDGEHAR_KERNEL_CONV1D_PORTABLE:
        needs.weights = fours * inputs;
        break;
    case EDGEHAR_KERNEL_CONV1D_DSP:
        return need_of_dsp(layer, conv, head);
    case EDGEHAR_KERNEL_CONV1D_MVE:
        return need_of_mve(layer, conv, head);
    case EDGEHAR_KERNEL_CONV1D_VECTOR:
        needs.weights = blocks(filters, 16, 16) * (words + 16u);
        needs.scratch =
            2u * (conv->kernel + (layer->positions - 1u) * (uint64_t)conv->stride) * conv->in_channels + 16u;
        needs.holds_all = 1;
        break;
    case EDGEHAR_KERNEL_CONV1D_THUMB:
        needs.weights = filters * (words + 12u);
        needs.scratch = 4u * words;
        needs.holds_all = 1;
        break;
    case EDGEHAR_KERNEL_CONV1D_THUMB2:
    case EDGEHAR_KERNEL_CONV1D_RISCV:
        needs.weights = fours * (inputs + 12u);
        needs.holds_all = 1;
        break;
    case EDGEHAR_KERNEL_DEPTHWISE_THUMB:
        needs.weights = filters * (taps + 12u);
        needs.holds_all = 1;
        break;
    case EDGEHAR_KERNEL_DEPTHWISE_THUMB2:
    case EDGEHAR_KERNEL_DEPTHWISE_RISCV:
        needs.weights = fours * (conv->kernel + 12u);
        needs.holds_all = 1;
        break;
    case EDGEHAR_KERNEL_DEPTHWISE_DSP:
        needs.weights = fours * (2u * (uint64_t)conv->kernel + 12u);
        needs.holds_all = 1;
        break;
    default: /* EDGEHAR_KERNEL_DEPTHWISE_PORTABLE, EDGEHAR_KERNEL_DEPTHWISE_MVE */
        needs.weights = (uint64_t)conv->kernel * filters;
        break;
    }
    return needs;
}

/* Other kernels than the portable one take a filter for each channel, and so many channels at once. */
static int depthwise_holds(int kernel, uint32_t channels, uint32_t filters)
{
    switch (kernel) {
    case EDGEHAR_KERNEL_DEPTHWISE_PORTABLE:
        return filters % channels == 0;
    case EDGEHAR_KERNEL_DEPTHWISE_THUMB:
        return filters == channels;
    case EDGEHAR_KERNEL_DEPTHWISE_MVE:
        return filters == channels && channels >= 8;
    default:
        return filters == channels && channels >= 4;
    }
}

/* Whether a convolution reads and writes the plan's columns, and no more. */
static int conv_holds(const opened *self, const edgehar_layer *layer, int kernel, const blob_conv *conv)
{
    const uint32_t column = column_of(self, layer->input);
    uint32_t head[2];
    need needs;

    if (conv->in_channels == 0 || conv->kernel == 0 || conv->out_channels != layer->channels || layer->reduces ||
        (uint32_t)conv->kernel * conv->in_channels != inputs_of(self, layer) || inputs_of(self, layer) > 65535u ||
        !step_holds(self, layer, (uint64_t)conv->stride * conv->in_channels) || conv->weight_bytes < sizeof head ||
        !within(self, conv->weights, conv->weight_bytes)) {
        return 0;
    }
    memcpy(head, self->blob + conv->weights, sizeof head);
    needs = need_of(layer, kernel, conv, head);
    if (conv->weight_bytes < needs.weights || (conv->bias == 0 && !needs.holds_all) ||
        (needs.scratch != 0 && !within_state(&self->head, layer->scratch, needs.scratch))) {
        return 0;
    }
    return kernel < EDGEHAR_KERNEL_DEPTHWISE_PORTABLE || kernel == EDGEHAR_KERNEL_CONV1D_RISCV ||
           (conv->in_channels == column && depthwise_holds(kernel, column, conv->out_channels));
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
           from->scratch <= head->state_bytes && from->scratch % 4u == 0;
}

static int open_conv(const opened *self, const edgehar_layer *placed, const blob_layer *layer, edgehar_conv *to)
{
    const uint8_t *blob = self->blob;
    blob_conv from;

    memcpy(&from, blob + layer->parameters, sizeof from);
    if (!conv_holds(self, placed, layer->kernel, &from)) {
        return 0;
    }
    if (from.bias != 0 && (!within(self, from.bias, 4u * (uint32_t)from.out_channels) ||
                           !within(self, from.multiplier, 4u * (uint32_t)from.out_channels) ||
                           !within(self, from.shift, from.out_channels) ||
                           !shifts_hold((const int8_t *)blob + from.shift, from.out_channels))) {
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

int edgehar_blob_place(const opened *self, int index, edgehar_layer *to)
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
    return layer_holds(self, index, &from);
}

int edgehar_blob_fit(const opened *self, int index, const edgehar_kernel_table *kernels, edgehar_layer *to,
                     edgehar_blob_parameters *parameters)
{
    blob_layer from;
    const void *there;
    size_t plain;
    int holds = 0;

    memcpy(&from, self->blob + self->head.layers + (size_t)index * sizeof from, sizeof from);
    if (from.kernel >= EDGEHAR_KERNELS || !kernels->kernels[from.kernel]) {
        return EDGEHAR_ERROR_KERNEL;
    }
    plain = plain_bytes(self, to, from.kernel, NULL, &holds);
    there = within(self, from.parameters, plain) ? self->blob + from.parameters : NULL;
    to->parameters = plain ? there : parameters;
    if (plain) {
        (void)plain_bytes(self, to, from.kernel, there, &holds);
    } else if (from.kernel <= EDGEHAR_KERNEL_DEPTHWISE_THUMB2 || from.kernel >= EDGEHAR_KERNEL_CONV1D_RISCV) {
        holds = within(self, from.parameters, sizeof(blob_conv)) && open_conv(self, to, &from, &parameters->conv);
    } else if (from.kernel == EDGEHAR_KERNEL_TABLE_COLUMNS) {
        holds = within(self, from.parameters, sizeof(blob_table)) && open_table(self, to, &from, &parameters->table);
    } else {
        holds = within(self, from.parameters, sizeof(blob_constant)) &&
                open_constant(self, to, &from, &parameters->constant);
    }
    to->kernel = kernels->kernels[from.kernel];
    return holds ? (int)EDGEHAR_OK : (int)EDGEHAR_ERROR_BLOB;
}
