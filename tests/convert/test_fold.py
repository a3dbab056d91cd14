"""Folding the normalisation must not change what the network computes."""

import numpy as np
import pytest

from edgehar.contract import Contract, Normalisation
from edgehar.convert.fold import fold_normalisation
from edgehar.errors import ContractError

keras = pytest.importorskip("keras")
LABELS = ("walking", "sitting", "standing")


def contract(layout: str = "window", folded: bool = False) -> Contract:
    norm = Normalisation((7.9, 0.3, -0.9), (4.1, 3.9, 0.5), folded)
    return Contract(LABELS, input_layout=layout, normalisation=norm)


def network(layout: str = "window", **first: object):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    shape = (80, 3) if layout == "window" else (240,)
    stem = [keras.Input(shape)] + ([layers.Reshape((80, 3))] if layout == "flat" else [])
    conv = layers.Conv1D(8, 10, activation="relu", **first)
    return keras.Sequential([*stem, conv, layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax")])


@pytest.mark.parametrize("layout", ["window", "flat"])
def test_folded_model_takes_raw_samples(layout):
    rng = np.random.default_rng(0)
    raw = (rng.normal(0, 5, (50, 80, 3)) + np.array([8, 0, -1])).astype(np.float32)
    model, own = network(layout), contract(layout)
    normalised = ((raw - own.normalisation.mean) / own.normalisation.std).astype(np.float32)
    shape = (50, *own.input_shape)
    expected = model.predict(normalised.reshape(shape), verbose=0)
    folded, after = fold_normalisation(model, own)
    assert after.normalisation.folded
    np.testing.assert_allclose(folded.predict(raw.reshape(shape), verbose=0), expected, atol=1e-5)
    # The model given stays as it was.
    np.testing.assert_array_equal(model.predict(normalised.reshape(shape), verbose=0), expected)


def test_nothing_to_fold():
    model = network()
    assert fold_normalisation(model, contract(folded=True))[0] is model
    assert fold_normalisation(model, Contract(LABELS))[0] is model


@pytest.mark.parametrize("first", [{"padding": "same"}, {"padding": "causal"}, {"use_bias": False}])
def test_inexact_folds_are_refused(first):
    with pytest.raises(ContractError, match="Conv1D with valid padding and a bias"):
        fold_normalisation(network(**first), contract())


def test_other_first_layers_are_refused():
    layers = keras.layers
    model = keras.Sequential([keras.Input((80, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    with pytest.raises(ContractError, match="Flatten"):
        fold_normalisation(model, contract())
