"""A few hours of what benchmarks/soak.py runs for weeks."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.scripts import load_runner


@pytest.fixture(scope="module")
def soak():
    return load_runner("soak")


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler: apt-get install gcc")
def test_hours_in_c_whatever_the_clock_says(soak, bundle_of):
    model, samples = bundle_of("micro") / "model_int8.tflite", soak.recorded()
    found = [soak.soak_c(model, samples, 150_000, first) for first in (0, 2**32 - 10**9, 2**53 - 10**9)]
    assert found[0] == found[1] == found[2]
    assert found[0]["wrong"] == "0" and int(found[0]["compared"]) == 1
    assert int(found[0]["decisions"]) == (150_000 - 80) // 20 + 1 and int(found[0]["labels"]) >= 6


def test_hours_in_python(soak, bundle_of):
    samples = soak.recorded()[:30_000]
    told = soak.soak_python(bundle_of("micro") / "model_int8.tflite", samples, 2)
    assert told["wrong"] == 0 and told["compared"] == 7 and told["decisions"] == (144_000 - 80) // 20 + 1
    assert np.isfinite(samples).all()
