"""Where recordings and model do not use the same words: a coarser truth matches several of the model's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError


@dataclass(frozen=True)
class Matching:
    """Which outputs of a model stand for which label in the figures.

    Attributes:
        labels: of the figures, in the order of the model's outputs.
        output: int64 (outputs,), index into `labels` of each output of the model.
        words: label of the recordings -> index into `labels`: the labels themselves, and what they were merged from.
    """

    labels: tuple[str, ...]
    output: NDArray[np.int64]
    words: Mapping[str, int]

    def merge(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities float32 (N, labels) from the model's (N, outputs): those of merged outputs are summed."""
        if len(self.labels) == len(self.output):
            return probabilities
        merged = np.zeros((len(probabilities), len(self.labels)), np.float32)
        for column, index in enumerate(self.output):
            merged[:, index] += probabilities[:, column]
        return merged


def match_labels(outputs: Sequence[str], groups: Mapping[str, Sequence[str]] | None = None) -> Matching:
    """Merge labels of a model.

    Args:
        outputs: the model's labels.
        groups: label of the recordings -> labels of the model that it may mean. The merged label stands where the
            first of them stood.
    Raises:
        DataError: an unknown label of the model, one in two groups, or a group with the name of a label outside of it.
    """
    group_of: dict[str, str] = {}
    for name, members in (groups or {}).items():
        for member in members:
            if member not in outputs:
                raise DataError(
                    f"expected labels of the model in {name}={','.join(members)}, got {member!r}; it has: "
                    f"{', '.join(outputs)}"
                )
            if member in group_of:
                raise DataError(f"expected {member!r} in one match, got it twice")
            group_of[member] = name
        if name in outputs and name not in members:
            raise DataError(f"expected {name!r} itself in {name}={','.join(members)}, since the model has that label")
    labels = tuple(dict.fromkeys(group_of.get(label, label) for label in outputs))
    output = np.array([labels.index(group_of.get(label, label)) for label in outputs], np.int64)
    words = {label: index for index, label in enumerate(labels)}
    return Matching(labels, output, words | {label: int(index) for label, index in zip(outputs, output, strict=True)})
