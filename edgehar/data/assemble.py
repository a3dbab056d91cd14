"""From a loader's recordings in a set's own labels to a `Dataset`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgehar.channels import ACCELERATION, Channel
from edgehar.data.labels import in_vocabulary_order, mapping_for
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.errors import DataError


def fingerprint(recordings: Iterable[Recording], classes: Sequence[str]) -> str:
    """SHA-256 of samples, labels (by name), subjects and rates, whatever file they came from."""
    digest = hashlib.sha256("\0".join(classes).encode())
    for recording in recordings:
        digest.update(f"\0{recording.subject}\0{float(recording.rate_hz)!r}\0{len(recording)}\0".encode())
        digest.update(np.ascontiguousarray(recording.acc, "<f4").tobytes())
        digest.update(np.ascontiguousarray(recording.label, "<i2").tobytes())
    return digest.hexdigest()


def assemble(
    name: str,
    kind: str,
    recordings: Sequence[Recording],
    own_names: Sequence[str],
    *,
    overrides: Mapping[str, str] | None = None,
    published_test: tuple[str, ...] = (),
    findings: Mapping[str, int] | None = None,
    notes: Sequence[str] = (),
    channels: tuple[Channel, ...] = ACCELERATION,
) -> Dataset:
    """Name the labels, and number the classes in the order of `edgehar.data.labels`.

    Args:
        recordings: label codes index `own_names`.
        overrides: own label -> name, over the set's mapping; those that the set does not have do nothing.
        findings: what was dropped or broken, counted by reason.
        notes: what else a person should know, one line each.
    Raises:
        DataError: no sample that can be used.
    """
    findings = {reason: count for reason, count in (findings or {}).items() if count}
    notes = [*notes, *(f"{count} {reason}" for reason, count in findings.items())]
    if not any(len(recording) for recording in recordings):
        detail = f" ({'; '.join(notes)})" if notes else ""
        raise DataError(f"expected samples in {name}, got none that can be used{detail}; see: edgehar data check")
    mapping = mapping_for(kind, own_names, overrides)
    # A class that no sample has would only be an empty row in every table.
    used = set(np.unique(np.concatenate([np.unique(recording.label) for recording in recordings])).tolist())
    classes = in_vocabulary_order(mapping[own] for code, own in enumerate(own_names) if code in used)
    # One entry more than there are names: code -1 picks the last one, and stays unlabelled.
    codes = [classes.index(mapping[own]) if mapping[own] in classes else UNLABELLED for own in own_names]
    table = np.array([*codes, UNLABELLED], np.int16)
    mapped = tuple(replace(recording, label=table[recording.label]) for recording in recordings)
    return Dataset(
        name=name,
        recordings=mapped,
        classes=classes,
        published_test=published_test,
        sha256=fingerprint(mapped, classes),
        notes=tuple(notes),
        mapping={own: name for own, name in mapping.items() if name in classes},
        findings=findings,
        channels=channels,
    )
