"""Truths that allow several of a model's labels: who was only seen on stairs went up them or down.

The probability of such a truth is the sum of its labels' probabilities, and its loss the negative logarithm of that
sum. A target therefore has one column for each of the model's labels and one for each coarser truth; mixing windows
and answers of teachers stay linear in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.evaluation.matching import Matching, match_labels

#: Label of the recordings -> labels of the model that it may mean.
Match = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Truth:
    """What a window's truth may be: one of the model's labels, or a coarser word for several of them.

    Attributes:
        labels: the model's.
        match: coarser word -> the labels that it allows.
    """

    labels: tuple[str, ...]
    match: Match

    @classmethod
    def of(cls, named: Sequence[str], match: Match) -> Truth:
        """Of the labels that recordings have.

        Raises:
            DataError: a word that the recordings do not have, or that allows what is not a label of the model.
        """
        absent = [word for word in match if word not in named]
        if absent:
            raise DataError(f"expected a label of the recordings to match, got {absent[0]!r}; have {', '.join(named)}")
        labels = tuple(name for name in named if name not in match)
        match_labels(labels, match)
        return cls(labels, match)

    @property
    def words(self) -> tuple[str, ...]:
        """Every truth: the model's labels, then the coarser words; the code of a truth is its index."""
        return (*self.labels, *self.match)

    @property
    def allowed(self) -> NDArray[np.float32]:
        """float32 (words, labels): 1 where a truth allows a label."""
        coarse = [[float(label in members) for label in self.labels] for members in self.match.values()]
        return np.array([*np.eye(len(self.labels)), *coarse], np.float32)

    def probabilities(self, predicted: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of every truth float32 (N, words) from those of the labels (N, labels)."""
        return predicted @ self.allowed.T if self.match else predicted

    def merged(self) -> tuple[Matching, NDArray[np.int64]]:
        """How to measure where any truth is coarse: the merged labels, and the one of each truth, int64 (words,)."""
        matching = match_labels(self.labels, self.match)
        return matching, np.array([matching.words[word] for word in self.words], np.int64)
