"""A data set small enough to train on in seconds: four people, three activities that differ in frequency."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import Dataset, Recording, cut_windows

CLASSES = ("walking", "sitting", "standing")


def make_dataset(people=6, seconds=24, seed=0):
    rng = np.random.default_rng(seed)
    count = 20 * seconds
    t = np.arange(3 * count) / 20.0
    label = np.repeat(np.arange(3, dtype=np.int16), count)
    recordings = []
    for person in range(people):
        acc = rng.normal(0, 0.2, (len(t), 3))
        acc[:, 0] += 9.8
        acc[label == 0] += 3 * np.sin(2 * np.pi * 2 * t[label == 0])[:, None]
        acc[label == 1, 2] += 4 + rng.normal(0, 0.3)
        recordings.append(Recording(f"r{person}", f"p{person}", t, acc.astype(np.float32), label, 20.0))
    return Dataset("made", tuple(recordings), CLASSES, published_test=("p0",), sha256="0" * 64)


@pytest.fixture(scope="session")
def dataset():
    return make_dataset()


@pytest.fixture(scope="session")
def windows(dataset):
    return cut_windows(dataset, Contract(CLASSES))


@pytest.fixture
def tiny(monkeypatch):
    """A registered architecture of a few hundred parameters, with dropout so that its random state counts."""
    from edgehar.models import registry

    def build(contract):
        import keras
        from keras import layers

        stack = [keras.Input(contract.input_shape, name="x")]
        if contract.input_layout == "flat":
            stack.append(layers.Reshape((contract.window, 3), name="reshape"))
        stack += [
            layers.Conv1D(8, 10, strides=5, activation="relu", name="conv"),
            layers.GlobalAveragePooling1D(name="mean"),
            layers.Dropout(0.3, name="dropout"),
            layers.Dense(len(contract.labels), activation="softmax", name="dense"),
        ]
        return keras.Sequential(stack, name="tiny")

    monkeypatch.setitem(registry.ARCHITECTURES, "tiny", build)
    return "tiny"
