"""The stratified subset of --quick."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.benchmark.testset import stratified


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.integers(1, 200), st.integers(0, 9))
def test_subset_keeps_every_class_and_its_share(labels, limit, seed):
    y = np.array(labels, np.int64)
    chosen = stratified(y, limit, seed)
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, stratified(y, limit, seed))
    for label in np.unique(y):
        share = limit * (y == label).sum() / len(y)
        taken = (y[chosen] == label).sum()
        assert taken == min((y == label).sum(), max(1, round(share)))
