"""Calibration windows: which ones the int8 ranges come from, and how well those ranges hold on other people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.convert.matched import match, open_graph
from edgehar.data import Windows
from edgehar.errors import DataError
from edgehar.files import open_regular, sha256_bytes

#: Operators whose int8 output has one range for all models.
FIXED_RANGE = ("SOFTMAX", "LOGISTIC", "TANH")

#: Windows on which the coverage is measured; more change the figures in the third digit only.
COVERAGE_WINDOWS = 300

#: Bytes of calibration windows: a quarter of a million of the article's.
LARGEST = 256 << 20


@dataclass(frozen=True)
class Calibration:
    """Windows for calibration and where they came from.

    Attributes:
        x: float32 (N, window, channels), in their units.
        indices: index of each into the training windows; empty where a file was given.
        source: `training people` or the file's name.
        sha256: of the samples' bytes, little-endian float32.
    """

    x: NDArray[np.float32]
    indices: tuple[int, ...]
    source: str
    sha256: str


@dataclass(frozen=True)
class Coverage:
    """One activation: its range on test windows (low, high), the calibrated range, and the share of values inside."""

    tensor: str
    test: tuple[float, float]
    calibrated: tuple[float, float]
    inside: float


def select(training: Windows, count: int, seed: int = 0) -> Calibration:
    """Choose windows stratified by class and person.

    Classes get equal shares as far as they have windows; within a class people take turns.

    Raises:
        DataError: fewer training windows than classes, or a count below the number of classes or beyond `LARGEST`.
    """
    classes = len(training.labels)
    if count < classes:
        raise DataError(f"expected at least one calibration window per class ({classes}), got {count}")
    most = LARGEST // (training.x[:1].nbytes or 1)
    if count > most:
        raise DataError(f"expected at most {most:,} calibration windows, got {count:,}")
    if len(training) < classes:
        raise DataError(f"expected at least {classes} training windows to calibrate with, got {len(training)}")
    rng = np.random.default_rng(seed)
    queues = [_by_turns(training, label, rng) for label in range(classes)]
    chosen: list[int] = []
    while len(chosen) < min(count, len(training)):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    indices = tuple(sorted(chosen))
    x = np.ascontiguousarray(training.x[list(indices)])
    return Calibration(x, indices, "training people", sha256_bytes(x.astype("<f4").tobytes()))


def _by_turns(training: Windows, label: int, rng: np.random.Generator) -> list[int]:
    """A class's windows in an order in which people take turns."""
    queues = []
    for person in dict.fromkeys(training.subject.tolist()):
        own = np.flatnonzero((training.y == label) & (training.subject == person))
        if len(own):
            queues.append(rng.permutation(own).tolist())
    order: list[int] = []
    while queues:
        for queue in queues:
            order.append(queue.pop())
        queues = [queue for queue in queues if queue]
    return order


def from_file(path: str | Path, contract: Contract) -> Calibration:
    """Read calibration windows from a `.npy` of float32 (N, window, channels), in their units.

    Raises:
        DataError: no such file, another format, shape or data type, or samples that are not finite.
    """
    path = Path(path)
    shape = f"(N, {contract.window}, {len(contract.channels)})"
    if not path.exists():
        raise DataError(f"no such file: {path}; expected a number of windows or a .npy of {shape}")
    try:
        with open_regular(path, LARGEST, DataError) as stream:
            x = np.load(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"expected a .npy of {shape} float32, got {path} ({error})") from error
    if not isinstance(x, np.ndarray) or x.ndim != 3 or x.shape[1:] != contract.window_shape or not len(x):
        raise DataError(f"expected calibration windows of shape {shape}, got {getattr(x, 'shape', 'an archive')}")
    if x.dtype.kind != "f" or not np.isfinite(x).all():
        raise DataError(f"expected finite floating-point samples in {path}, got {x.dtype} or NaN")
    x = np.ascontiguousarray(x, np.float32)
    return Calibration(x, (), path.name, sha256_bytes(x.astype("<f4").tobytes()))


def coverage(float_model: bytes, int8_model: bytes, windows: NDArray[np.float32]) -> list[Coverage]:
    """Compare each activation's float range on these windows with the int8 model's calibrated range.

    Args:
        float_model, int8_model: `.tflite` of the same network.
        windows: float32 (N, window, channels); evenly spaced ones are used where there are many.
    Returns:
        one entry per activation in the order of the graph; empty where the two graphs differ in operators. Outputs of
        a softmax have no part in it: their range is 0 … 255/256 whatever the calibration saw.
    """
    reference, quantised = open_graph(float_model), open_graph(int8_model)
    step = max(1, len(windows) // COVERAGE_WINDOWS)
    detail = reference.get_input_details()[0]
    pairs = [pair for pair in match(reference, quantised) if pair.operator not in FIXED_RANGE]
    if not pairs:
        return []
    low = np.full(len(pairs), np.inf)
    high = np.full(len(pairs), -np.inf)
    inside = np.zeros(len(pairs))
    count = np.zeros(len(pairs))
    for window in windows[::step]:
        reference.set_tensor(detail["index"], window.reshape(detail["shape"]))
        reference.invoke()
        for row, pair in enumerate(pairs):
            bottom, top = pair.bounds
            values = reference.get_tensor(pair.reference)
            low[row] = min(low[row], values.min())
            high[row] = max(high[row], values.max())
            inside[row] += np.count_nonzero((values >= bottom) & (values <= top))
            count[row] += values.size
    return [
        Coverage(pair.name, (float(low[row]), float(high[row])), pair.bounds, float(inside[row] / count[row]))
        for row, pair in enumerate(pairs)
    ]
