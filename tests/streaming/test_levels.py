"""The table of quantisation steps is the map itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.contract import TensorQuantisation
from edgehar.runtimes.quantise import quantise
from edgehar.streaming.levels import Levels


@settings(max_examples=40, deadline=None)
@given(
    scale=st.one_of(st.floats(2.0**-20, 10, width=32), st.sampled_from([1e-30, 1e30])),
    zero_point=st.integers(-128, 127),
    seed=st.integers(0, 1000),
)
def test_equals_the_map(scale, zero_point, seed) -> None:
    to = TensorQuantisation(scale, zero_point)
    rng = np.random.default_rng(seed)
    # Halves, where rounding turns over, and their neighbours; and values of every size.
    with np.errstate(over="ignore"):
        halves = ((np.arange(-300, 300) + 0.5) * scale).astype(np.float32)
        spread = rng.normal(0, 100 * scale, 3000).astype(np.float32)
    wild = rng.integers(0, 2**32, 3000, dtype=np.uint32).view(np.float32)
    values = np.concatenate(
        [
            halves,
            np.nextafter(halves, np.float32(-np.inf)),
            np.nextafter(halves, np.float32(np.inf)),
            spread,
            wild[np.isfinite(wild)],
            np.array([0.0, -0.0, np.finfo(np.float32).max, -np.finfo(np.float32).max], np.float32),
        ]
    )
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        assert np.array_equal(Levels(to).quantise(values), quantise(values, to))
