"""Truths that allow several labels: what is learned, what is counted as right, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import Windows
from edgehar.errors import DataError
from edgehar.training import Augmentation, Recipe, loop
from edgehar.training.run import measure, normalisation
from edgehar.training.truth import Truth

LABELS = ("walking", "sitting", "standing")
STILL = {"still": ("sitting", "standing")}
RECIPE = Recipe(
    arch="tiny", epochs=12, batch_size=16, learning_rate=0.02, label_smoothing=0.0, augmentation=Augmentation(mix=0.0)
)


def test_words_and_what_they_allow():
    truth = Truth.of(("walking", "still", "sitting", "standing"), STILL)
    assert truth.labels == LABELS and truth.words == (*LABELS, "still")
    np.testing.assert_array_equal(truth.allowed, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]])
    p = np.array([[0.5, 0.25, 0.25]], np.float32)
    np.testing.assert_allclose(truth.probabilities(p), [[0.5, 0.25, 0.25, 0.5]])


@pytest.mark.parametrize(
    ("match", "words"),
    [({"stairs": ("walking",)}, "a label of the recordings"), ({"still": ("sitting", "lying")}, "'lying'")],
)
def test_refused(match, words):
    with pytest.raises(DataError, match=words):
        Truth.of((*LABELS, "still"), match)


def test_targets_without_coarser_words_are_the_labels_smoothed():
    recipe = replace(RECIPE, label_smoothing=0.1)
    y = np.array([0, 1, 1, 2, 2, 2])
    expected = (np.eye(3) * 0.9 + 0.1 / 3) * loop.class_weights(y, 3)[:, None]
    np.testing.assert_array_equal(loop.targets(recipe, y, Truth(LABELS, {})), expected.astype(np.float32))


def test_loss_of_a_coarser_truth_is_the_logarithm_of_the_sum(tiny):
    """By hand: one step's loss, at a learning rate of 0, of windows whose truth is `still`."""
    rng = np.random.default_rng(0)
    count = 16
    x = rng.normal(0, 1, (count, 80, 3)).astype(np.float32)
    names = np.array(["a"] * count)
    windows = Windows(x, np.full(count, 3), names, names, np.arange(count), (*LABELS, "still"))
    contract = Contract(LABELS, normalisation=normalisation(windows, "axis"))
    plain = Augmentation(rotation=0, scale=0, noise=0, shift=0, mix=0)
    recipe = replace(RECIPE, epochs=1, learning_rate=1e-9, augmentation=plain, class_weights=0.0)
    fitted = loop.fit(recipe, contract, windows, windows, match=STILL)
    p = loop.probabilities(fitted.model, contract, x)
    expected = -np.log(p[:, 1] + p[:, 2]).mean()
    assert fitted.history[0]["validation_loss"] == pytest.approx(expected, rel=1e-5)
    assert fitted.history[0]["validation_accuracy"] == pytest.approx((p.argmax(axis=1) > 0).mean())


def test_a_coarser_truth_teaches(windows, tiny):
    """Nobody's postures are told apart; that they are not walking is learned from `still` alone."""
    train = windows.of_subjects(["p1", "p2", "p3"])
    train = replace(train, y=np.where(train.y > 0, 3, 0), labels=(*LABELS, "still"))
    contract = Contract(LABELS, normalisation=normalisation(train, "axis"))
    fitted = loop.fit(RECIPE, contract, train, None, match=STILL)
    others = windows.of_subjects(["p4", "p5"])
    predicted = loop.probabilities(fitted.model, contract, others.x)
    still = others.y > 0
    assert predicted[still, 1:].sum(axis=1).min() > 0.8 and predicted[~still, 0].min() > 0.8


def test_a_chance_of_nothing_is_never_drawn(windows, tiny):
    """Windows with a false label and no chance do no harm."""
    train = windows.of_subjects(["p1", "p2", "p3"])
    wrong = train.subject != "p1"
    poisoned = replace(train, y=np.where(wrong, (train.y + 1) % 3, train.y))
    contract = Contract(LABELS, normalisation=normalisation(train, "axis"))
    chance = np.where(wrong, 0.0, 1.0)
    fitted = loop.fit(RECIPE, contract, poisoned, None, chance=chance / chance.sum())
    others = windows.of_subjects(["p4", "p5"])
    assert (loop.probabilities(fitted.model, contract, others.x).argmax(axis=1) == others.y).mean() == 1.0


def test_figures_merge_what_a_truth_cannot_tell_apart(windows):
    own = replace(windows, y=np.where(windows.y == 2, 3, windows.y), labels=(*LABELS, "still"))
    answers = np.eye(3, dtype=np.float32)[np.where(windows.y == 0, 0, 3 - windows.y)]
    found = measure(answers, own, Truth(LABELS, STILL))
    assert found.labels == ("walking", "still") and found.accuracy == 1.0
    assert measure(answers, windows, Truth(LABELS, {})).accuracy < 0.9
