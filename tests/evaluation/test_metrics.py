"""Metrics against their definitions, on label sets with and without absent classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from edgehar.errors import DataError
from edgehar.evaluation import metrics


def confusion_by_hand(truth, predicted, classes):
    counts = np.zeros((classes, classes), np.int64)
    for row, column in zip(truth, predicted, strict=True):
        counts[row, column] += 1
    return counts


@st.composite
def labelled(draw):
    classes = draw(st.integers(2, 7))
    count = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    used = draw(st.integers(1, classes))  # the classes above it are absent from both
    return rng.integers(0, used, count), rng.integers(0, used, count), classes


@given(labelled())
@settings(max_examples=100, deadline=None)
def test_equals_what_follows_from_the_definitions(case):
    truth, predicted, classes = case
    counts = confusion_by_hand(truth, predicted, classes)
    np.testing.assert_array_equal(metrics.confusion(truth, predicted, classes), counts)
    hits, rows, columns = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall, f1 = (
        np.divide(a, b, out=np.zeros(classes), where=b > 0)
        for a, b in ((hits, columns), (hits, rows), (2 * hits, rows + columns))
    )
    scores = metrics.class_scores(truth, predicted, classes)
    for got, want in ((scores.precision, precision), (scores.recall, recall), (scores.f1, f1)):
        np.testing.assert_allclose(got, want)
    np.testing.assert_array_equal(scores.support, rows)
    assert metrics.accuracy(truth, predicted) == pytest.approx(hits.sum() / len(truth))
    # Classes that are neither in the truth nor in the predictions are left out of the mean.
    assert metrics.macro_f1(truth, predicted, classes) == pytest.approx(f1[rows + columns > 0].mean())


def people(count=9, windows=40, classes=6, right=0.9):
    rng = np.random.default_rng(3)
    subject = np.repeat([f"p{k}" for k in range(count)], windows)
    truth = rng.integers(0, classes, count * windows)
    # Each person has an accuracy of their own, so that people matter more than windows.
    hit = rng.random(len(truth)) < np.repeat(np.clip(rng.normal(right, 0.08, count), 0, 1), windows)
    return truth, np.where(hit, truth, (truth + 1) % classes), subject


def test_bootstrap_draws_people():
    truth, predicted, subject = people()
    got = metrics.bootstrap(truth, predicted, subject, 6, resamples=400, seed=5)
    names = np.unique(subject)
    rng = np.random.default_rng(5)
    accuracies, scores = [], []
    for draw in rng.integers(0, len(names), (400, len(names))):
        index = np.concatenate([np.flatnonzero(subject == names[k]) for k in draw])
        accuracies.append(oracle.accuracy_score(truth[index], predicted[index]))
        scores.append(oracle.f1_score(truth[index], predicted[index], average="macro"))
    assert got.accuracy == pytest.approx(tuple(np.percentile(accuracies, [2.5, 97.5])))
    assert got.macro_f1 == pytest.approx(tuple(np.percentile(scores, [2.5, 97.5])))


def test_bootstrap_is_seeded_and_holds_the_point():
    truth, predicted, subject = people()
    first = metrics.bootstrap(truth, predicted, subject, 6)
    assert first == metrics.bootstrap(truth, predicted, subject, 6)
    assert first != metrics.bootstrap(truth, predicted, subject, 6, seed=1)
    assert first.accuracy[0] < metrics.accuracy(truth, predicted) < first.accuracy[1]
    assert first.resamples == 2000


def test_one_person_gives_no_interval():
    truth, predicted, _ = people(count=1)
    found = metrics.bootstrap(truth, predicted, np.full(len(truth), "only"), 6, resamples=50)
    assert found.accuracy is None and found.macro_f1 is None


def test_subject_accuracy():
    truth, predicted, subject = people()
    got = metrics.subject_accuracy(truth, predicted, subject)
    assert list(got) == sorted(set(subject))
    for name, value in got.items():
        assert value == oracle.accuracy_score(truth[subject == name], predicted[subject == name])


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([], [], "at least one window"),
        ([0, 1], [0], "as many predictions"),
        ([0, 7], [0, 1], "labels in 0 … 5"),
        ([0, 1], [0, -1], "labels in 0 … 5"),
    ],
)
def test_refuses(truth, predicted, message):
    with pytest.raises(DataError, match=message):
        metrics.macro_f1(np.array(truth, np.int64), np.array(predicted, np.int64), 6)
