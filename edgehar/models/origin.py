"""What a model was trained on: the one reader of the manifests that `train` and `export` leave beside a model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehar import files
from edgehar.data import Dataset, DataSource
from edgehar.errors import DataError, EdgeharError

MANIFEST = "manifest.json"

#: Begins the entry `format` of a bundle's manifest; a training manifest has none.
_BUNDLE = "edgehar-bundle-"


@dataclass(frozen=True)
class Origin:
    """What stands in a training manifest, or in a bundle's, on the recordings that made a model.

    Attributes:
        place: the manifest.
        dataset: name of the data set.
        sha256: of its samples, labels and people; see `Dataset.sha256`.
        source: where it was read from and how, None where only the name is known.
        train, validation, test: people of each part. A bundle does not tell the first two apart.
        temperature: fitted on validation people, None where it was not.
    """

    place: Path
    dataset: str
    sha256: str
    source: DataSource | None
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    temperature: float | None = None

    def trained_on(self, dataset: Dataset) -> tuple[str, ...]:
        """The people of this data set whom the model saw in training; none where it is another data set."""
        return self.train + self.validation if dataset.sha256 == self.sha256 else ()


def read_origin(model: Path) -> Origin | None:
    """What the manifest beside a model says.

    Args:
        model: a model file, shipped, in a run's folder or in a bundle; or a bundle's folder.
    Returns:
        None where there is no manifest, a damaged one, or one of another model.
    """
    places = [model / MANIFEST] if model.is_dir() else [model.with_suffix(".json"), model.parent / MANIFEST]
    for place in places:
        try:
            manifest = files.read_json(place)
            if not isinstance(manifest, dict) or not _speaks_of(manifest, model):
                continue
            return _of_bundle(manifest, place) if _is_bundle(manifest) else _of_training(manifest, place)
        except (EdgeharError, KeyError, TypeError, ValueError, AttributeError):
            continue
    return None


def open_recordings(
    model: Path,
    given: DataSource | Dataset | None = None,
    read: Callable[[DataSource], Dataset] = DataSource.open,
) -> Dataset:
    """The recordings that a model is measured on: those that are given, else those of its own manifest.

    Args:
        model: as in `read_origin`.
        given: what the user asked for.
        read: opens a source, for those who show progress.
    Raises:
        DataError: nothing given, and the model's own recordings are not known, not there, or no longer the same.
    """
    if isinstance(given, Dataset):
        return given
    if given is not None:
        return read(given)
    origin = read_origin(model)
    if origin is None:
        raise DataError(
            f"expected recordings: there is no manifest of {model} that says what it was trained on; "
            "name them with --dataset (--dataset hapt for the shipped ones)"
        )
    if origin.source is None:
        raise DataError(
            f"expected recordings: {origin.place} names {origin.dataset!r} but not where it is; name it with --dataset"
        )
    try:
        dataset = read(origin.source)
    except DataError as error:
        raise DataError(
            f"expected the model's training recordings, {origin.source.source}, as {origin.place} says: {error}; "
            "name others with --dataset"
        ) from error
    if dataset.sha256 != origin.sha256:
        raise DataError(
            f"expected in {origin.source.source} the recordings of the model's training (SHA-256 "
            f"{origin.sha256[:12]}… in {origin.place}), got others ({dataset.sha256[:12]}…); if they are meant, give "
            f"--dataset {origin.source.source}"
        )
    return dataset


def _is_bundle(manifest: dict[str, Any]) -> bool:
    return str(manifest.get("format", "")).startswith(_BUNDLE)


def _speaks_of(manifest: dict[str, Any], model: Path) -> bool:
    """Whether it is this model's manifest, by the hash that it gives; where it gives none, its place decides."""
    if model.is_dir():
        return True
    entry = manifest["files"].get(model.name, {}) if _is_bundle(manifest) else manifest.get("model", {})
    told = entry.get("sha256")
    return told is None or not model.is_file() or told == files.sha256_file(model)


def _of_training(manifest: dict[str, Any], place: Path) -> Origin:
    data, parts, fitted = manifest["data"], manifest["subjects"], manifest.get("temperature")
    usable = isinstance(fitted, float) and math.isfinite(fitted) and fitted > 0
    return Origin(
        place=place,
        dataset=_text(data["name"]),
        sha256=_text(data["sha256"]),
        source=_source(manifest.get("plan", {}).get("data") or None, data["name"], place),
        train=_people(parts["train"]),
        validation=_people(parts["validation"]),
        test=_people(parts["test"]),
        temperature=fitted if usable else None,
    )


def _of_bundle(manifest: dict[str, Any], place: Path) -> Origin:
    told = manifest["origin"]
    return Origin(
        place=place,
        dataset=_text(told["dataset"]),
        sha256=_text(told["dataset_sha256"]),
        source=_source(told.get("dataset_source"), told["dataset"], place),
        train=_people(told["training_people"]),
        validation=(),
        test=_people(told["test_people"]),
    )


def _source(stored: Any, name: str, place: Path) -> DataSource | None:
    """The stored source; where there is none, the name serves for the set that ships."""
    if stored is None:
        return DataSource("hapt") if name == "hapt" else None
    return DataSource.from_dict(stored, str(place))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _people(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_text(name) for name in value)
