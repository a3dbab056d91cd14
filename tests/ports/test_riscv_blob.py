"""A model blob on rv32imc: at two addresses, moved as an update does, it decides as the model compiled in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehar.compile.c import write_c
from edgehar.models import find_contract

from .recordings import recording
from .test_riscv import RUNNER, pytestmark

__all__ = ["pytestmark"]


@pytest.mark.parametrize("kernels", ["riscv", "portable"])
def test_a_recording(kernels, bundle_of, tmp_path):
    """With a sample that is no number; the blob is moved over itself and well clear of itself."""
    x = recording("exp21")[:1600].copy()
    x[700, 1] = np.nan
    times = np.arange(len(x)) * 50_000
    tflite = bundle_of("micro") / "model_int8.tflite"
    contract = replace(find_contract(tflite), placement=None)  # which a blob has not
    blob = write_c(tflite, tmp_path / "c", kernels=kernels, blob=True, contract=contract)[-1]
    rows, _ = RUNNER.run_riscv(RUNNER.build_riscv(tmp_path / "c", tmp_path), x, times, 20, tmp_path)
    expected = [row.decision for row in rows]
    assert len(expected) > 60 and len({row[1] for row in expected if row is not None}) >= 3
    image = RUNNER.build_riscv_blob(tmp_path)
    for place in (20, 300_004):
        moved, _ = RUNNER.run_riscv(image, x, times, 20, tmp_path, str(blob), str(place))
        assert [row.decision for row in moved] == 2 * expected
