"""Recordings turned so that gravity while walking has one direction for all: each by its own first walking."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgehar.data import Dataset
from edgehar.errors import DataError
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.personal.alignment import shortest_turn, walking_gravity


def usual_gravity(dataset: Dataset, people: Collection[str]) -> NDArray[np.int64]:
    """Gravity while walking of these people, int64 (3,) of length 2^14: the mean direction of their recordings.

    Args:
        dataset: at 20 Hz, without gaps.
    Raises:
        DataError: nobody walks for 8 s.
    """
    found = [walking_gravity(item.acc) for item in dataset.recordings if item.subject in people]
    known = [vector / np.linalg.norm(vector) for vector in found if vector is not None]
    if not known:
        raise DataError("expected recordings in which somebody walks for 8 s to align by, got none")
    mean = np.mean(known, axis=0)
    usual: NDArray[np.int64] = np.round(mean / np.linalg.norm(mean) * (1 << 14)).astype(np.int64)
    return usual


def align_recordings(dataset: Dataset, target: NDArray[np.int64]) -> tuple[Dataset, tuple[str, ...]]:
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
