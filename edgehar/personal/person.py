"""Which windows of a recording a person is learned from, and what is left to score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.data import Windows
from edgehar.errors import DataError
from edgehar.personal.adaptation import adapt
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile

#: A stretch of fewer windows is not taken: what was marked in passing is mostly the way there.
LEAST_WINDOWS = 3


def chosen_windows(
    path: Path, contract: Contract, windows: Windows, labels: Sequence[str] | None = None, each: int = 1
) -> NDArray[np.int64]:
    """Indices of the windows to learn from: of each label the most typical ones of its longest stretch.

    The most typical window is the one whose embedding lies nearest to those of all others, by the sum of the distances
    (the medoid): a step on the way to the stairs, or a turn on a landing, is in the stretch but not like it.

    Args:
        path: the int8 `.tflite` that makes the embeddings.
        windows: of one recording, or of one person.
        labels: those to take; all by default. One without a stretch of `LEAST_WINDOWS` windows is left out.
        each: windows of each label; each is the most typical one of its part of the stretch, in as many equal parts.
    """
    chosen: list[int] = []
    for code, label in enumerate(windows.labels):
        own = _longest_stretch(windows, np.flatnonzero(windows.y == code))
        if len(own) >= LEAST_WINDOWS and (labels is None or label in labels):
            embedded = embed(path, contract, windows.x[own])
            parts = np.array_split(np.arange(len(own)), min(each, len(own)))
            chosen += [int(own[part[_medoid(embedded[part])]]) for part in parts]
    return np.array(chosen, np.int64)


def _medoid(embeddings: NDArray[np.int8]) -> int:
    """The row with the least sum of Euclidean distances to all, the first of equals, of int8 (windows, inputs).

    Source: Kaufman and Rousseeuw, "Clustering by means of medoids", 1987.
    """
    rows = embeddings.astype(np.float64)  # whole numbers throughout, so that squares are exact
    lengths = (rows**2).sum(axis=1)
    # One row at a time: a night of lying is ten thousand windows, and all differences at once would be gigabytes.
    sums = [np.sqrt(lengths + own - 2 * (rows @ row)).sum() for row, own in zip(rows, lengths, strict=True)]
    return int(np.argmin(sums))


def _longest_stretch(windows: Windows, own: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most of these windows, int64 (W,), that follow one another in a recording; the first of several as long."""
    recording, start = windows.recording[own], windows.start[own]
    apart = (recording[1:] != recording[:-1]) | (np.diff(start) > windows.x.shape[1])
    return max(np.split(own, np.flatnonzero(apart) + 1), key=len)


def left_to_score(windows: Windows, used: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which windows share no sample with those that were learned from, bool (W,)."""
    length = windows.x.shape[1]
    free = np.ones(len(windows), bool)
    for index in used:
        same = windows.recording == windows.recording[index]
        free &= ~(same & (np.abs(windows.start - windows.start[index]) < length))
    return free


def learn(path: Path, contract: Contract, windows: Windows, used: NDArray[np.int64]) -> Profile:
    """The profile of a person for an int8 `.tflite`, its last layer fitted to the windows `used`.

    Raises:
        ContractError: a network that cannot be adapted.
        DataError: fewer than two activities, or more windows than the last layer has room for.
    """
    if len(set(windows.y[used].tolist())) < 2:
        raise DataError("expected windows of two activities or more to tell apart, got fewer; mark another one")
    return fit(path, contract, windows.x[used], windows.y[used])


def fit(path: Path, contract: Contract, x: NDArray[np.float32], y: NDArray[np.int64]) -> Profile:
    """The profile whose last layer is fitted to windows float32 (W, window, channels) of classes int64 (W,).

    Raises:
        ContractError: a network that cannot be adapted.
        DataError: no window, or more than the last layer has room for.
    """
    network = read_network(path)
    weights, bias = adapt(head_of(network), embed(path, contract, x), y)
    return Profile(network.sha256, None, weights, bias)
