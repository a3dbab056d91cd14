/* A blob's convolutions: that packed weights and scratch have the sizes which each kernel takes. */
#include "edgehar_blob_opened.h"

/* Whole blocks of `block` that hold `count`, and what they take. */
static uint64_t blocks(uint32_t count, uint32_t block, uint64_t bytes)
{
    return (count + block - 1u) / block * bytes;
}

/* What a convolution's packed weights take and its scratch, as edgehar/compile/pack has them; EDGEHAR_NO_SUCH_SIZE: none is right. */
typedef struct need {
    uint64_t weights;
    uint64_t scratch;
    int holds_all; /* biases, multipliers and shifts are among the weights */
} need;

#define EDGEHAR_NO_SUCH_SIZE ((uint64_t)1 << 40)

/* conv1d_dsp.c: the first word has the quads of a chunk, and whether all filters are requantised the quick way. */
static need need_of_dsp(const edgehar_layer *layer, const blob_conv *conv, const uint32_t head[2])
{
    const uint32_t quads = ((uint32_t)conv->kernel * conv->in_channels + 3u) / 4u;
    const uint64_t pairs = blocks(conv->out_channels, 2, 1);
    const uint32_t chunk = head[0] & 0x7FFFFFFFu, quick = head[0] >> 31;
    need needs = {EDGEHAR_NO_SUCH_SIZE, 0, (int)quick};

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
    need needs = {EDGEHAR_NO_SUCH_SIZE, 0, 0};
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
    need needs = {EDGEHAR_NO_SUCH_SIZE, 0, 0};

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
        needs.scratch = 16u * words;
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

int edgehar_blob_conv(const opened *self, const edgehar_layer *placed, const blob_layer *layer, edgehar_conv *to)
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
