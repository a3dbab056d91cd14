"""The int8 model of a trained network, converted and run at once, for whoever measures many networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.convert import calibration, metadata, tflite
from edgehar.convert.fold import fold_normalisation
from edgehar.data.recording import Windows
from edgehar.files import temporary_folder, write_bytes
from edgehar.runtimes import open_model

if TYPE_CHECKING:
    import keras


@contextmanager
def int8_model(model: keras.Model, contract: Contract, training: Windows, *, windows: int = 300) -> Iterator[Path]:
    """The int8 `.tflite` of a trained network, a file that is there while the block lasts.

    Args:
        model: keras.Model as trained.
        training: windows of training people, of which `windows` calibrate.
    Raises:
        EdgeharError: the model cannot be converted.
        MissingExtra: TensorFlow is not installed.
    """
    raw, folded = fold_normalisation(model, contract)
    content = tflite.convert(raw, folded, "int8", calibration=calibration.select(training, windows).x)
    with temporary_folder() as folder:
        path = folder / "model_int8.tflite"
        write_bytes(path, metadata.finish(content, metadata.with_quantisation(folded, content), ""))
        yield path


def predict_file(path: Path, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities float32 (N, classes) of windows float32 (N, window, channels), by a model file's usual runtime."""
    runtime = open_model(path)
    try:
        return runtime.predict(x)
    finally:
        runtime.close()
