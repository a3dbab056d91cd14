"""Windows over postural transitions: one per transition, centred, inside of its uninterrupted stretch."""

from __future__ import annotations

import numpy as np

from edgehar import data
from edgehar.contract import Contract

CONTRACT = Contract(("sitting", "standing"), window=8)
CLASSES = ("sitting", "stand_to_sit", "standing", "sit_to_stand")


def recording(*stretches: tuple[int, int], name: str = "r", skip: tuple[int, ...] = ()) -> data.Recording:
    """(label, samples) in order at 20 Hz; x counts the samples, `skip` are left out."""
    label = np.concatenate([np.full(n, code, np.int16) for code, n in stretches])
    kept = np.setdiff1d(np.arange(len(label)), skip)
    acc = np.repeat(kept[:, None], 3, axis=1).astype(np.float32)
    return data.Recording(name, "p", kept / 20, acc, label[kept], 20.0)


def windows(*recordings: data.Recording) -> data.Windows:
    return data.transition_windows(data.Dataset("made", recordings, CLASSES), CONTRACT)


def test_centred():
    # The transition is samples 20 … 23: its middle is between 21 and 22, so is that of 18 … 25.
    got = windows(recording((0, 20), (1, 4), (2, 20)))
    assert got.start.tolist() == [18] and got.x[0, :, 0].tolist() == list(range(18, 26))
    assert [got.labels[code] for code in got.y] == ["stand_to_sit"]


def test_longer_than_a_window_gives_its_middle():
    got = windows(recording((0, 10), (3, 20), (2, 10)))
    assert got.start.tolist() == [16]
    assert [got.labels[code] for code in got.y] == ["sit_to_stand"]


def test_at_the_ends_it_is_moved_inside():
    assert windows(recording((1, 2), (0, 20))).start.tolist() == [0]
    assert windows(recording((0, 20), (1, 2))).start.tolist() == [14]


def test_one_a_transition_and_none_across_a_gap():
    got = windows(recording((0, 20), (1, 4), (2, 20), (3, 4), (0, 20), skip=(26, 27, 28)), recording((0, 40), name="s"))
    assert got.start.tolist() == [18, 13] and got.recording.tolist() == ["r#1", "r#2"]
    # Samples 44 … 47 of the whole are 15 … 18 of the second part. Parts shorter than a window give none.
    assert len(windows(recording((0, 2), (1, 4)))) == 0


def test_none_in_a_set_without_transitions():
    still = recording((0, 20), (0, 20))
    got = data.transition_windows(data.Dataset("made", (still,), ("sitting", "standing")), CONTRACT)
    assert got.x.shape == (0, 8, 3)


def test_hapt_has_one_window_for_every_transition():
    hapt = data.load("hapt")
    codes = [hapt.classes.index(name) for name in data.TRANSITIONS]
    count = 0
    for whole in hapt.recordings:
        changes = np.flatnonzero(np.diff(np.concatenate([[-9], whole.label])))
        count += int(np.isin(whole.label[changes], codes).sum())
    got = data.transition_windows(hapt, Contract(data.HAPT_LABELS))
    assert len(got) == count > 300
    assert set(got.y.tolist()) == set(range(len(data.TRANSITIONS)))
