"""The article's network, layer for layer."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar import models
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.models.article import SHORTEST_WINDOW

LABELS = ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")

#: Layer, output shape and parameters as the article prints them (its Reshape stands in front).
TABLE = [
    ("Conv1D", (None, 71, 100), 3100),
    ("Conv1D", (None, 62, 100), 100100),
    ("MaxPooling1D", (None, 20, 100), 0),
    ("Conv1D", (None, 11, 160), 160160),
    ("Conv1D", (None, 2, 160), 256160),
    ("GlobalAveragePooling1D", (None, 160), 0),
    ("Dropout", (None, 160), 0),
    ("Dense", (None, 6), 966),
]


@pytest.mark.parametrize("layout", ["window", "flat"])
def test_layer_table(layout):
    model = models.build("cnn", Contract(LABELS, input_layout=layout), seed=0)
    table = [(type(layer).__name__, tuple(layer.output.shape), layer.count_params()) for layer in model.layers]
    assert table == ([("Reshape", (None, 80, 3), 0)] if layout == "flat" else []) + TABLE
    assert model.count_params() == 520_486
    assert model.input_shape == ((None, 80, 3) if layout == "window" else (None, 240))


def test_layers_are_configured_as_in_the_article():
    model = models.build("cnn", Contract(LABELS), seed=0)
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv1D"]
    for layer in convolutions:
        assert (layer.kernel_size, layer.strides, layer.padding) == ((10,), (1,), "valid")
        assert layer.activation.__name__ == "relu"
    named = {type(layer).__name__: layer for layer in model.layers}
    assert named["MaxPooling1D"].pool_size == (3,)
    assert named["Dropout"].rate == 0.5
    assert named["Dense"].activation.__name__ == "softmax"


def test_layouts_compute_the_same():
    window, flat = (models.build("cnn", Contract(LABELS, input_layout=name), seed=4) for name in ("window", "flat"))
    x = np.random.default_rng(0).normal(size=(5, 80, 3)).astype(np.float32)
    np.testing.assert_array_equal(window(x), flat(x.reshape(5, 240)))


def test_seed_decides_the_weights():
    first, again, other = (models.build("cnn", Contract(LABELS), seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), again.get_weights(), strict=True))
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_shortest_window():
    assert models.build("cnn", Contract(LABELS, window=SHORTEST_WINDOW), 0).output_shape == (None, 6)
    with pytest.raises(ContractError, match="window of 75 or more"):
        models.build("cnn", Contract(LABELS, window=SHORTEST_WINDOW - 1), 0)


def test_unknown_architecture():
    with pytest.raises(EdgeharError, match="architecture out of nano, micro, mini, cnn"):
        models.build("transformer", Contract(LABELS), 0)
