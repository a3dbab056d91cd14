"""Golden windows: raw samples of every class with the bytes that any correct runtime must give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgehar.data import Windows
from edgehar.errors import BundleError
from edgehar.runtimes import open_model
from edgehar.schema import LARGE, read_json

FORMAT = "edgehar-golden-1"

Byte = Annotated[int, msgspec.Meta(ge=-128, le=127)]
PER_CLASS = 3


class GoldenWindow(msgspec.Struct, frozen=True):
    """One window: where it comes from, samples in their units, what Keras says, and the int8 model's bytes."""

    label: str
    subject: str
    recording: str
    start: int
    window: list[tuple[float, ...]]
    probabilities: list[float]
    int8_input: list[Byte] | None = None
    int8_output: list[Byte] | None = None


class Golden(msgspec.Struct, frozen=True, tag_field="format", tag=FORMAT):
    """`golden.json`."""

    labels: list[str]
    windows: list[GoldenWindow]


def read_golden(path: Path) -> Golden:
    """Golden windows as `golden` made them; raises BundleError for anything else."""
    found = read_json(path, Golden, limit=LARGE, error=BundleError)
    widths = {len(sample) for entry in found.windows for sample in entry.window}
    if len(widths) > 1:
        raise BundleError(f"expected samples of as many values in every window, got {sorted(widths)} in {path}")
    return found


def golden(test: Windows, keras: Path, int8: Path | None) -> dict[str, object]:
    """A JSON-ready dictionary of golden windows.

    Every sample is a float32 written so that reading it as float32 gives the same bits. The int8 bytes
    are those of LiteRT's reference kernels, which TFLite-Micro and the C engine equal.

    Args:
        test: windows to choose from; evenly spaced ones of each class are taken.
        keras: the trained model, for float probabilities.
        int8: a full-integer `.tflite`, or None.
    """
    chosen = np.concatenate([_spread(np.flatnonzero(test.y == label)) for label in range(len(test.labels))])
    windows = test.select(chosen)
    trained = open_model(keras)
    probabilities = trained.predict(windows.x)
    trained.close()
    entries: list[dict[str, object]] = [
        {
            "label": windows.labels[int(windows.y[index])],
            "subject": str(windows.subject[index]),
            "recording": str(windows.recording[index]),
            "start": int(windows.start[index]),
            "window": [[float(value) for value in sample] for sample in windows.x[index]],
            "probabilities": [float(value) for value in probabilities[index]],
        }
        for index in range(len(windows))
    ]
    if int8 is not None:
        runtime = open_model(int8, runtime="litert-int8-reference")
        for entry, window in zip(entries, windows.x, strict=True):
            tensor = runtime.prepare(window)
            output = runtime.invoke(tensor)
            if tensor.dtype == np.int8:
                entry["int8_input"] = [int(value) for value in tensor.reshape(-1)]
                entry["int8_output"] = [int(value) for value in output]
            entry["int8_label"] = windows.labels[int(output.argmax())]
        runtime.close()
    return {"format": FORMAT, "labels": list(test.labels), "windows": entries}


def _spread(indices: NDArray[np.intp]) -> NDArray[np.intp]:
    """Up to `PER_CLASS` evenly spaced indices."""
    places = np.linspace(0, len(indices) - 1, min(PER_CLASS, len(indices)))
    chosen: NDArray[np.intp] = indices[np.unique(places.round().astype(int))]
    return chosen
