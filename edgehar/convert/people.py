"""Which people a model was trained on, so that no export measures itself on them."""

from __future__ import annotations

import json
from pathlib import Path

from edgehar.data import Dataset, Split, split


def training_split(model: Path, dataset: Dataset, name: str | None) -> Split:
    """The split that a model was trained with.

    Args:
        model: a `.keras`; `train` leaves its manifest beside it (`manifest.json`, or NAME.json for a
            shipped one) with the people of each part.
        name: a split asked for by name, which wins; see `edgehar.data.split`.
    Returns:
        the recorded split where the manifest speaks of this data set, else the published one.
    Raises:
        DataError: no such split, or none to fall back on.
    """
    if name is not None:
        return split(dataset, name, validation=0)
    for place in (model.with_suffix(".json"), model.parent / "manifest.json"):
        recorded = _read(place, dataset)
        if recorded is not None:
            return recorded
    return split(dataset, "published", validation=0)


def _read(place: Path, dataset: Dataset) -> Split | None:
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
        if manifest["data"]["sha256"] != dataset.sha256:
            return None
        parts = manifest["subjects"]
        return Split(tuple(parts["train"]), tuple(parts["validation"]), tuple(parts["test"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
