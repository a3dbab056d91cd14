/* The kernels and the tables that drive them: shared by the engine, every kernel path and model_data.c.
 *
 * A tensor with a time axis is a stream of columns: a column is one time step, its int8 channels
 * contiguous. A layer is fired for a block of 1 to P neighbouring output columns, and finds all the
 * input columns that they need contiguous in memory, oldest first.
 *
 * Arithmetic is that of TensorFlow Lite's reference integer kernels, rounding twice per requantisation.
 */
#ifndef EDGEHAR_KERNELS_H
#define EDGEHAR_KERNELS_H

#include <stdint.h>
#include <string.h>

/* Before a table that a host loads in vectors, which must not lie across two lines of its cache. */
#ifdef __GNUC__
#define EDGEHAR_CACHE_LINE __attribute__((aligned(64)))
#else
#define EDGEHAR_CACHE_LINE
#endif

/* One firing of a layer. */
typedef struct edgehar_block {
    const int8_t *columns; /* input columns, contiguous: kernel + (positions - 1) * stride of them; no alignment */
    int8_t *out;           /* output columns, contiguous; no alignment */
    void *scratch;         /* the layer's working memory, 4-byte aligned, as large as its packer asked for */
    int positions;         /* output columns to compute, 1 or more */
    int first;             /* index of the first output column in the window (0 before the split, see engine) */
} edgehar_block;

/* Every kernel has this type: `parameters` points to the struct below that its comment names. */
typedef void edgehar_kernel(const void *parameters, const edgehar_block *block);

/* CONV_2D with H = 1, FULLY_CONNECTED, DEPTHWISE_CONV_2D with H = 1. */
typedef struct edgehar_conv {
    const void *weights;       /* packed for the target: edgehar/compile/pack/<path>.py */
    const int32_t *bias;       /* one per filter, input offset folded in: bias - input_zero * sum(weights); this and the
                                * next two are 0 where the weights hold them as well */
    const int32_t *multiplier; /* one per filter, Q31, 0 or 2^30 … 2^31 - 1 */
    const int8_t *shift;       /* one per filter, positive shifts left, -31 … 30 */
    uint16_t in_channels;
    uint16_t out_channels; /* filters */
    uint16_t kernel;       /* taps */
    uint16_t stride;
    int8_t output_zero;
    int8_t activation_min;
    int8_t activation_max;
} edgehar_conv;

/* MAX_POOL_2D and AVERAGE_POOL_2D with H = 1. */
typedef struct edgehar_pool {
    uint16_t channels;
    uint16_t kernel;
    uint16_t stride;
    uint16_t inputs;   /* columns in a window, to know where padding begins at the end */
    uint16_t pad_left; /* padding columns before the window */
    uint8_t padded;    /* whether there is padding, before or behind */
    int8_t activation_min;
    int8_t activation_max;
} edgehar_pool;

/* MEAN over time; `scratch` keeps one int32 sum a channel between firings. */
typedef struct edgehar_mean {
    uint16_t channels;
    uint16_t inputs;    /* columns in a window */
    int32_t multiplier; /* 0: the quantisation does not change */
    int32_t bias;       /* folded input offset: -input_zero * inputs */
    int8_t shift;
    int8_t output_zero;
} edgehar_mean;

/* REDUCE_MAX over time; `scratch` keeps the largest value of each channel between firings. */
typedef struct edgehar_max {
    uint16_t channels;
    uint16_t inputs; /* columns in a window */
} edgehar_max;

/* Spare bits of the operands of ADD, which it brings to a common scale. */
#define EDGEHAR_ADD_HEADROOM 20

/* ADD and MUL of two streams of equal shape; the second operand's columns lie `second` bytes after the first's. */
typedef struct edgehar_add {
    uint16_t channels;
    int16_t offset[2]; /* minus the operand's zero point */
    int32_t second;
    int32_t multiplier[3]; /* operand 0, operand 1, output; MUL has one */
    int8_t shift[3];
    int8_t output_zero;
    int8_t activation_min;
    int8_t activation_max;
} edgehar_add;

/* MUL and ADD with a constant, PRELU. */
typedef struct edgehar_constant {
    const void *operand; /* one per channel, or so many for each column of the window: MUL, PRELU int16_t, less its zero
                          * point; ADD int32_t, less its zero point and scaled */
    uint16_t channels;
    uint16_t step;         /* values of `operand` between two columns: 0 or channels */
    int16_t offset;        /* minus the input's zero point */
    int32_t multiplier[2]; /* MUL: one; ADD: input, output; PRELU: from the zero point on, below it */
    int8_t shift[2];
    int8_t output_zero;
    int8_t activation_min;
    int8_t activation_max;
} edgehar_constant;

/* Any function of one value: LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, RELU, MUL and ADD with one number, … */
typedef struct edgehar_table {
    const int8_t *values; /* 256, by the input as an unsigned byte */
    uint16_t channels;
} edgehar_table;

/* CONCATENATION of the channels of two streams; the second's columns lie `second` bytes after the first's. */
typedef struct edgehar_join {
    uint16_t channels[2];
    int32_t second;
} edgehar_join;

/* What only copies: the taps of a dilated convolution side by side, a column again and again, PAD, STRIDED_SLICE. */
typedef struct edgehar_gather {
    uint16_t channels; /* bytes of a tap */
    uint16_t taps;     /* in an output column */
    uint32_t apart;    /* bytes from tap to tap in the input */
    uint32_t step;     /* bytes from column to column in the input */
} edgehar_gather;

/* SOFTMAX to scale 1/256, zero point -128. */
typedef struct edgehar_softmax {
    uint16_t channels;
    int16_t difference_min; /* differences below it count as probability 0 */
    int32_t multiplier;     /* input_scale * beta * 2^26, Q31 */
    int8_t shift;           /* positive shifts left */
} edgehar_softmax;

/* As edgehar_conv1d_vector, of a layer that `keeps` its scratch: edgehar_engine.h. Not in blobs, whose layers keep nothing. */
edgehar_kernel edgehar_conv1d_vector_ahead;

edgehar_kernel edgehar_conv1d_portable;    /* edgehar_conv */
edgehar_kernel edgehar_conv1d_dsp;         /* edgehar_conv; Cortex-M4, M7, M33 */
edgehar_kernel edgehar_conv1d_thumb;       /* edgehar_conv; Cortex-M0, M0+ */
edgehar_kernel edgehar_conv1d_thumb2;      /* edgehar_conv; Cortex-M3 */
edgehar_kernel edgehar_conv1d_riscv;       /* edgehar_conv; RISC-V, rv32im */
edgehar_kernel edgehar_conv1d_mve;         /* edgehar_conv; Cortex-M55 */
edgehar_kernel edgehar_conv1d_vector;      /* edgehar_conv; hosts; bias, multiplier and shift are in the weights */
edgehar_kernel edgehar_depthwise_portable; /* edgehar_conv; out_channels is a multiple of in_channels */
edgehar_kernel edgehar_depthwise_dsp;    /* edgehar_conv; Cortex-M4, M7, M33; as many filters as channels, 4 or more */
edgehar_kernel edgehar_depthwise_mve;    /* edgehar_conv; Cortex-M55; as many filters as channels, 8 or more */
edgehar_kernel edgehar_depthwise_thumb;  /* edgehar_conv; Cortex-M0, M0+; as many filters as channels */
edgehar_kernel edgehar_depthwise_thumb2; /* edgehar_conv; Cortex-M3; as many filters as channels, 4 or more */
edgehar_kernel edgehar_depthwise_riscv;  /* edgehar_conv; RISC-V, rv32im; as many filters as channels, 4 or more */
edgehar_kernel edgehar_max_pool;         /* edgehar_pool */
edgehar_kernel edgehar_max_pool_mve;     /* edgehar_pool; Cortex-M55 */
edgehar_kernel edgehar_max_pool_vector;  /* edgehar_pool; hosts */
edgehar_kernel edgehar_average_pool;     /* edgehar_pool */
edgehar_kernel edgehar_mean_time;        /* edgehar_mean */
edgehar_kernel edgehar_mean_dsp;         /* edgehar_mean; Cortex-M4, M7, M33; channels a multiple of 4 */
edgehar_kernel edgehar_mean_mve;         /* edgehar_mean; Cortex-M55 */
edgehar_kernel edgehar_mean_vector;      /* edgehar_mean; hosts */
edgehar_kernel edgehar_add_columns;      /* edgehar_add */
edgehar_kernel edgehar_softmax_columns;  /* edgehar_softmax */

edgehar_kernel edgehar_max_time;         /* edgehar_max */
edgehar_kernel edgehar_multiply_columns; /* edgehar_add */
edgehar_kernel edgehar_scale_columns;    /* edgehar_constant: MUL */
edgehar_kernel edgehar_offset_columns;   /* edgehar_constant: ADD */
edgehar_kernel edgehar_prelu_columns;    /* edgehar_constant */
edgehar_kernel edgehar_table_columns;    /* edgehar_table */
edgehar_kernel edgehar_join_columns;     /* edgehar_join */
edgehar_kernel edgehar_gather_columns;   /* edgehar_gather */

/* Arithmetic shift to the right, rounding half away from zero. exponent 0 … 31. */
static inline int32_t edgehar_round_shift(int32_t value, int exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + (value < 0);
    return (value >> exponent) + ((value & mask) > threshold);
}

/* value * multiplier / 2^31, rounding half up; not both may be INT32_MIN, the one case that saturates. */
static inline int32_t edgehar_high_multiply(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 30)) >> 31);
}

/* value * multiplier / 2^31 * 2^shift, rounded twice as TensorFlow Lite's reference kernels round. */
static inline int32_t edgehar_requantise(int32_t value, int32_t multiplier, int shift)
{
    const int left = shift > 0 ? shift : 0;
    const int right = shift > 0 ? 0 : -shift;
    return edgehar_round_shift(edgehar_high_multiply((int32_t)((uint32_t)value << left), multiplier), right);
}

static inline int8_t edgehar_clamp(int32_t value, int32_t low, int32_t high)
{
    return (int8_t)(value < low ? low : value > high ? high : value);
}

#endif
