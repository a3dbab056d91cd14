"""Functions of one int8 value as tables of 256 values, made with the arithmetic of TFLite-Micro's kernels.

A table is indexed by the input as an unsigned byte: 0 … 127, then -128 … -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgehar.compile import fixed_point
from edgehar.compile.fixed_point import clamp, requantise
from edgehar.compile.network import quantise_multiplier
from edgehar.errors import ContractError

#: Scale and zero point.
Quantisation = tuple[float, int]
Function = Callable[[int], int]

#: Integer bits of what LOGISTIC and TANH compute with.
_INTEGER_BITS = 4
#: Smallest input scale; below it TFLite-Micro's own arithmetic leaves its bits.
_LEAST_SCALE = 2.0**-20


def table(function: Function) -> bytes:
    """The function's 256 values as int8, by the input as an unsigned byte."""
    return np.array([function(value) for value in (*range(128), *range(-128, 0))], np.int8).tobytes()


def logistic(source: Quantisation, output: Quantisation) -> Function:
    """LOGISTIC; its output has scale 1/256 and zero point -128.

    Source: Logistic in tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h.
    """
    if output != (1 / 256, -128):
        raise ContractError("expected an output of scale 1/256 and zero point -128")
    return _saturating(source, lambda x: fixed_point.round_shift(fixed_point.logistic(x), 23) - 128)


def tanh(source: Quantisation, output: Quantisation) -> Function:
    """TANH; its output has scale 1/128 and zero point 0.

    Source: Tanh in tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h.
    """
    if output != (1 / 128, 0):
        raise ContractError("expected an output of scale 1/128 and zero point 0")
    return _saturating(source, lambda x: fixed_point.round_shift(fixed_point.tanh(x), 24))


def _saturating(source: Quantisation, function: Function) -> Function:
    """The function of an input in Q4.27, and int8's ends beyond what that holds."""
    scale, zero_point = source
    _check_scale(scale)
    if scale >= 1 << (_INTEGER_BITS - 1):
        raise ContractError(f"an input scale of {scale} is too large: every value but 0 saturates")
    multiplier, shift = quantise_multiplier(scale * (1 << (31 - _INTEGER_BITS)))
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) / (1 << shift))

    def value(x: int) -> int:
        if abs(x - zero_point) >= radius:
            return 127 if x > zero_point else -128
        return clamp(function(requantise(x - zero_point, multiplier, shift)))

    return value


def _check_scale(scale: float) -> None:
    if scale < _LEAST_SCALE:
        raise ContractError(f"an input scale of {scale} is too small")


def hard_swish(source: Quantisation, output: Quantisation) -> Function:
    """HARD_SWISH, in 16 bits.

    Source: HardSwish in tensorflow/lite/kernels/internal/reference/hard_swish.h.
    """
    _check_scale(source[0])
    fine = np.float32(1 / 128) * np.float32(source[0])
    out_multiplier, out_shift = _multiplier_16(float(fine / np.float32(output[0])))
    relu_multiplier, relu_shift = _multiplier_16(float(fine / np.float32(3 / 32768)))
    if out_shift > 0:
        raise ContractError("an output scale 128 times finer than its input's is not covered")

    def value(x: int) -> int:
        shifted = (x - source[1]) * 128
        relu = shifted
        if relu_shift > 0:
            relu = _clamp_16(relu << (relu_shift - 1))
        relu = _high_multiply_16(relu, relu_multiplier)
        if relu_shift > 0:
            relu = _clamp_16(relu << 1)
        elif relu_shift < 0:
            relu = fixed_point.round_shift(relu, -relu_shift)
        relu = (relu + (1 << 15)) >> 1
        product = relu * _high_multiply_16(shifted, out_multiplier)
        high = abs(product) >> 15  # towards zero
        return clamp(fixed_point.round_shift(high if product >= 0 else -high, -out_shift) + output[1])

    return value


def _multiplier_16(real: float) -> tuple[int, int]:
    multiplier, shift = quantise_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, 32767), shift


def _high_multiply_16(value: int, multiplier: int) -> int:
    """value * multiplier / 2^15, rounding half up."""
    return _clamp_16((value * multiplier + (1 << 14)) >> 15)


def _clamp_16(value: int) -> int:
    return clamp(value, -32768, 32767)


def leaky_relu(source: Quantisation, output: Quantisation, alpha: float) -> Function:
    """LEAKY_RELU; its factors are divided in float32.

    Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h.
    """
    scale, out_scale = np.float32(source[0]), np.float32(output[0])
    above = quantise_multiplier(float(scale / out_scale))
    factor = float(scale * np.float32(alpha) / out_scale)
    multiplier, shift = quantise_multiplier(abs(factor))
    below = (-multiplier if factor < 0 else multiplier), shift

    def value(x: int) -> int:
        real = x - source[1]
        return clamp(requantise(real, *(above if real >= 0 else below)) + output[1])

    return value


def relu(source: Quantisation, output: Quantisation) -> Function:
    """RELU on its own; its factor is divided in float32.

    Source: ReluQuantized in tensorflow/lite/micro/kernels/activations_common.cc.
    """
    factor = quantise_multiplier(float(np.float32(source[0]) / np.float32(output[0])))
    return lambda x: clamp(requantise(x - source[1], *factor) + output[1], max(-128, output[1]))


def relu_6(source: Quantisation, output: Quantisation) -> Function:
    """RELU6 on its own, which TFLite-Micro has without a change of the quantisation."""
    _check_scale(source[0])
    if source != output:
        raise ContractError("an activation that changes the quantisation is not covered")
    six = min(127, output[1] + math.floor(float(np.float32(6) / np.float32(output[0])) + 0.5))
    return lambda x: clamp(x, output[1], six)


def quantise(source: Quantisation, output: Quantisation) -> Function:
    """QUANTIZE from int8 to int8.

    Source: Requantize in tensorflow/lite/kernels/internal/reference/requantize.h.
    """
    factor = quantise_multiplier(source[0] / output[0])
    return lambda x: clamp(requantise(x - source[1], *factor) + output[1])
