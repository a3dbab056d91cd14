"""Calibration windows: stratified by class and person, and what a file of them must be."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.contract import Contract
from edgehar.convert.calibration import from_file, select
from edgehar.data import Windows
from edgehar.errors import DataError

LABELS = ("walking", "sitting", "standing")


def windows(counts: list[tuple[int, str, int]]) -> Windows:
    """(label, person, number of windows) each."""
    y = np.concatenate([np.full(n, label) for label, _, n in counts]).astype(np.int64)
    subject = np.concatenate([np.full(n, person, dtype="<U4") for _, person, n in counts])
    x = np.arange(len(y), dtype=np.float32)[:, None, None] * np.ones((1, 80, 3), np.float32)
    return Windows(x, y, subject, subject, np.arange(len(y)), LABELS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcd"), st.integers(1, 9)), min_size=1, max_size=12),
    st.integers(3, 40),
)
def test_select_is_stratified(counts, wanted):
    training = windows([*counts, (0, "z", 1), (1, "z", 1), (2, "z", 1)])
    chosen = select(training, wanted)
    assert len(chosen.indices) == len(set(chosen.indices)) == min(wanted, len(training))
    np.testing.assert_array_equal(chosen.x, training.x[list(chosen.indices)])
    taken = Counter(training.y[list(chosen.indices)].tolist())
    for label, have in Counter(training.y.tolist()).items():
        # No class may be short by more than one while another still gives.
        assert taken[label] == have or taken[label] >= max(taken.values()) - 1
    for label in range(3):
        people = Counter(training.subject[[i for i in chosen.indices if training.y[i] == label]].tolist())
        for person, have in Counter(training.subject[training.y == label].tolist()).items():
            assert people[person] == have or people[person] >= max(people.values()) - 1


def test_select_repeats():
    training = windows([(0, "a", 50), (1, "b", 60), (2, "a", 70)])
    assert select(training, 30).indices == select(training, 30).indices
    assert select(training, 30).sha256 == select(training, 30).sha256


def test_too_few():
    training = windows([(0, "a", 1), (1, "a", 1)])
    with pytest.raises(DataError, match="one calibration window per class"):
        select(training, 2)
    with pytest.raises(DataError, match="training windows to calibrate"):
        select(training, 30)


def test_file(tmp_path):
    contract = Contract(LABELS)
    good = np.random.default_rng(0).normal(0, 5, (7, 80, 3)).astype(np.float32)
    np.save(tmp_path / "good.npy", good)
    read = from_file(tmp_path / "good.npy", contract)
    np.testing.assert_array_equal(read.x, good)
    assert read.indices == () and read.source == "good.npy"


def _bad(folder):
    np.save(folder / "shape.npy", np.zeros((7, 40, 3), np.float32))
    np.save(folder / "none.npy", np.zeros((0, 80, 3), np.float32))
    np.save(folder / "integers.npy", np.zeros((7, 80, 3), np.int16))
    np.save(folder / "nan.npy", np.full((7, 80, 3), np.nan, np.float32))
    np.savez(folder / "archive.npz", x=np.zeros((7, 80, 3), np.float32))
    np.save(folder / "pickle.npy", np.array([object()]), allow_pickle=True)
    (folder / "empty.npy").write_bytes(b"")
    (folder / "text.npy").write_text("t,x,y,z\n")
    (folder / "cut.npy").write_bytes((folder / "shape.npy").read_bytes()[:200])


@pytest.mark.parametrize(
    "name",
    ["shape.npy", "none.npy", "integers.npy", "nan.npy", "archive.npz", "pickle.npy", "empty.npy", "text.npy",
     "cut.npy", "missing.npy"],
)  # fmt: skip
def test_bad_files(tmp_path, name):
    _bad(tmp_path)
    with pytest.raises(DataError):
        from_file(tmp_path / name, Contract(LABELS))
