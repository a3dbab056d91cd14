"""The arena that TFLite-Micro needs."""

from __future__ import annotations

import pytest

from edgehar.errors import ContractError
from edgehar.runtimes.tflm import _allocates, arena_bytes


def test_arena_is_the_smallest_that_works_and_stays_small(bundle):
    model = (bundle / "model_int8.tflite").read_bytes()
    size = arena_bytes(model)
    assert size % 16 == 0
    assert _allocates(model, size)
    assert not _allocates(model, size - 16)
    assert size <= 20_500


def test_a_float_model_needs_more(bundle):
    model = (bundle / "model_float.tflite").read_bytes()
    assert arena_bytes(model) > 20_500


def test_hopeless_size(bundle, monkeypatch):
    monkeypatch.setattr("edgehar.runtimes.tflm._LARGEST_ARENA", 1024)
    with pytest.raises(ContractError):
        arena_bytes((bundle / "model_int8.tflite").read_bytes())
