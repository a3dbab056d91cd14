"""Recordings turned so that gravity while walking has one direction for all: each by its own first walking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION
from edgehar.contract import DIRECTION_ONE, WALKING_RATE_HZ, Contract
from edgehar.data import Dataset, Recording, resample, split_at_gaps
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.personal.alignment import shortest_turn, walking_gravity

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
        if item.subject in people and (vector := _gravity(item)) is not None
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
    with other channels than x, y and z of the acceleration."""
    if contract.front_end != "none" or contract.rate_hz != WALKING_RATE_HZ or contract.channels != ACCELERATION:
        return None
    return usual_gravity(dataset, people)


def _gravity(recording: Recording) -> NDArray[np.int64] | None:
    """Gravity while walking in a recording, by the first of its parts between gaps that walks."""
    parts = (resample(part, WALKING_RATE_HZ).acc for part in split_at_gaps(recording))
    return next((found for part in parts if (found := walking_gravity(part)) is not None), None)


def align_recordings(dataset: Dataset, target: Sequence[int]) -> tuple[Dataset, tuple[str, ...]]:
    """Each recording by the rotation that its first walking tells, as a device with that profile would see it.

    Args:
        dataset: at 20 Hz, without gaps.
        target: where gravity is to be; see `usual_gravity`.
    Returns:
        the recordings, and the names of those without walking, which stay as they are.
    """
    turned, left = [], []
    for item in dataset.recordings:
        gravity = walking_gravity(item.acc)
        if gravity is None:
            left.append(item.name)
            turned.append(item)
        else:
            turned.append(replace(item, acc=from_q8(rotate(to_q8(item.acc), shortest_turn(gravity, target)))))
    return replace(dataset, recordings=tuple(turned)), tuple(left)
