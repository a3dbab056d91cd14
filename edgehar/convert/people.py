"""Which people a model was trained on, so that no export measures itself on them."""

from __future__ import annotations

from pathlib import Path

from edgehar.data import Dataset, Split, split
from edgehar.models import read_origin
from edgehar.models.origin import Origin


def training_split(model: Path, dataset: Dataset, name: str | None) -> Split:
    """The split that a model was trained with.

    Args:
        model: see `edgehar.models.read_origin`.
        name: a split asked for by name, which wins; see `edgehar.data.split`.
    Returns:
        the recorded split where the manifest speaks of this data set, else the published one. A model that was
        trained on everybody (`--split none`) has no test people.
    Raises:
        DataError: no such split, or none to fall back on.
    """
    if name is not None:
        return split(dataset, name, validation=0)
    origin = own_origin(model, dataset)
    if origin is not None:
        return Split(origin.train, origin.validation, origin.test)
    return split(dataset, "published", validation=0)


def own_origin(model: Path, dataset: Dataset) -> Origin | None:
    """What a model says of its training on these recordings; None where it was trained on others, or does not say."""
    origin = read_origin(model)
    return origin if origin is not None and origin.sha256 == dataset.sha256 else None
