"""What a model was trained on: the one reader of the manifests that `train` and `export` leave beside a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from edgehar import files
from edgehar.data import Dataset, DataSource
from edgehar.errors import DataError, EdgeharError
from edgehar.schema import convert, read_json

MANIFEST = "manifest.json"

#: Begins the entry `format` of a bundle's manifest; a training manifest has none.
_BUNDLE = "edgehar-bundle-"


class _Hashed(msgspec.Struct, frozen=True):
    sha256: str | None = None


class _Data(msgspec.Struct, frozen=True):
    name: str
    sha256: str


class _People(msgspec.Struct, frozen=True):
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


class _Augmentation(msgspec.Struct, frozen=True):
    turn: str = ""


class _Recipe(msgspec.Struct, frozen=True):
    augmentation: _Augmentation = _Augmentation()


class _Plan(msgspec.Struct, frozen=True):
    data: dict[str, Any] = {}
    recipe: _Recipe = _Recipe()


class _Training(msgspec.Struct, frozen=True):
    """What `train` writes, as far as it is read again."""

    data: _Data
    subjects: _People
    plan: _Plan = _Plan()
    model: _Hashed = _Hashed()
    temperature: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def speaks_of(self, model: Path) -> bool:
        return model.is_dir() or _is_hash_of(model, self.model.sha256)

    def origin_at(self, place: Path) -> Origin:
        return Origin(
            place=place,
            dataset=self.data.name,
            sha256=self.data.sha256,
            source=_source(self.plan.data, self.data.name, place),
            train=self.subjects.train,
            validation=self.subjects.validation,
            test=self.subjects.test,
            temperature=self.temperature,
            turn=self.plan.recipe.augmentation.turn,
        )


class _Made(msgspec.Struct, frozen=True):
    dataset: str
    dataset_sha256: str
    training_people: tuple[str, ...]
    test_people: tuple[str, ...]
    dataset_source: dict[str, Any] | None = None


class _Bundle(msgspec.Struct, frozen=True):
    """What `export` writes, as far as it is read for a model's origin."""

    origin: _Made
    files: dict[str, _Hashed]

    def speaks_of(self, model: Path) -> bool:
        return model.is_dir() or _is_hash_of(model, self.files.get(model.name, _Hashed()).sha256)

    def origin_at(self, place: Path) -> Origin:
        return Origin(
            place=place,
            dataset=self.origin.dataset,
            sha256=self.origin.dataset_sha256,
            source=_source(self.origin.dataset_source, self.origin.dataset, place),
            train=self.origin.training_people,
            validation=(),
            test=self.origin.test_people,
        )


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
        turn: axes about which training turned half of the windows over.
    """

    place: Path
    dataset: str
    sha256: str
    source: DataSource | None
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    temperature: float | None = None
    turn: str = ""

    def trained_on(self, dataset: Dataset) -> tuple[str, ...]:
        """The people of this data set whom the model saw in training; none where it is another data set."""
        return self.train + self.validation if dataset.sha256 == self.sha256 else ()


def read_origin(model: Path) -> Origin | None:
    """What the manifest beside a model says.

    Args:
        model: a model file, shipped, in a run's folder or in a bundle; or a bundle's folder.
    Returns:
        None where there is no manifest, or only one of another model or another program.
    Raises:
        EdgeharError: a manifest of ours that cannot be read.
    """
    places = [model / MANIFEST] if model.is_dir() else [model.with_suffix(".json"), model.parent / MANIFEST]
    for place in places:
        if not place.exists():
            continue
        value = read_json(place, object)
        kind = _kind(value)
        if kind is None:
            continue
        try:
            manifest = convert(value, kind, str(place))
            if manifest.speaks_of(model):
                return manifest.origin_at(place)
        except EdgeharError as error:
            raise EdgeharError(f"{error}; move it away, or make the model again") from error
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


def _kind(value: object) -> type[_Training] | type[_Bundle] | None:
    """Whose manifest it is; None for any other JSON that may lie beside a model."""
    if not isinstance(value, dict):
        return None
    if str(value.get("format", "")).startswith(_BUNDLE):
        return _Bundle
    return _Training if value.keys() >= {"data", "subjects"} else None


def _source(stored: dict[str, object] | None, name: str, place: Path) -> DataSource | None:
    """The stored source; where there is none, the name serves for the set that ships."""
    if not stored:
        return DataSource("hapt") if name == "hapt" else None
    return DataSource.from_dict(stored, str(place))


def _is_hash_of(model: Path, told: str | None) -> bool:
    """Whether a hash is the model's; where none is told, the manifest's place decides."""
    return told is None or not model.is_file() or told == files.sha256_file(model)
