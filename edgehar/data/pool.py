"""Several sets as one: a small TOML file names them, and each person keeps the name of their set.

[[source]]
source = "motionsense:recordings/motionsense.npz"   # as --dataset takes it; a path is relative to this file

[[source]]
source = "wisdm2019"
name = "wisdm"                                       # of its people; the set's own name by default
labels = { C = "stairs" }                            # and any other option, as in DataSource
weight = 3                                           # how often training draws it, 1 by default
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import channels_text
from edgehar.data.assemble import fingerprint
from edgehar.data.catalogue import entry
from edgehar.data.labels import in_vocabulary_order
from edgehar.data.load import KINDS
from edgehar.data.options import read_toml
from edgehar.data.recording import UNLABELLED, Dataset, Windows
from edgehar.data.source import DataSource
from edgehar.errors import DataError

#: A set may be drawn so many times as often as another, and no more.
LARGEST_WEIGHT = 1000.0


@dataclass(frozen=True)
class Pooled:
    """A set of a list.

    Attributes:
        name: of its people; None for the set's own.
        weight: how often training draws it, next to sets of weight 1.
    """

    name: str | None
    source: DataSource
    weight: float = 1.0


def load_pool(path: Path, on_progress: Callable[[int, int], None] | None = None) -> Dataset:
    """The sets that a TOML file names, pooled.

    Args:
        on_progress: called with (sets read, sets in all).
    Raises:
        DataError: not such a file, or one of its sets cannot be read.
    """
    told = read_pool(path)
    parts: dict[str, Dataset] = {}
    weights: dict[str, float] = {}
    for done, listed in enumerate(told, 1):
        part = listed.source.open()
        name = listed.name or part.name
        if name in parts:
            raise DataError(f"expected a name of its own for each source in {path}, got {name!r} twice; add name = …")
        parts[name] = part
        if listed.weight != 1:
            weights[name] = listed.weight
        if on_progress is not None:
            on_progress(done, len(told))
    whole = pooled(path.stem, parts)
    notes = tuple(f"{name}: drawn {weight:g} times as often in training" for name, weight in weights.items())
    return replace(whole, weights=weights, notes=(*whole.notes, *notes))


def read_pool(path: Path) -> list[Pooled]:
    """Each set of the list; raises DataError where the file is none."""
    content = read_toml(path)
    listed = content.get("source")
    if set(content) != {"source"} or not isinstance(listed, list) or len(listed) < 2:
        raise DataError(f"expected two or more [[source]] and nothing else in {path}")
    return [_source(item, path) for item in listed]


def _source(item: object, path: Path) -> Pooled:
    if not isinstance(item, dict) or not isinstance(item.get("source"), str):
        raise DataError(f'expected source = "…" under each [[source]] in {path}')
    name, labels, weight = item.pop("name", None), item.pop("labels", {}), item.pop("weight", 1)
    if not isinstance(labels, dict) or not isinstance(name, str | None) or (name is not None and not name.strip()):
        raise DataError(f'expected name = "…" and labels = {{ own = "name" }} under [[source]] in {path}')
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not math.isfinite(weight) or not 1 / LARGEST_WEIGHT <= weight <= LARGEST_WEIGHT:
        raise DataError(f"expected a weight of 0.001 to 1000 under [[source]] in {path}, got {weight!r}")
    source = DataSource.from_dict({**item, "labels": list(labels.items())}, str(path))
    return Pooled(name, replace(source, source=_placed(source.source, path.parent)), float(weight))


def _placed(text: str, folder: Path) -> str:
    """A source whose path is relative to the pool's file, as seen from where the program runs."""
    prefix, colon, rest = text.partition(":")
    told = bool(colon) and prefix in KINDS
    if not told and (text == "hapt" or entry(text) is not None):
        return text
    place = str(folder / Path(rest if told else text).expanduser())
    return f"{prefix}:{place}" if told else place


def pooled(name: str, parts: Mapping[str, Dataset]) -> Dataset:
    """One data set of several; people and recordings get the name of their set in front.

    Args:
        parts: name -> data set.
    Raises:
        DataError: their channels differ.
    """
    channels = {part.channels for part in parts.values()}
    if len(channels) > 1:
        told = "; ".join(f"{own}: {channels_text(part.channels)}" for own, part in parts.items())
        raise DataError(f"expected the same channels in every set of a pool, got {told}")
    classes = in_vocabulary_order(label for part in parts.values() for label in part.classes)
    recordings = []
    for own, part in parts.items():
        codes = np.array([*(classes.index(label) for label in part.classes), UNLABELLED], np.int16)
        recordings += [
            replace(one, name=f"{own}/{one.name}", subject=f"{own}:{one.subject}", label=codes[one.label])
            for one in part.recordings
        ]
    return Dataset(
        name=name,
        recordings=tuple(recordings),
        classes=classes,
        published_test=tuple(f"{own}:{person}" for own, part in parts.items() for person in part.published_test),
        sha256=fingerprint(recordings, classes),
        notes=tuple(f"{own}: {note}" for own, part in parts.items() for note in part.notes),
        mapping={f"{own}: {word}": label for own, part in parts.items() for word, label in part.mapping.items()},
        findings={f"{own}: {reason}": count for own, part in parts.items() for reason, count in part.findings.items()},
        sources={f"{own}:{person}": own for own, part in parts.items() for person in part.subjects},
        channels=channels.pop(),
    )


def balance(
    windows: Windows, sources: Mapping[str, str], weights: Mapping[str, float] | None = None
) -> NDArray[np.float64] | None:
    """Chance float64 (W,) of each window to be drawn, so that every class of every set comes equally often.

    Args:
        sources: person -> set; empty where the recordings are of one set, which gives None.
        weights: set -> how many times as often its classes come; 1 where it is not named.
    """
    if not sources or not len(windows):
        return None
    sets: Sequence[str] = sorted(set(sources.values()))
    people, index = np.unique(windows.subject, return_inverse=True)
    of_person = np.array([sets.index(sources[str(person)]) for person in people])
    cell = of_person[index] * len(windows.labels) + windows.y
    weight = np.array([(weights or {}).get(name, 1.0) for name in sets])
    chance = weight[of_person[index]] / np.bincount(cell)[cell]
    return np.asarray(chance / chance.sum())
