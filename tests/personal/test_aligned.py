"""Recordings that are turned by their own walking."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.data import Dataset, Recording
from edgehar.errors import DataError
from edgehar.personal.aligned import align_recordings, usual_gravity


def walk(name: str, subject: str, turn: np.ndarray) -> Recording:
    """20 s upright, walking at 2 Hz, in a phone that is turned."""
    t = np.arange(400) / 20
    acc = np.column_stack([9.8 + 3 * np.sin(12.6 * t), 0.5 * np.sin(6.3 * t), np.zeros(400)]) @ turn.T
    return Recording(name, subject, t, acc.astype(np.float32), np.zeros(400, np.int16), 20.0)


def about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def test_the_turn_of_the_phone_is_undone():
    upright = [walk(f"r{number}", f"p{number}", np.eye(3)) for number in range(3)]
    still = Recording(
        "still", "p9", np.arange(400) / 20, np.full((400, 3), 5.0, np.float32), np.zeros(400, np.int16), 20.0
    )
    dataset = Dataset("walks", (*upright, walk("tilted", "p3", about_z(0.3)), still), ("walking",))
    target = usual_gravity(dataset, ("p0", "p1", "p2"))
    assert np.abs(target - [16384, 0, 0]).max() < 200
    aligned, left = align_recordings(dataset, target)
    assert left == ("still",) and aligned.recordings[4] is still
    apart = np.abs(dataset.recordings[3].acc - upright[0].acc).max()
    assert apart > 2 and np.abs(aligned.recordings[3].acc - aligned.recordings[0].acc).max() < 0.05
    with pytest.raises(DataError, match="somebody walks for 8 s"):
        usual_gravity(dataset, ("p9",))
