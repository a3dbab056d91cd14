"""Recordings that are turned by their own walking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import Dataset, Recording, split_at_gaps
from edgehar.errors import ContractError, DataError
from edgehar.personal.aligned import LEAST_AGREEMENT, align_recordings, align_some, contract_gravity, usual_gravity


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
    assert target is not None and np.abs(np.subtract(target, [16384, 0, 0])).max() < 200
    found = align_recordings(dataset, target)
    aligned = found.dataset
    assert found.left == ("still",) and set(found.rotations) == {"r0", "r1", "r2", "tilted"}
    assert "4 of 5 recordings" in found.note() and "(still)" in found.note()
    assert np.array_equal(aligned.recordings[4].acc, still.acc)
    apart = np.abs(dataset.recordings[3].acc - upright[0].acc).max()
    assert apart > 2 and np.abs(aligned.recordings[3].acc - aligned.recordings[0].acc).max() < 0.05
    some = align_recordings(dataset, target, ("p3",))
    assert set(some.rotations) == {"tilted"} and some.dataset.recordings[0] is dataset.recordings[0]
    with pytest.raises(DataError, match="somebody walks for 8 s"):
        align_recordings(dataset, target, ("p9",))
    assert usual_gravity(dataset, ("p9",)) is None


def test_both_adds_turned_copies_of_those_who_train():
    """Whoever is measured stays as recorded, and has no copy; neither has who does not walk."""
    people = [walk("r0", "p0", np.eye(3)), walk("r1", "p1", about_z(0.2)), walk("r2", "p2", about_z(0.4))]
    still = replace(people[0], name="still", subject="p9", acc=np.full((400, 3), 5.0, np.float32))
    dataset = Dataset("walks", (*people, still), ("walking",))
    contract = Contract(("walking", "still"), walking_gravity=(16384, 0, 0))
    whole, left = align_some("both", dataset, contract, ("p2",))
    assert [item.name for item in whole.recordings] == ["r0", "r1", "r2", "still", "aligned r0", "aligned r1"]
    assert left == ("still",) and all(a is b for a, b in zip(whole.recordings, dataset.recordings, strict=False))
    turned = align_some("all", dataset, contract, ("p2",))[0].recordings
    assert all(np.array_equal(whole.recordings[4 + i].acc, turned[i].acc) for i in (0, 1))
    assert not np.array_equal(whole.recordings[5].acc, people[1].acc)


@pytest.mark.parametrize(("angle", "agree"), [(0.3, True), (0.31, True), (0.33, False), (1.5, False)])
def test_only_recordings_that_agree_have_a_usual_gravity(angle, agree):
    """Two directions at ±angle have a mean of length cos(angle); 0.3176 rad is the edge."""
    dataset = Dataset("walks", tuple(walk(str(turn), str(turn), about_z(turn)) for turn in (angle, -angle)), ("a",))
    assert (np.cos(angle) >= LEAST_AGREEMENT) == agree
    assert (usual_gravity(dataset, dataset.subjects) is not None) == agree


def test_a_recording_counts_once_whatever_its_gaps():
    first, second = walk("r", "p", about_z(0.2)), walk("r", "p", about_z(-0.2))
    both = Recording(
        "r", "p", np.concatenate([first.t, second.t + 60]), np.concatenate([first.acc, second.acc]),
        np.concatenate([first.label, second.label]), 20.0,
    )  # fmt: skip
    usual = usual_gravity(Dataset("walks", (both,), ("walking",)), ("p",))
    assert usual == usual_gravity(Dataset("walks", (first,), ("walking",)), ("p",))
    assert usual is not None
    one = align_recordings(Dataset("walks", (both,), ("walking",)), usual)
    parts = Dataset("walks", tuple(split_at_gaps(both)), ("walking",))
    assert [part.name for part in one.dataset.recordings] == ["r#1", "r#2"] and list(one.rotations) == ["r"]
    again = align_recordings(parts, usual)
    assert again.rotations == one.rotations
    for part, other in zip(one.dataset.recordings, again.dataset.recordings, strict=True):
        np.testing.assert_array_equal(part.acc, other.acc)


def test_a_contract_says_where_gravity_is_while_walking():
    dataset = Dataset("walks", (walk("r", "p", np.eye(3)),), ("walking", "sitting"))
    plain = Contract(dataset.classes)
    assert "walking_gravity" not in plain.to_dict()
    usual = contract_gravity(dataset, ("p",), plain)
    own = replace(plain, walking_gravity=usual)
    assert own.to_dict()["walking_gravity"] == usual and Contract.from_dict(own.to_dict()) == own
    assert contract_gravity(dataset, ("p",), replace(plain, front_end="pocket")) is None
    assert contract_gravity(dataset, ("p",), replace(plain, rate_hz=50.0)) is None
    for wrong in ((0, 0, 0), (16384, 300, 0), (16380, 0, 0)):
        with pytest.raises(ContractError, match="walking gravity of length 16384"):
            Contract(dataset.classes, walking_gravity=wrong)
    with pytest.raises(ContractError, match="front end pocket"):
        Contract(dataset.classes, front_end="pocket", walking_gravity=usual)


def test_recordings_of_one_activity_each_are_turned_by_their_person():
    """Or those of walking alone would be in another frame than the others."""
    first, tilted = walk("walks", "p", about_z(0.3)), walk("sits", "p", about_z(0.3))
    rest = np.float32([9.8 * np.cos(0.3), 9.8 * np.sin(0.3), 0])
    sits = replace(tilted, acc=np.tile(rest, (400, 1)), label=tilted.label + 1)
    dataset = Dataset("walks", (first, sits), ("walking", "sitting"))
    found = align_recordings(dataset, (16384, 0, 0))
    assert found.left == () and found.rotations["walks"] == found.rotations["sits"]
    assert np.abs(found.dataset.recordings[1].acc.mean(axis=0) - [9.8, 0, 0]).max() < 0.1
    both = replace(first, label=(np.arange(400) // 200).astype(np.int16))
    found = align_recordings(replace(dataset, recordings=(both, sits)), (16384, 0, 0))
    assert found.left == ("sits",), "somebody's recordings of several activities stand for themselves"
