"""`.keras` files: the contract inside, equal bytes, safe mode, and every way of being no such file."""

from __future__ import annotations

import json
import time
import zipfile

import numpy as np
import pytest

from edgehar import models
from edgehar.contract import Contract, Normalisation
from edgehar.errors import ContractError, EdgeharError
from edgehar.models import library

CONTRACT = Contract(("still", "moving"), normalisation=Normalisation((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), folded=False))


def small_model(classes=2):
    keras = library.import_keras()
    keras.utils.set_random_seed(0)
    stack = [
        keras.Input((80, 3), name="x"),
        keras.layers.Conv1D(2, 10, name="conv"),
        keras.layers.GlobalAveragePooling1D(name="mean"),
        keras.layers.Dense(classes, activation="softmax", name="dense"),
    ]
    return keras.Sequential(stack, name="small")


@pytest.fixture
def path(tmp_path):
    models.save(small_model(), CONTRACT, tmp_path / "m.keras")
    return tmp_path / "m.keras"


def test_round_trip(path):
    model, contract = models.load(path)
    assert contract == CONTRACT == models.read_contract(path)
    x = np.random.default_rng(0).normal(size=(3, 80, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x), small_model()(x))


def test_plain_keras_reads_it_in_safe_mode(path):
    assert library.import_keras().saving.load_model(path, safe_mode=True).output_shape == (None, 2)


def test_equal_bytes_at_another_time(path, tmp_path):
    time.sleep(1.1)  # Keras' own date has a resolution of one second
    model = small_model()
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((1, 80, 3), np.float32), np.zeros((1, 2), np.float32))  # makes optimiser state
    model.set_weights(small_model().get_weights())
    models.save(model, CONTRACT, tmp_path / "again.keras")
    assert (tmp_path / "again.keras").read_bytes() == path.read_bytes()


def test_model_must_fit_its_contract(tmp_path):
    with pytest.raises(ContractError, match="expected input and output"):
        models.save(small_model(classes=3), CONTRACT, tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


def rewrite(path, **members):
    """Replace members of the zip; None removes one."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update({name.replace("__", "."): value for name, value in members.items()})
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            if value is not None:
                archive.writestr(name, value)


def test_lambda_is_refused(path):
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    code = {"class_name": "__lambda__", "config": {"value": "4wAAAA==", "defaults": None, "closure": None}}
    hostile = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": code}}
    config["config"]["layers"].insert(1, {**hostile, "registered_name": None})
    rewrite(path, config__json=json.dumps(config))
    with pytest.raises(EdgeharError, match="safe mode"):
        models.load(path)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", EdgeharError, "expected a .keras file"),
        (b"\x00\x01binary", EdgeharError, "expected a .keras file"),
        (None, EdgeharError, "no such model file"),
    ],
    ids=["empty", "binary", "missing"],
)
def test_not_a_model(tmp_path, content, error, message):
    target = tmp_path / "m.keras"
    if content is not None:
        target.write_bytes(content)
    with pytest.raises(error, match=message):
        models.load(target)


def test_truncated(path):
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(EdgeharError, match=r"expected a \.keras file"):
        models.load(path)


def test_flipped_byte_in_the_weights(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"\x89HDF") + 3000] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(EdgeharError, match="damaged"):
        models.load(path)


def test_contract_missing_or_of_another_model(path):
    rewrite(path, contract__json=json.dumps(Contract(("a", "b", "c")).to_dict()))
    with pytest.raises(ContractError, match="expected input and output"):
        models.load(path)
    rewrite(path, contract__json=None)
    with pytest.raises(ContractError, match=r"expected contract\.json inside"):
        models.load(path)


def test_shipped_names():
    with pytest.raises(EdgeharError, match="expected a shipped model out of"):
        models.shipped("nonesuch")
    for name in models.shipped_names():
        assert models.resolve(name) == models.shipped(name)
