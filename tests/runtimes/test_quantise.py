"""Quantisation against the specification, computed with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.contract import TensorQuantisation
from edgehar.runtimes.quantise import dequantise, quantise, reciprocal

FLOATS = st.floats(-1e6, 1e6, width=32) | st.floats(-200, 200, width=32)
SCALES = st.floats(np.float32(1e-6), 100.0, width=32)


def exactly(value: float, quantisation: TensorQuantisation) -> int:
    """docs/spec.md with a float32 product and, from there, exact arithmetic."""
    product = Fraction(float(np.float32(value) * reciprocal(quantisation)))
    magnitude = floor(abs(product) + Fraction(1, 2))
    rounded = magnitude if product >= 0 else -magnitude
    return max(-128, min(127, rounded + quantisation.zero_point))


@settings(max_examples=300, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=50), SCALES, st.integers(-128, 127))
def test_equals_the_specification(values, scale, zero_point):
    quantisation = TensorQuantisation(scale, zero_point)
    got = quantise(np.array(values, np.float32), quantisation)
    assert got.dtype == np.int8
    assert got.tolist() == [exactly(value, quantisation) for value in values]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, 1),  # ties go away from zero, not to the even number
        (-0.5, -1),
        (1.5, 2),
        (2.5, 3),
        (-2.5, -3),
        (0.49999997, 0),  # adding 0.5 in float32 would give 1
        (-0.49999997, 0),
        (-0.0, 0),
        (126.5, 127),
        (127.5, 127),
        (-128.5, -128),
        (3.0e38, 127),
        (-3.0e38, -128),
    ],
)
def test_ties_and_limits(value, expected):
    assert quantise(np.array([value], np.float32), TensorQuantisation(1.0, 0)).tolist() == [expected]


def test_reciprocal_is_rounded_once_to_float32():
    scale = np.float32(0.13874848)
    assert reciprocal(TensorQuantisation(float(scale), 0)) == np.float32(float(Fraction(1) / Fraction(float(scale))))


def test_dequantise_is_the_inverse_on_all_bytes():
    quantisation = TensorQuantisation(1 / 256, -128)
    every = np.arange(-128, 128).astype(np.int8)
    probabilities = dequantise(every, quantisation)
    assert probabilities.dtype == np.float32
    assert probabilities.tolist() == [k / 256 for k in range(256)]
    np.testing.assert_array_equal(quantise(probabilities, quantisation), every)
