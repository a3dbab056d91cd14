"""The loop: it learns, the seed decides, an interruption changes nothing, the best epoch is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgehar import models
from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.training import Augmentation, Recipe, checkpoint, loop
from edgehar.training.run import normalisation

CLASSES = ("walking", "sitting", "standing")

RECIPE = Recipe(arch="tiny", epochs=4, batch_size=16, learning_rate=0.02, augmentation=Augmentation(mix=0.2))


@pytest.fixture
def setup(windows, tiny):
    train = windows.of_subjects(["p1", "p2", "p3"])
    contract = Contract(CLASSES, normalisation=normalisation(train, "axis"))
    return contract, train, windows.of_subjects(["p4", "p5"])


def values(model):
    return [np.array(value) for value in model.get_weights()]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(values(first.model), values(second.model), strict=True))


def test_learns_people_it_has_not_seen(setup):
    fitted = loop.fit(replace(RECIPE, epochs=12), *setup)
    predicted = loop.probabilities(fitted.model, setup[0], setup[2].x)
    assert (predicted.argmax(axis=1) == setup[2].y).mean() == 1.0
    assert fitted.history[-1]["loss"] < fitted.history[0]["loss"]


def test_seed_decides_the_weights(setup):
    first, again = (loop.fit(RECIPE, *setup) for _ in range(2))
    assert same(first, again)
    assert first.history == again.history
    assert not same(first, loop.fit(replace(RECIPE, seed=2), *setup))


class Stop(Exception):
    pass


@pytest.mark.parametrize("stop", [(0, 3), (2, 1), (3, 4)], ids=["first epoch", "in between", "last epoch"])
def test_interrupted_and_resumed_equals_uninterrupted(setup, tmp_path, stop):
    def interrupt(epoch, batch, *_):
        if (epoch, batch) == stop:
            raise Stop

    with pytest.raises(Stop):
        loop.fit(RECIPE, *setup, draw=60, checkpoint=tmp_path / "c.npz", on_batch=interrupt)
    resumed = loop.fit(RECIPE, *setup, draw=60, checkpoint=tmp_path / "c.npz")
    whole = loop.fit(RECIPE, *setup, draw=60)
    assert same(resumed, whole)
    assert resumed.history == whole.history
    assert resumed.best_epoch == whole.best_epoch


def test_finished_checkpoint_gives_the_best_model_at_once(setup, tmp_path):
    first = loop.fit(RECIPE, *setup, checkpoint=tmp_path / "c.npz")
    calls = []
    again = loop.fit(RECIPE, *setup, checkpoint=tmp_path / "c.npz", on_batch=lambda *_: calls.append(1))
    assert same(first, again)
    assert calls == []


def test_keeps_the_epoch_of_least_validation_loss(setup):
    # A rate this high makes later epochs worse than earlier ones.
    recipe = replace(RECIPE, epochs=8, learning_rate=0.3, average=0.0)
    fitted = loop.fit(recipe, *setup)
    losses = [entry["validation_loss"] for entry in fitted.history]
    assert fitted.best_epoch == int(np.argmin(losses)) + 1 < len(losses)
    got = loop.probabilities(fitted.model, setup[0], setup[2].x)
    right = got[np.arange(len(got)), setup[2].y]
    assert -np.log(np.maximum(right, 1e-7)).mean() == pytest.approx(min(losses), rel=1e-5)


def test_stops_early(setup):
    recipe = replace(RECIPE, epochs=30, learning_rate=0.3, average=0.0, patience=2)
    history = loop.fit(recipe, *setup).history
    assert len(history) == loop.best_epoch(history) + 2 < 30


def test_without_validation_the_last_epoch_is_kept(setup):
    contract, train, _ = setup
    fitted = loop.fit(RECIPE, contract, train, None, stop_after=3)
    assert fitted.best_epoch == len(fitted.history) == 3


def test_checkpoint_of_another_run_is_refused(setup, tmp_path):
    loop.fit(replace(RECIPE, epochs=1), *setup, checkpoint=tmp_path / "c.npz")
    with pytest.raises(EdgeharError, match="other options or data"):
        loop.fit(replace(RECIPE, epochs=1, seed=9), *setup, checkpoint=tmp_path / "c.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"\x93NUMPY"], ids=["empty", "cut", "array"])
def test_damaged_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "c.npz").write_bytes(content)
    with pytest.raises(EdgeharError, match="expected a training checkpoint"):
        checkpoint.load(tmp_path / "c.npz")


def test_class_weights_balance():
    y = np.array([0] * 6 + [1] * 3 + [3])
    weights = loop.class_weights(y, 4)
    assert weights[2] == 0
    assert [weights[c] * (y == c).sum() for c in (0, 1, 3)] == pytest.approx([10 / 3] * 3)
    assert weights[y].mean() == pytest.approx(1)
    assert loop.class_weights(y, 4, 0.5).tolist() == np.sqrt(weights).tolist()
    assert loop.class_weights(y, 4, 0).tolist() == [1, 1, 0, 1]


def test_flat_layout_is_the_same_numbers(windows):
    contract = Contract(CLASSES, normalisation=normalisation(windows, "scalar"))
    window = loop.network_input(windows.x[:3], contract)
    flat = loop.network_input(windows.x[:3], replace(contract, input_layout="flat"))
    np.testing.assert_array_equal(window.reshape(3, 240), flat)
    assert window.dtype == np.float32


def test_normalisation_is_of_the_given_windows(windows):
    norm = normalisation(windows, "axis")
    x = loop.network_input(windows.x, Contract(CLASSES, normalisation=norm))
    np.testing.assert_allclose(x.mean(axis=(0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(axis=(0, 1)), 1, atol=1e-4)
    assert len(set(normalisation(windows, "scalar").std)) == 1


def test_keeps_the_last_epoch_where_the_recipe_says_so(setup):
    recipe = replace(RECIPE, epochs=8, learning_rate=0.3, average=0.0, keep="last", patience=1)
    fitted = loop.fit(recipe, *setup)
    assert fitted.best_epoch == len(fitted.history) == 8 != loop.best_epoch(fitted.history)


def test_weights_do_not_depend_on_who_else_draws_random_numbers(windows, tiny):
    import random
    import threading

    over = threading.Event()

    def draw():
        while not over.wait(1e-5):
            random.random()

    contract = Contract(windows.labels)
    alone = models.build(tiny, contract, seed=5).get_weights()
    noise = threading.Thread(target=draw)
    noise.start()
    try:
        for _ in range(3):
            found = models.build(tiny, contract, seed=5).get_weights()
            assert all(np.array_equal(a, b) for a, b in zip(alone, found, strict=True))
    finally:
        over.set()
        noise.join()


PRINT_WEIGHTS = """
import hashlib
from tests.training.conftest import make_dataset
from edgehar.contract import Contract, Normalisation
from edgehar.data import cut_windows
from edgehar.training import Augmentation, Recipe, loop
dataset = make_dataset()
contract = Contract(dataset.classes, normalisation=Normalisation((9.0, 0.0, 1.0), (1.0, 1.0, 2.0), folded=False))
recipe = Recipe(arch="conv8k9s4", epochs=2, batch_size=16, augmentation=Augmentation(shift=0))
model = loop.fit(recipe, contract, cut_windows(dataset, contract), None).model
print(hashlib.sha256(b"".join(weights.tobytes() for weights in model.get_weights())).hexdigest())
"""


def test_weights_do_not_depend_on_the_number_of_cores():
    def weights(threads):
        told = {**os.environ, "TF_NUM_INTRAOP_THREADS": threads}
        command = [sys.executable, "-c", PRINT_WEIGHTS]
        done = subprocess.run(command, capture_output=True, text=True, env=told, check=True, timeout=300)
        return done.stdout.splitlines()[-1]

    assert weights("1") == weights("5")
