"""The shipped small models as int8 files, without the recordings that an export of them would ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehar.convert import metadata, tflite
from edgehar.convert.fold import fold_normalisation
from edgehar.front_end import apply_front_end
from edgehar.models import int8_file, load, shipped_names
from edgehar.models.registry import int8_names

SMALL = tuple(name for name in shipped_names() if not name.startswith("cnn"))


def int8_of(name: str, folder: Path) -> Path:
    """The shipped int8 file; where there is none, one calibrated with made-up samples, for equality alone."""
    if name in int8_names():
        return int8_file(name)
    path = folder / f"{name}.tflite"
    if not path.exists():
        model, contract = fold_normalisation(*load(name))
        assert contract.input_shape == (80, 3)
        rng = np.random.default_rng(11)
        still = rng.normal(0, 1, (60, 1, 3))
        samples = 9.8 * still / np.linalg.norm(still, axis=2, keepdims=True) + rng.normal(0, 2.5, (60, 80, 3))
        windows = [apply_front_end(contract.front_end, window) for window in samples.astype(np.float32)]
        content = tflite.convert(model, contract, "int8", calibration=np.stack(windows))
        path.write_bytes(metadata.finish(content, metadata.with_quantisation(contract, content), name))
    return path
