"""Several sets as one: a small TOML file names them, and each person keeps the name of their set.

[[source]]
source = "motionsense:recordings/motionsense.npz"   # as --dataset takes it; a path is relative to this file

[[source]]
source = "wisdm2019"
name = "wisdm"                                       # of its people; the set's own name by default
labels = { C = "stairs" }                            # and any other option, as in DataSource
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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


def load_pool(path: Path, on_progress: Callable[[int, int], None] | None = None) -> Dataset:
    """The sets that a TOML file names, pooled.

    Args:
        on_progress: called with (sets read, sets in all).
    Raises:
        DataError: not such a file, or one of its sets cannot be read.
    """
    told = read_pool(path)
    parts: dict[str, Dataset] = {}
    for done, (name, source) in enumerate(told, 1):
        part = source.open()
        name = name or part.name
        if name in parts:
            raise DataError(f"expected a name of its own for each source in {path}, got {name!r} twice; add name = …")
        parts[name] = part
        if on_progress is not None:
            on_progress(done, len(told))
    return pooled(path.stem, parts)


def read_pool(path: Path) -> list[tuple[str | None, DataSource]]:
    """Name, where one is told, and source of each set; raises DataError where the file is no such list."""
    content = read_toml(path)
    listed = content.get("source")
    if set(content) != {"source"} or not isinstance(listed, list) or len(listed) < 2:
        raise DataError(f"expected two or more [[source]] and nothing else in {path}")
    return [_source(item, path) for item in listed]


def _source(item: object, path: Path) -> tuple[str | None, DataSource]:
    if not isinstance(item, dict) or not isinstance(item.get("source"), str):
        raise DataError(f'expected source = "…" under each [[source]] in {path}')
    name, labels = item.pop("name", None), item.pop("labels", {})
    if not isinstance(labels, dict) or not isinstance(name, str | None) or (name is not None and not name.strip()):
        raise DataError(f'expected name = "…" and labels = {{ own = "name" }} under [[source]] in {path}')
    source = DataSource.from_dict({**item, "labels": list(labels.items())}, str(path))
    return name, replace(source, source=_placed(source.source, path.parent))


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


def balance(windows: Windows, sources: Mapping[str, str]) -> NDArray[np.float64] | None:
    """Chance float64 (W,) of each window to be drawn, so that every class of every set comes equally often.

    Args:
        sources: person -> set; empty where the recordings are of one set, which gives None.
    """
    if not sources or not len(windows):
        return None
    sets: Sequence[str] = sorted(set(sources.values()))
    people, index = np.unique(windows.subject, return_inverse=True)
    of_person = np.array([sets.index(sources[str(person)]) for person in people])
    cell = of_person[index] * len(windows.labels) + windows.y
    chance = 1 / np.bincount(cell)[cell]
    return np.asarray(chance / chance.sum())
