"""Fixed-point arithmetic of TensorFlow Lite's reference kernels in Python integers, for tables made at export.

Qn.m has n integer and m fraction bits beside the sign. The exponential and the reciprocal are those of
firmware_ref/src/softmax.c, which is gemmlowp's fixed point.
"""

from __future__ import annotations

INT32_MAX = (1 << 31) - 1
INT32_MIN = -(1 << 31)

#: exp(-2^k), Q0.31, for k = -2, -1, … 4.
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def round_shift(value: int, exponent: int) -> int:
    """Arithmetic shift to the right, rounding half away from zero."""
    mask = (1 << exponent) - 1
    return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))


def high_multiply(value: int, multiplier: int) -> int:
    """value * multiplier / 2^31, rounding half up; the one product that saturates does."""
    return min((value * multiplier + (1 << 30)) >> 31, INT32_MAX)


def requantise(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier / 2^31 * 2^shift, rounded twice, as `edgehar_requantise` does."""
    left, right = max(shift, 0), max(-shift, 0)
    return round_shift(high_multiply(_wrap(value << left), multiplier), right)


def clamp(value: int, low: int = -128, high: int = 127) -> int:
    """The value, kept within the bounds; by default int8's."""
    return max(low, min(high, value))


def logistic(value: int) -> int:
    """1 / (1 + exp(-value)), Q4.27 to Q0.31."""
    if value == 0:
        return 1 << 30
    positive = _reciprocal(_exponential(-abs(value), 4))
    return positive if value > 0 else INT32_MAX - positive


def tanh(value: int) -> int:
    """The hyperbolic tangent, Q4.27 to Q0.31."""
    if value == 0:
        return 0
    # 1 - x over 1 + x with x = exp(-2 |value|): the same bits are twice as much with one integer bit more.
    positive = _shift_left(_newton(_exponential(-abs(value), 5)) - (1 << 29), 2)
    return positive if value > 0 else -positive


def _exponential(value: int, integer_bits: int) -> int:
    """exp(value), to Q0.31, for values up to 0 with so many integer bits."""
    if value == 0:
        return INT32_MAX
    quarter = 1 << (29 - integer_bits)
    base = (value & (quarter - 1)) - quarter  # -1/4 … 0
    rest = base - value
    x = _shift_left(base, integer_bits) + (1 << 28)
    x2 = high_multiply(x, x)
    x3, x4 = high_multiply(x2, x), high_multiply(x2, x2)
    series = round_shift(high_multiply(round_shift(x4, 2) + x3, 715827883) + x2, 1)
    result = 1895147668 + high_multiply(1895147668, x + series)
    for bit, power in enumerate(_POWERS[: integer_bits + 2]):
        if rest & (quarter << bit):
            result = high_multiply(result, power)
    return result


def _newton(value: int) -> int:
    """2 / (1 + value), Q2.29, for value in 0 … 1 as Q0.31: three steps of Newton's."""
    half = (value + INT32_MAX + 1) // 2
    x = 1515870810 + high_multiply(half, -1010580540)
    for _ in range(3):
        x += _shift_left(high_multiply(x, (1 << 29) - high_multiply(half, x)), 2)
    return x


def _reciprocal(value: int) -> int:
    """1 / (1 + value), Q0.31."""
    return _shift_left(_newton(value), 1)


def _shift_left(value: int, exponent: int) -> int:
    return max(INT32_MIN, min(INT32_MAX, value << exponent))


def _wrap(value: int) -> int:
    """Modulo 2^32, as a shift to the left of 32 bits."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)
