from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.contract import Contract
from edgehar.data import (
    HAPT_LABELS,
    TRANSITIONS,
    Dataset,
    Recording,
    Split,
    cut_windows,
    folds,
    require_trainable,
    split,
)
from edgehar.errors import DataError

CLASSES = ("walking", "sitting", "sit_to_stand")


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """Recordings with label changes, unlabelled samples and gaps; each sample's x is unique."""
    recordings = []
    count = 0
    for number in range(draw(st.integers(1, 4))):
        pieces = draw(st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 60)), min_size=1, max_size=6))
        label = np.concatenate([np.full(length, code) for code, length in pieces]).astype(np.int16)
        step = np.where(np.random.default_rng(count).random(len(label)) < draw(st.sampled_from([0, 0.03])), 0.5, 0.05)
        acc = np.zeros((len(label), 3), np.float32)
        acc[:, 0] = np.arange(count, count + len(label))
        count += len(label)
        recordings.append(Recording(f"r{number}", str(draw(st.integers(1, 3))), np.cumsum(step), acc, label, 20.0))
    return Dataset("made", tuple(recordings), CLASSES)


@given(dataset=datasets(), window=st.integers(1, 20), step=st.integers(1, 25))
@settings(max_examples=80, deadline=None)
def test_windows_never_cross_a_border_and_none_is_missing(dataset, window, step):
    contract = Contract(labels=("walking", "sitting"), window=window)
    windows = cut_windows(dataset, contract, step=step)
    label = np.concatenate([r.label for r in dataset.recordings])
    t = np.concatenate([r.t for r in dataset.recordings])
    owner = np.concatenate([np.full(len(r), i) for i, r in enumerate(dataset.recordings)])
    people = np.array([r.subject for r in dataset.recordings])
    firsts = set()
    for index in range(len(windows)):
        rows = windows.x[index, :, 0].astype(int)
        np.testing.assert_array_equal(rows, np.arange(rows[0], rows[0] + window))
        assert set(label[rows]) == {CLASSES.index(windows.labels[windows.y[index]])}
        assert len(set(owner[rows])) == 1
        assert windows.subject[index] == people[owner[rows[0]]]
        assert windows.recording[index].split("#")[0] == dataset.recordings[owner[rows[0]]].name
        assert (np.diff(t[rows]) < 0.11).all()
        firsts.add(rows[0])
    # Counted another way: stretches without a border, each cut from its first sample.
    border = (np.diff(label) != 0) | (np.diff(owner) != 0) | (np.diff(t) > 0.11)
    starts = [0, *(np.flatnonzero(border) + 1).tolist()]
    expected = set()
    for start, stop in zip(starts, [*starts[1:], len(label)], strict=True):
        if label[start] in (0, 1):
            expected |= set(range(start, stop - window + 1, step))
    assert firsts == expected
    assert len(windows) == len(expected)


def test_hapt_windows(hapt, contract):
    windows = cut_windows(hapt, contract)
    assert windows.x.shape == (len(windows), 80, 3)
    assert windows.x.dtype == np.float32
    assert windows.labels == HAPT_LABELS
    assert np.bincount(windows.y).tolist() == [1036, 900, 797, 1093, 1201, 1192]
    assert set(windows.subject) == set(hapt.subjects)
    test = windows.of_subjects(hapt.published_test)
    assert set(test.subject) == set(hapt.published_test)
    assert 0 < len(test) < len(windows)


def test_windows_over_transitions(hapt):
    short = Contract(labels=HAPT_LABELS, window=40)
    windows = cut_windows(hapt, short, step=10, labels=TRANSITIONS)
    assert windows.labels == TRANSITIONS
    assert len(set(windows.y)) == len(TRANSITIONS)


def test_progress_is_told(hapt, contract):
    told = []
    small = replace(hapt, recordings=hapt.recordings[:3])
    cut_windows(small, contract, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_label_in_common_is_refused(hapt, contract):
    with pytest.raises(DataError, match="--label OWN=NAME"):
        cut_windows(hapt, contract, labels=("swimming", "rowing"))
    with pytest.raises(DataError, match="step of 1"):
        cut_windows(hapt, contract, step=0)


def test_fewer_windows_than_classes(make_recording):
    dataset = Dataset("small", (make_recording(100),), ("walking", "sitting"))
    windows = cut_windows(dataset, Contract(labels=("walking", "sitting")))
    assert len(windows) == 1
    with pytest.raises(DataError, match="at least as many windows as classes, got 1 for 2"):
        require_trainable(windows)
    longer = Dataset("small", (make_recording(400),), ("walking", "sitting"))
    with pytest.raises(DataError, match="none of sitting"):
        require_trainable(cut_windows(longer, Contract(labels=("walking", "sitting"))))


def people(n: int, test: tuple[str, ...] = ()) -> Dataset:
    empty = np.zeros(0)
    recordings = tuple(
        Recording(f"r{i}", f"p{i}", empty, np.zeros((0, 3), np.float32), empty.astype(np.int16), 20.0) for i in range(n)
    )
    return Dataset("made", recordings, CLASSES, published_test=test)


@given(
    n=st.integers(3, 40),
    seed=st.integers(0, 1000),
    validation=st.floats(0, 0.5),
    fraction=st.floats(0.05, 0.4),
)
@settings(max_examples=80, deadline=None)
def test_splits_are_disjoint_complete_and_repeatable(n, seed, validation, fraction):
    dataset = people(n)
    result = split(dataset, f"random:{fraction!r}", validation, seed)
    parts = [set(result.train), set(result.validation), set(result.test)]
    assert sum(map(len, parts)) == n
    assert set.union(*parts) == set(dataset.subjects)
    assert result.train
    assert result.test
    assert bool(result.validation) == (validation > 0)
    assert split(dataset, f"random:{fraction!r}", validation, seed) == result


@given(n=st.integers(2, 40), k=st.integers(2, 40), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_folds_hold_each_person_once(n, k, seed):
    names = [f"p{i}" for i in range(n)]
    if k > n:
        with pytest.raises(DataError):
            folds(names, k, seed)
        return
    groups = folds(names, k, seed)
    assert sorted(name for group in groups for name in group) == sorted(names)
    assert max(map(len, groups)) - min(map(len, groups)) <= 1
    assert len(folds(names, "loso", seed)) == n


def test_the_published_split(hapt):
    result = split(hapt)
    assert set(result.test) == {"2", "4", "9", "10", "12", "13", "18", "20", "24"}
    assert len(result.train) + len(result.validation) == 21
    assert len(result.validation) == 4
    assert split(hapt, seed=1).validation != result.validation
    assert split(hapt, validation=0).validation == ()


def test_leaving_people_out():
    assert split(people(5), "leave:p1, p3").test == ("p1", "p3")


@pytest.mark.parametrize(
    ("n", "name", "message"),
    [
        (5, "published", "no published split"),
        (5, "random", "share between 0 and 1"),
        (5, "random:2", "share between 0 and 1"),
        (5, "random:x", "share between 0 and 1"),
        (5, "leave:", "expected the split"),
        (5, "leave:p9", "no person 'p9'"),
        (5, "holdout", "expected the split"),
        (1, "random:0.5", "expected at least 3 people"),
        (2, "random:0.5", "expected at least 3 people"),
        (5, "leave:p0,p1,p2,p3,p4", "expected at least 3 people"),
    ],
)
def test_splits_that_cannot_be_made(n, name, message):
    with pytest.raises(DataError, match=message):
        split(people(n), name)


def test_nobody_is_in_two_parts():
    with pytest.raises(DataError, match="b in more"):
        Split(("a", "b"), ("b",), ("c",))
    with pytest.raises(DataError, match="a in more"):
        Split(("a", "a"), (), ("c",))
    with pytest.raises(DataError, match="validation share"):
        split(people(5), "random:0.4", validation=1.0)
