"""selfBACK and DiFronzo: scale, frame and labels by the set, what is left out counted, and no set taken for another."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.data import UNLABELLED, load
from edgehar.data.readers.placed import PLACEMENTS
from edgehar.errors import DataError

SELFBACK = ("downstairs", "lying", "sitting", "walk_fast", "walk_mod", "walk_slow")


@pytest.fixture
def prepared(tmp_path):
    """Two people, two trials each; every label 30 samples in each trial."""

    def write(names, extra=0, **changes):
        rows = []
        for subject in (7, 9):
            for trial in (0, 1):
                rows += [(subject, trial, code) for code in range(-extra, len(names)) for _ in range(30)]
        subject, trial, label = np.array(rows).T
        acc = np.tile(np.array([[100, 200, 300]], np.int16), (len(rows), 1))
        arrays = {
            "acc": acc, "label": label.astype(np.int8), "subject": subject.astype(np.int16),
            "trial": trial.astype(np.int16), "label_names": np.array(names),
        }  # fmt: skip
        path = tmp_path / "set.npz"
        np.savez(path, **{name: array for name, array in {**arrays, **changes}.items() if array is not None})
        return path

    return write


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("selfback-thigh", (200, 100, -300)),
        ("selfback-wrist", (100, 200, 300)),
        ("difronzo", (100, 200, 300)),
    ],
)
def test_scale_and_frame(prepared, kind, expected):
    dataset = load(f"{kind}:{prepared(SELFBACK)}")
    for recording in dataset.recordings:
        np.testing.assert_allclose(recording.acc, np.tile(expected, (len(recording), 1)) * 0.00980665, rtol=1e-6)
        assert recording.acc.dtype == np.float32 and recording.rate_hz == 50.0


def test_a_recording_is_a_trial_of_one_person(prepared):
    dataset = load(f"difronzo:{prepared(('walking', 'sitting'), extra=1)}")
    assert [recording.subject for recording in dataset.recordings] == ["7", "7", "9", "9"]
    assert {len(recording) for recording in dataset.recordings} == {90}
    assert len({recording.name for recording in dataset.recordings}) == 4
    label = dataset.recordings[0].label
    assert dataset.classes == ("walking", "sitting")
    assert label.tolist() == [UNLABELLED] * 30 + [0] * 30 + [1] * 30


def test_lying_is_kept_at_the_wrist_and_left_out_and_counted_at_the_thigh(prepared):
    path = prepared(SELFBACK)
    wrist, thigh = load(f"selfback-wrist:{path}"), load(f"selfback-thigh:{path}")
    assert wrist.classes == ("walking", "downstairs", "sitting", "laying")
    assert thigh.classes == ("walking", "downstairs", "sitting")
    for one in thigh.recordings:
        assert (one.label == UNLABELLED).sum() == 30 and (one.label == 0).sum() == 90
    assert any("120 samples of lying left out" in note for note in thigh.notes)
    assert not any("left out" in note for note in wrist.notes)


def test_labels_may_be_renamed(prepared):
    dataset = load(f"selfback-wrist:{prepared(SELFBACK)}", labels={"walk_slow": "strolling", "lying": "resting"})
    assert {"strolling", "resting", "walking"} <= set(dataset.classes)


def test_a_prepared_file_is_never_taken_for_another_set(prepared):
    """iOS's sign or Android's, the sensor's frame or the phone's: the layout does not tell."""
    with pytest.raises(DataError, match="selfback-thigh:PATH"):
        load(prepared(SELFBACK))
    with pytest.raises(DataError, match="difronzo:PATH"):
        load(prepared(("walking", "upstairs", "downstairs")))
    assert load(prepared(("downstairs", "jogging", "walking"))).name == "motionsense"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trial": None}, "trial is missing"),
        ({"acc": np.zeros((720, 2), np.int16)}, r"acc \(N, 3\)"),
        ({"label": np.zeros(3, np.int8)}, r"acc \(N, 3\)"),
        ({"label": np.full(720, 6, np.int8)}, "labels of -1 … 5"),
        ({"label": np.full(720, -2, np.int8)}, "labels of -1 … 5"),
    ],
)
def test_damaged(prepared, changes, words):
    with pytest.raises(DataError, match=words):
        load(f"selfback-wrist:{prepared(SELFBACK, **changes)}")


@pytest.mark.parametrize(
    ("file", "kind", "people"),
    [
        ("selfback_thigh_50hz.npz", "selfback-thigh", 27),
        ("selfback_wrist_50hz.npz", "selfback-wrist", 40),
        ("pocket_difronzo_50hz.npz", "difronzo", 8),
    ],
)
def test_the_real_recordings(shared_data, file, kind, people):
    dataset = load(f"{kind}:{shared_data / file}")
    assert len(dataset.subjects) == people
    still = np.concatenate([one.acc[one.label == dataset.classes.index("standing")] for one in dataset.recordings])
    assert np.linalg.norm(still, axis=1).mean() == pytest.approx(9.8, abs=0.4)
    if kind != "selfback-wrist":
        # Standing, the thigh points down -y in a phone's frame; sitting, along z.
        assert still.mean(axis=0)[1] < -9
    assert set(dataset.classes) >= {"walking", "upstairs", "downstairs", "sitting", "standing"}


def test_the_command_line_knows_every_kind():
    from edgehar.cli.data_options import _KINDS
    from edgehar.data import KINDS

    assert _KINDS == KINDS and set(PLACEMENTS) < set(KINDS)
