"""The windows that a benchmark runs on: people whom the model has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.bundle import Bundle
from edgehar.bundle.golden import read_golden
from edgehar.contract import Contract
from edgehar.data import Dataset, Windows, cut_windows, split
from edgehar.errors import DataError


@dataclass(frozen=True)
class TestSet:
    """Windows of the test people.

    Attributes:
        windows: what the runtimes are given.
        source: name of the data set.
        split: the rule that chose the people.
        available: test windows before a subset was drawn.
        expected: what the trained model says of each window, float32 (N, classes), where it is known beforehand.
        why: for the bundle's golden windows, the reason for taking them; they are too few for an accuracy.
    """

    __test__ = False  # not a pytest class, whatever its name

    windows: Windows
    source: str
    split: str
    available: int
    expected: NDArray[np.float32] | None = None
    why: str = ""

    @property
    def note(self) -> str:
        """One line on what the accuracy figures rest on."""
        if self.why:
            return (
                f"{len(self.windows)} golden windows of the bundle, so agreement with the trained model but no "
                f"accuracy ({self.why})"
            )
        people = len(set(self.windows.subject.tolist()))
        share = f"{len(self.windows)} windows"
        if len(self.windows) < self.available:
            share = f"a subset of {len(self.windows)} of {self.available} windows, stratified by class,"
        return f"{self.source}, {share} of {people} people not in training ({self.split} split)"


def golden_test_set(bundle: Bundle, why: str) -> TestSet:
    """The windows that a bundle carries, with the trained model's answers; needs nothing but the base install.

    Args:
        why: the reason for taking them, for the note.
    Raises:
        BundleError: none there, or changed since the export.
    """
    found = read_golden(bundle.file("golden.json"))
    labels = bundle.contract.labels
    windows = Windows(
        x=np.array([entry.window for entry in found.windows], np.float32),
        y=np.array([labels.index(entry.label) for entry in found.windows], np.int64),
        subject=np.array([entry.subject for entry in found.windows]),
        recording=np.array([entry.recording for entry in found.windows]),
        start=np.array([entry.start for entry in found.windows], np.int64),
        labels=labels,
    )
    expected = np.array([entry.probabilities for entry in found.windows], np.float32)
    return TestSet(windows, "golden", "golden", len(windows), expected, why)


def pick_test_set(
    dataset: Dataset, split_name: str, contract: Contract, limit: int | None, seed: int = 0, rule: str = ""
) -> TestSet:
    """Windows of the test people of a data set, all of them or a stratified subset.

    Args:
        split_name: as `edgehar.data.split` takes it.
        limit: draw about this many windows; None for all.
        rule: the split's name for the note, where it is not its own.
    Raises:
        DataError: no such split, or not a single window.
    """
    people = split(dataset, split_name, validation=0).test
    everything = cut_windows(dataset, contract).of_subjects(people)
    if not len(everything):
        raise DataError(f"expected windows of {contract.window} samples of the test people in {dataset.name}, got none")
    chosen = everything
    if limit is not None and limit < len(everything):
        chosen = everything.select(stratified(everything.y, limit, seed))
    return TestSet(chosen, dataset.name, rule or split_name, len(everything))


def stratified(y: NDArray[np.int64], limit: int, seed: int) -> NDArray[np.int64]:
    """Sorted indices of about `limit` items, every class in its share and with one item at least."""
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        count = max(1, round(limit * len(members) / len(y)))
        chosen.append(rng.permutation(members)[:count])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
