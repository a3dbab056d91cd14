"""Affine int8 quantisation, to the bit as docs/spec.md says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import TensorQuantisation


def reciprocal(quantisation: TensorQuantisation) -> np.float32:
    """1 / scale rounded once to float32: the constant that Python and C share."""
    return np.float32(1.0) / np.float32(quantisation.scale)


def quantise(values: NDArray[np.float32], quantisation: TensorQuantisation) -> NDArray[np.int8]:
    """clamp(round_half_away_from_zero(v * (1 / scale)) + zero_point, -128, 127) in float32.

    Args:
        values: finite float32 of any shape.
    Returns:
        int8 of the same shape.
    """
    scaled = np.asarray(values, np.float32) * reciprocal(quantisation)
    # Beyond ±512 the clamp below decides whatever the zero point; so the integers stay small and exact.
    scaled = np.minimum(np.maximum(scaled, np.float32(-512)), np.float32(512))
    whole = np.trunc(scaled)
    # Adding 0.5 and truncating would round 0.49999997 up; twice the exact rest, truncated, is -1, 0 or 1.
    whole += np.trunc((scaled - whole) * np.float32(2))
    whole += np.float32(quantisation.zero_point)
    clamped: NDArray[np.int8] = np.minimum(np.maximum(whole, np.float32(-128)), np.float32(127)).astype(np.int8)
    return clamped


def dequantise(values: NDArray[np.int8], quantisation: TensorQuantisation) -> NDArray[np.float32]:
    """scale * (q - zero_point), float32 of the same shape."""
    return (values.astype(np.float32) - np.float32(quantisation.zero_point)) * np.float32(quantisation.scale)
