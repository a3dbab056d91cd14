"""A folded temperature is a division of the logits, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgehar import models
from edgehar.contract import Contract
from edgehar.convert.temperature import parse_temperature
from edgehar.errors import ContractError, EdgeharError
from edgehar.evaluation.confidence import tempered
from edgehar.models import ARCHITECTURES, fold_temperature

CONTRACT = Contract(("a", "b", "c"))


def probabilities(model, x):
    return np.asarray(model(x, training=False))


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
def test_folds_into_every_architecture(arch):
    model = models.build(arch, CONTRACT, 1)
    x = np.random.default_rng(0).normal(0, 3, (16, 80, 3)).astype(np.float32)
    before = probabilities(model, x)
    for temperature in (0.5, 1.7):
        folded = fold_temperature(model, temperature)
        np.testing.assert_allclose(probabilities(folded, x), tempered(before, temperature), atol=2e-5)
    np.testing.assert_array_equal(probabilities(model, x), before)  # the argument stays as it was
    same = fold_temperature(model, 1.0)
    for ours, theirs in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert folded.count_params() == model.count_params()


def test_softmax_as_a_layer_of_its_own():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Softmax()])
    model.layers[0].set_weights([np.eye(4, 3, dtype=np.float32), np.array([1, 0, -1], np.float32)])
    x = np.array([[1, 2, 3, 4]], np.float32)
    expected = np.exp([(1 + 1) / 2, 2 / 2, (3 - 1) / 2])
    np.testing.assert_allclose(probabilities(fold_temperature(model, 2.0), x)[0], expected / expected.sum(), rtol=1e-6)


@pytest.mark.parametrize("kind", ["no softmax", "sigmoid", "convolution"])
def test_refuses_other_last_layers(kind):
    keras = pytest.importorskip("keras")
    layers = keras.layers
    last = {
        "no softmax": [layers.Flatten(), layers.Dense(3)],
        "sigmoid": [layers.Flatten(), layers.Dense(3, activation="sigmoid")],
        "convolution": [layers.Conv1D(3, 80), layers.Flatten(), layers.Softmax()],
    }[kind]
    with pytest.raises(ContractError, match="Dense"):
        fold_temperature(keras.Sequential([keras.Input((80, 3)), *last]), 2.0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_other_temperatures(temperature):
    with pytest.raises(EdgeharError, match=r"expected a temperature of 0\.01 … 100"):
        fold_temperature(models.build("cnn", CONTRACT, 1), temperature)


def test_fitted_temperature_is_read_beside_the_model(tmp_path):
    model = tmp_path / "small.keras"
    with pytest.raises(EdgeharError, match="needs validation people"):
        parse_temperature("fitted", model)
    whole = json.loads(models.shipped("cnn").with_suffix(".json").read_text())
    del whole["model"]
    (tmp_path / "manifest.json").write_text(json.dumps({**whole, "temperature": 0.6}))
    assert parse_temperature("fitted", model) == 0.6
    (tmp_path / "small.json").write_text(json.dumps({**whole, "temperature": 1.4}))  # a shipped model's own comes first
    assert parse_temperature("fitted", model) == 1.4
    for bad in ({}, [], "text"):
        (tmp_path / "small.json").write_text(json.dumps(bad))
        assert parse_temperature("fitted", model) == 0.6
    for none, words in ((None, "needs validation people"), (-1.0, "got -1.0 at temp"), ("warm", "got text at temp")):
        (tmp_path / "small.json").write_text(json.dumps({**whole, "temperature": none}))
        with pytest.raises(EdgeharError, match=words):
            parse_temperature("fitted", model)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("0.75", 0.75)])
def test_temperature_as_a_number(text, value, tmp_path):
    assert parse_temperature(text, tmp_path / "none.keras") == value


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "warm", ""])
def test_other_texts_are_refused(text, tmp_path):
    with pytest.raises(EdgeharError, match=r"number of 0\.01 … 100 or 'fitted'"):
        parse_temperature(text, tmp_path / "none.keras")
