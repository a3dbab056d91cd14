"""Requantisation factors against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edgehar.compile.network import quantise_multiplier


def test_a_factor_is_the_nearest_of_31_bits():
    for real in 2.0 ** np.random.default_rng(1).uniform(-31, 29, 500):
        multiplier, shift = quantise_multiplier(float(real))
        assert 1 << 30 <= multiplier < 1 << 31
        exact = Fraction(float(real)) / Fraction(2) ** shift * (1 << 31)
        assert abs(multiplier - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (1 << 30, 0)),
        (1.0, (1 << 30, 1)),
        (1 - 2.0**-40, (1 << 30, 1)),  # rounds up to 2^31, which has no 31 bits
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),
        (2.0**29, (1 << 30, 30)),
        (2.0**30, ((1 << 31) - 1, 30)),
    ],
)
def test_the_ends(real, expected):
    assert quantise_multiplier(real) == expected
