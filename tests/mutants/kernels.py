"""Mutants of the portable kernels and of the arithmetic that all share."""

from __future__ import annotations

from tests.mutants.mutant import DEFINITION, LAYERS, Mutant, cases

_NETWORKS = "tests/firmware/test_networks.py"
SRC = "firmware_ref/src"
NETWORKS = cases(LAYERS, (0, 1, 3, 4, 6, 7, 9, 10, 12, 13))
EXTREME = cases(LAYERS, (2, 5, 8, 11, 14, 17))
PORTABLE = cases(DEFINITION, ("portable-conv",))
VECTORS = (f"{_NETWORKS}::test_golden_vectors",)

KERNELS = (
    Mutant(
        "halves round up, negative too",
        f"{SRC}/edgehar_kernels.h",
        "(mask >> 1) + (value < 0)",
        "(mask >> 1)",
        "rounding half up in place of away from zero",
        (*PORTABLE, *NETWORKS),
    ),
    Mutant(
        "the high product is cut off",
        f"{SRC}/edgehar_kernels.h",
        " + ((int64_t)1 << 30)) >> 31",
        ") >> 31",
        "the first of two roundings is left out",
        (*PORTABLE, *NETWORKS),
    ),
    Mutant(
        "requantisation rounds once",
        f"{SRC}/edgehar_kernels.h",
        "return edgehar_round_shift(edgehar_high_multiply((int32_t)((uint32_t)value << left), multiplier), right);",
        "return (int32_t)(((int64_t)(int32_t)((uint32_t)value << left) * multiplier + ((int64_t)1 << (30 + right)))"
        " >> (31 + right));",
        "as XNNPACK and LiteRT's dense layer round",
        (*PORTABLE, *NETWORKS),
    ),
    Mutant(
        "no saturation above",
        f"{SRC}/edgehar_kernels.h",
        "return (int8_t)(value < low ? low : value > high ? high : value);",
        "return (int8_t)(value < low ? low : value);",
        "a cast to int8 that wraps",
        (*PORTABLE, *NETWORKS),
    ),
    Mutant(
        "convolution without its activation",
        f"{SRC}/conv1d_portable.c",
        "value + conv->output_zero, conv->activation_min, conv->activation_max",
        "value + conv->output_zero, -128, 127",
        "a fused ReLU is forgotten",
        NETWORKS,
    ),
    Mutant(
        "second position without the stride",
        f"{SRC}/conv1d_portable.c",
        "columns, columns + step, weights",
        "columns, columns + conv->in_channels, weights",
        "stride in a block of two positions",
        NETWORKS,
    ),
    Mutant(
        "a lone position loses its rest",
        f"{SRC}/conv1d_portable.c",
        "for (; x != end; x++,",
        "for (; x + 1 < end; x++,",
        "the tail of a dot product whose length is no multiple of 4",
        PORTABLE,
    ),
    Mutant(
        "zero point before the activation's bounds",
        f"{SRC}/conv1d_portable.c",
        "value + conv->output_zero,",
        "value,",
        "the output's zero point is left out",
        NETWORKS,
    ),
    Mutant(
        "filters go round the channels",
        f"{SRC}/depthwise_portable.c",
        "= column + channel;",
        "= column + filter % channels;",
        "order of filters where there are two per channel",
        NETWORKS,
    ),
    Mutant(
        "sums of the mean stay",
        f"{SRC}/mean.c",
        "if (block->first == 0) {",
        "if (block->positions == 0) {",
        "the sums are not cleared from window to window",
        NETWORKS,
    ),
    Mutant(
        "mean without its bias",
        f"{SRC}/mean.c",
        "sums[channel] + mean->bias",
        "sums[channel]",
        "the input's zero point in a mean",
        NETWORKS,
    ),
    Mutant(
        "a mean that keeps its zero point is cut off",
        f"{SRC}/mean.c",
        "edgehar_requantise(sums[channel] + mean->bias, mean->multiplier, mean->shift) + mean->output_zero;",
        "mean->bias == -mean->output_zero * mean->inputs ? sums[channel] / mean->inputs :\n"
        "edgehar_requantise(sums[channel] + mean->bias, mean->multiplier, mean->shift) + mean->output_zero;",
        "the special case that the engine once had",
        cases(f"{_NETWORKS}::test_a_mean_that_keeps_the_quantisation", ("-3-8",)),
    ),
    Mutant(
        "average of negative sums",
        f"{SRC}/pool.c",
        "(sum > 0 ? sum + count / 2 : sum - count / 2)",
        "(sum + count / 2)",
        "rounding half towards zero",
        (*NETWORKS, *EXTREME),
    ),
    Mutant(
        "left padding counts in an average",
        f"{SRC}/pool.c",
        "(begin < 0 ? -begin : 0) + (after",
        "(after",
        "padding columns are no columns",
        (*NETWORKS, *EXTREME),
    ),
    Mutant(
        "maximum without its last tap",
        f"{SRC}/pool.c",
        "for (tap = 1; tap < pool->kernel; tap++) {",
        "for (tap = 2; tap < pool->kernel; tap++) {",
        "off by one in a pool",
        NETWORKS,
    ),
    Mutant(
        "one zero point for both operands",
        f"{SRC}/add.c",
        "offset_ = add.offset[other]",
        "offset_ = add.offset[wide]",
        "the operands' zero points differ",
        NETWORKS,
    ),
    Mutant(
        "addition without headroom",
        f"{SRC}/edgehar_kernels.h",
        "#define EDGEHAR_ADD_HEADROOM 20",
        "#define EDGEHAR_ADD_HEADROOM 19",
        "the operands' common scale",
        NETWORKS,
    ),
    Mutant(
        "two digits of the table exchanged",
        f"{SRC}/softmax.c",
        "1302514674",
        "1320514674",
        "a slip in softmax's table of exponentials",
        (*VECTORS, *NETWORKS),
    ),
    Mutant(
        "reciprocal with two steps",
        f"{SRC}/softmax.c",
        "for (step = 0; step < 3; step++)",
        "for (step = 0; step < 1; step++)",
        "softmax's Newton steps",
        (*VECTORS, *NETWORKS),
    ),
    Mutant(
        "probabilities are cut off",
        f"{SRC}/softmax.c",
        "edgehar_round_shift(edgehar_high_multiply(scale, exponentials[channel]), 12 - zeros + 31 - 8);",
        "edgehar_high_multiply(scale, exponentials[channel]) >> (12 - zeros + 31 - 8);",
        "softmax's last rounding",
        (*VECTORS, *NETWORKS),
    ),
    Mutant(
        "softmax does not look for the largest",
        f"{SRC}/softmax.c",
        "largest = x[channel] > largest ? x[channel] : largest;",
        "largest = x[0];",
        "logits are taken from the first, not the largest",
        NETWORKS,
    ),
)
