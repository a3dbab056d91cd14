"""How long gravity is in a recording: what tells the unit, and that gravity is included."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: Samples over which movement is averaged out; one to three seconds at the usual rates.
_BLOCK = 64


def gravity_length(parts: Iterable[NDArray[np.floating]]) -> float:
    """Median length of the mean over blocks of 64 samples, in the samples' own unit.

    The mean and not the samples themselves: linear acceleration in m/s² is about 1 long too, and would
    pass for g, but it averages out.

    Args:
        parts: float (N, 3) each; blocks do not cross them. Values that are not finite are left out.
    Returns:
        NaN where there is no sample.
    """
    lengths = []
    for part in parts:
        finite = part[np.isfinite(part).all(axis=1)]
        size = min(_BLOCK, len(finite))
        if size:
            blocks = finite[: len(finite) // size * size].reshape(-1, size, 3)
            with np.errstate(over="ignore"):  # an infinite length is no gravity, and is said to be none
                lengths.append(np.linalg.norm(blocks.mean(axis=1, dtype=np.float64), axis=1))
    return float(np.median(np.concatenate(lengths))) if lengths else float("nan")
