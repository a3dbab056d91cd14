"""Folding the normalisation must not change what the network computes."""

import numpy as np
import pytest

from edgehar.contract import Contract, Normalisation
from edgehar.convert.fold import fold_normalisation

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


def said(model, windows):
    out = model.predict(windows, verbose=0)
    assert out.std(0).max() > 1e-3
    return out


def assert_equal_on_raw(model, own):
    rng = np.random.default_rng(1)
    raw = (rng.normal(0, 5, (30, 80, 3)) + rng.normal(0, 5, (30, 1, 3))).astype(np.float32)
    normalised = ((raw - own.normalisation.mean) / own.normalisation.std).astype(np.float32)
    shape = (30, *own.input_shape)
    folded, after = fold_normalisation(model, own)
    assert after.normalisation.folded and after.input_layout == own.input_layout
    np.testing.assert_allclose(said(folded, raw.reshape(shape)), said(model, normalised.reshape(shape)), atol=1e-5)
    return folded


@pytest.mark.parametrize("layout", ["window", "flat"])
@pytest.mark.parametrize("first", [{"padding": "same"}, {"padding": "causal"}, {"use_bias": False}])
def test_where_the_convolution_cannot_take_it_a_layer_stands_in_front(first, layout):
    assert any(
        type(layer).__name__ == "DepthwiseConv1D"
        for layer in assert_equal_on_raw(network(layout, **first), contract(layout)).layers
    )


def head(now):
    return keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling1D()(now))


def branches():
    """Two convolutions read the window: folding into the first alone would leave the second on raw samples."""
    start = keras.Input((80, 3))
    parts = [keras.layers.Conv1D(4, size, activation="relu")(start) for size in (9, 9)]
    return keras.Model(start, head(keras.layers.Concatenate()(parts)))


def skip_from_the_window():
    start = keras.Input((80, 3))
    now = keras.layers.Conv1D(3, 9, activation="relu")(start)
    return keras.Model(start, head(now + keras.layers.Cropping1D(4)(start)))


def another_view():
    """Behind a Reshape to (40, 6) a channel is no axis."""
    start = keras.Input((80, 3))
    return keras.Model(start, head(keras.layers.Conv1D(4, 5, activation="relu")(keras.layers.Reshape((40, 6))(start))))


def normalised_first():
    start = keras.Input((80, 3))
    return keras.Model(start, head(keras.layers.BatchNormalization()(start)))


def nested():
    start = keras.Input((80, 3))
    return keras.Model(start, network()(start))


@pytest.mark.parametrize("build", [branches, skip_from_the_window, another_view, normalised_first, nested])
def test_networks_that_are_no_chain(build):
    keras.utils.set_random_seed(4)
    assert_equal_on_raw(build(), contract())


def test_another_first_layer():
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential([keras.Input((80, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    assert_equal_on_raw(model, contract())
