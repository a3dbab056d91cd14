"""Walking is told from the rest, and the rotation puts gravity where it is wanted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.data import resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.errors import DataError
from edgehar.front_end import rotate, to_q8
from edgehar.personal.alignment import shortest_turn, walking_gravity, walks

PART = st.integers(-9000, 9000)
DIRECTION = st.tuples(PART, PART, PART).filter(lambda v: sum(x * x for x in v) > 500**2)


@settings(deadline=None, max_examples=300)
@given(DIRECTION, DIRECTION)
def test_the_turn_is_a_rotation_and_lands(source, target):
    _check(np.array(source), np.array(target))


@pytest.mark.parametrize("target", [(0, 9000, 0), (1, 2, -9000), (-5000, 5000, 5000)])
@pytest.mark.parametrize("off", [0, 3, 150, 300])
def test_upside_down(target, off):
    _check(-np.array(target) + [off, -off, 0], np.array(target))


def _check(source, target):
    turn = np.array(shortest_turn(source, target)).reshape(3, 3) / 16384
    assert np.abs(turn @ turn.T - np.eye(3)).max() < 1e-3 and np.linalg.det(turn) == pytest.approx(1, abs=1e-3)
    landed = turn @ (source / np.linalg.norm(source))
    assert np.abs(landed - target / np.linalg.norm(target)).max() < (2.5e-2 if source @ target < 0 else 1e-3)


def test_no_direction_is_refused():
    with pytest.raises(DataError, match="direction of gravity"):
        shortest_turn(np.zeros(3, np.int64), np.array([0, 1, 0]))


def test_rest_and_noise_do_not_walk():
    rng = np.random.default_rng(2)
    assert walking_gravity(np.float32(rng.normal((0, 9.8, 0), 0.2, (400, 3)))) is None
    assert not any(walks(to_q8(np.float32(rng.normal((0, 9.8, 0), 2, (80, 3))))) for _ in range(50))
    steps = 9.8 + 3 * np.sin(np.arange(400) * 2 * np.pi / 10)
    assert walking_gravity(np.float32(np.stack([0 * steps, steps, 0 * steps], axis=1))) is not None


def test_real_recordings_agree_with_their_walking():
    """The angle between what is found and the mean of all that is labelled walking; people of HAPT's training part."""
    data = load_hapt()
    code, angles = data.classes.index("walking"), []
    for recording in data.recordings:
        if recording.subject in data.published_test or len(angles) == 12:
            continue
        even = resample(recording, 20.0)
        found = walking_gravity(even.acc)
        assert found is not None, recording.name
        mean = even.acc[even.label == code].mean(axis=0)
        angles.append(np.degrees(np.arccos(found @ mean / np.linalg.norm(found) / np.linalg.norm(mean))))
        turned = rotate(to_q8(even.acc), shortest_turn(found, np.array([2500, 0, 0])))[even.label == code].mean(axis=0)
        assert turned[0] > 0.97 * np.linalg.norm(turned)
    assert np.median(angles) < 3 and max(angles) < 12, angles
