"""Recordings turned so that gravity while walking has one direction for all: each by its own first walking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import Channel, acceleration_at, alignable, channels_text
from edgehar.contract import DIRECTION_ONE, WALKING_RATE_HZ, Contract
from edgehar.data import Dataset, Recording, resample, split_at_gaps, whole_name
from edgehar.errors import DataError
from edgehar.front_end import SamplePath
from edgehar.personal.alignment import require_alignable, shortest_turn, walking_gravity

#: Which recordings of a training are turned: none, all, or those of the people who are measured; `both` trains on
#: recordings as they are and on turned copies of them, and measures as recorded.
ALIGN = ("none", "all", "measured", "both")

#: How far recordings must agree on gravity's direction while walking, as the length of the mean of their directions of
#: length 1: 0.95 is a typical angle of 18° to the mean. HAPT's waists have 0.98; wrists (0.89) and pockets into which
#: phones go either way (0.93) have no usual direction.
LEAST_AGREEMENT = 0.95


def usual_gravity(dataset: Dataset, people: Collection[str]) -> tuple[int, int, int] | None:
    """Gravity while walking of these people, of length 2^14: the mean direction of their recordings.

    Args:
        dataset: at any rate; parts of a recording between gaps count once.
    Returns:
        None where nobody walks for 8 s, or where the directions agree by less than `LEAST_AGREEMENT`.
    """
    found = [
        vector / np.linalg.norm(vector)
        for item in dataset.recordings
        if item.subject in people and (vector := _first(_even(item), dataset.channels)) is not None
    ]
    if not found:
        return None
    mean = np.mean(found, axis=0)
    agreement = float(np.linalg.norm(mean))
    if agreement < LEAST_AGREEMENT:
        return None
    x, y, z = np.round(mean / agreement * DIRECTION_ONE).astype(np.int64).tolist()
    return x, y, z


def contract_gravity(dataset: Dataset, people: Collection[str], contract: Contract) -> tuple[int, int, int] | None:
    """What a model that is trained on these people says of gravity while walking; None behind a front end and
    with channels that the acceleration cannot turn."""
    if contract.front_end != "none" or contract.rate_hz != WALKING_RATE_HZ or not alignable(contract.channels):
        return None
    return usual_gravity(dataset, people)


class NoWalking(DataError):
    """There is no walking to align by."""


@dataclass(frozen=True)
class Aligned:
    """Recordings that are turned by their own walking.

    Attributes:
        dataset: at `WALKING_RATE_HZ`, in parts between gaps.
        rotations: recording -> 3 × 3 in Q14, row by row.
        left: recordings without walking, which stay as they are.
    """

    dataset: Dataset
    rotations: dict[str, tuple[int, ...]]
    left: tuple[str, ...]

    def note(self) -> str:
        """How many were aligned and which were not, in one line."""
        whole = len(self.rotations) + len(self.left)
        names = f"{', '.join(self.left[:6])}{', …' if len(self.left) > 6 else ''}"
        without = f"; nobody walks for 8 s in the others ({names}), which stay as they are" if self.left else ""
        return f"aligned {len(self.rotations)} of {whole} recordings by their own first walking{without}"


def align_recordings(dataset: Dataset, target: Sequence[int], people: Collection[str] | None = None) -> Aligned:
    """Each recording by the rotation that its first walking tells, as a device with that profile would see it.

    Args:
        dataset: at any rate; parts of a recording between gaps are turned alike, and so are all recordings of somebody
            whose recordings hold one activity each, as in MotionSense: no other could be, but those of walking.
        target: where gravity is to be; see `usual_gravity`.
        people: those whose recordings are turned; all by default. Those of others stay as they are.
    Raises:
        NoWalking: in no recording.
        DataError: a rate that cannot be resampled.
    """
    rotations: dict[str, tuple[int, ...]] = {}
    left: dict[str, None] = {}
    turned: dict[int, tuple[Recording, ...]] = {}
    for items in _units([item for item in dataset.recordings if people is None or item.subject in people]):
        parts = {id(item): tuple(_even(item)) for item in items}
        gravity = _first([part for several in parts.values() for part in several], dataset.channels)
        names = dict.fromkeys(whole_name(item.name) for item in items)
        if gravity is None:
            left |= names
        else:
            rotation = shortest_turn(gravity, target)
            rotations |= dict.fromkeys(names, rotation)
            parts = {
                key: tuple(_turned(part, rotation, dataset.channels) for part in several)
                for key, several in parts.items()
            }
        turned |= parts
    if not rotations:
        raise NoWalking("expected recordings in which somebody walks for 8 s, to align by, got none")
    whole = tuple(part for item in dataset.recordings for part in turned.get(id(item), (item,)))
    return Aligned(replace(dataset, recordings=whole), rotations, tuple(left))


def align_some(
    which: str, dataset: Dataset, contract: Contract, measured: Collection[str]
) -> tuple[Dataset, tuple[str, ...]]:
    """Recordings as one of `ALIGN` says, and those that were to be turned and in which nobody walks.

    Args:
        measured: people whom nothing is trained on.
    Raises:
        DataError: a contract that knows no direction to align to, or no walking.
    """
    if which == "none":
        return dataset, ()
    others = set(dataset.subjects) - set(measured)
    people = {"all": None, "measured": measured, "both": others}[which]
    found = align_recordings(dataset, require_alignable(contract), people)
    if which != "both":
        return found.dataset, found.left
    copies = tuple(
        replace(item, name=f"aligned {item.name}")
        for item in found.dataset.recordings
        if item.subject in others and whole_name(item.name) in found.rotations
    )
    return replace(dataset, recordings=dataset.recordings + copies), found.left


def _units(recordings: Sequence[Recording]) -> list[list[Recording]]:
    """What is turned alike."""
    found: dict[tuple[str, str], list[Recording]] = {}
    for item in recordings:
        found.setdefault((item.subject, whole_name(item.name)), []).append(item)
    several = {subject for (subject, _), items in found.items() if _activities(items) > 1}
    units: dict[tuple[str, str], list[Recording]] = {}
    for (subject, name), items in found.items():
        units.setdefault((subject, name if subject in several else ""), []).extend(items)
    return list(units.values())


def _activities(recordings: Sequence[Recording]) -> int:
    labels = np.concatenate([item.label for item in recordings])
    return len(np.unique(labels[labels >= 0]))


def _even(recording: Recording) -> list[Recording]:
    """Parts between gaps at `WALKING_RATE_HZ`."""
    return [resample(part, WALKING_RATE_HZ) for part in split_at_gaps(recording)]


def _turned(part: Recording, rotation: Sequence[int], channels: Sequence[Channel]) -> Recording:
    """Every sensor's x, y and z turned alike."""
    path = SamplePath("none", rotation, channels=channels)
    return replace(part, acc=path.leave(path.enter(part.acc)))


def _first(parts: Sequence[Recording], channels: Sequence[Channel]) -> NDArray[np.int64] | None:
    """Gravity while walking, by the acceleration of the first of these parts that walks."""
    at = acceleration_at(channels)
    if at is None:
        raise DataError(
            f"expected x, y and z of the acceleration to align by, got the channels {channels_text(channels)}"
        )
    whole = slice(at, at + 3)
    return next((found for part in parts if (found := walking_gravity(part.acc[:, whole])) is not None), None)
