"""Cutting windows that never cross a person, a recording, a label or a gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data.channels import take_channels
from edgehar.data.recording import Dataset, Recording, Windows
from edgehar.data.resampling import contract_parts, rate_ratio
from edgehar.errors import DataError


def runs(label: NDArray[np.int16]) -> NDArray[np.int64]:
    """Stretches of equal values: int64 (R, 2) of [start, stop)."""
    edges = np.flatnonzero(label[1:] != label[:-1]) + 1
    bounds = np.concatenate([[0], edges, [len(label)]]).astype(np.int64)
    return np.stack([bounds[:-1], bounds[1:]], axis=1) if len(label) else np.zeros((0, 2), np.int64)


def cut_windows(
    dataset: Dataset,
    contract: Contract,
    step: int | None = None,
    labels: Sequence[str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Windows:
    """Resample to the contract's rate, apply its front end and cut windows over stretches of one label.

    Samples without a label, and of classes that are not asked for, are left out; each stretch is cut
    from its first sample.

    Args:
        step: samples between the starts of windows at the contract's rate; `contract.train_step` if None.
        labels: classes wanted, and the order of `y`; `contract.labels` if None. HAPT's transitions may
            be named here.
        on_progress: called with (recordings done, recordings in all).
    Returns:
        Windows, possibly none. A recording with gaps gives parts named `name#1`, …; `start` counts
        samples of the resampled part.
    Raises:
        DataError: none of the labels or not all channels are in the data set, or a rate that cannot be resampled.
    """
    dataset = take_channels(dataset, contract.channels)
    step = contract.train_step if step is None else step
    if step < 1:
        raise DataError(f"expected a step of 1 sample or more, got {step}")
    wanted = tuple(contract.labels if labels is None else labels)
    if not set(wanted) & set(dataset.classes):
        raise DataError(
            f"expected a label among {', '.join(wanted)} in {dataset.name}, got "
            f"{', '.join(dataset.classes) or 'no label at all'}; map them with --label OWN=NAME"
        )
    code_of = {dataset.classes.index(name): index for index, name in enumerate(wanted) if name in dataset.classes}
    for rate in {recording.rate_hz for recording in dataset.recordings}:
        rate_ratio(rate, contract.rate_hz)
    places: list[tuple[Recording, int, int]] = []
    for done, recording in enumerate(dataset.recordings, 1):
        for even in contract_parts(recording, contract):
            for begin, end in runs(even.label):
                if int(even.label[begin]) not in code_of:
                    continue
                code = code_of[int(even.label[begin])]
                places += [(even, at, code) for at in range(int(begin), int(end) - contract.window + 1, step)]
        if on_progress is not None:
            on_progress(done, len(dataset.recordings))
    return Windows.cut(places, contract.window_shape, wanted)


def require_trainable(windows: Windows, labels: Sequence[str] | None = None) -> None:
    """Raise DataError unless there are at least as many windows as classes, and every class has one.

    Args:
        labels: those that must have windows; all of `windows.labels` if None.
    """
    if len(windows) < len(windows.labels):
        raise DataError(
            f"expected at least as many windows as classes, got {len(windows)} for {len(windows.labels)}: "
            "the labelled stretches are too few or shorter than a window"
        )
    needed = windows.labels if labels is None else labels
    empty = [label for label in needed if not (windows.y == windows.labels.index(label)).any()]
    if empty:
        raise DataError(f"expected windows of every class, got none of {', '.join(empty)}; leave it out of the labels")
