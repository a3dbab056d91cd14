"""Networks made without edgehar: what comes out of an import says the same, and what does not fit is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgehar
from edgehar import models
from edgehar.contract import STANDARD_GRAVITY, Contract, Normalisation
from edgehar.errors import ContractError, EdgeharError
from edgehar.runtimes import open_model

keras = pytest.importorskip("keras")
layers = keras.layers
LABELS = ("downstairs", "sitting", "walking")
MEAN, STD = (0.66, 7.2, -0.41), (6.9, 4.7, 3.3)


def network(shape=(80, 3), *, functional=False, last="softmax", classes=3):
    """A small network whose probabilities tell windows, axes and signs apart."""
    keras.utils.set_random_seed(5)
    stack = [
        *([] if shape == (80, 3) else [layers.Reshape((80, 3))]),
        layers.Conv1D(6, 10, activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(classes, activation=last, kernel_initializer=keras.initializers.RandomNormal(stddev=2.0)),
    ]
    if not functional:
        return keras.Sequential([keras.Input(shape), *stack])
    start = now = keras.Input(shape)
    for layer in stack:
        now = layer(now)
    return keras.Model(start, now)


def windows_of(seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 4, (40, 80, 3)) + rng.normal(0, 4, (40, 1, 3))).astype(np.float32)


def predict(path, windows):
    runtime = open_model(path)
    return runtime.predict(windows)


def said_by(model, windows):
    out = model.predict(windows, verbose=0)
    assert out.std(0).max() > 0.1  # else equality would say nothing
    return out


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("shape", [(240,), (80, 3), (80, 3, 1), (1, 80, 3)])
def test_says_what_the_original_says(tmp_path, shape, suffix, functional):
    model = network(shape, functional=functional)
    model.save(tmp_path / f"m{suffix}")
    done = edgehar.import_model(
        tmp_path / f"m{suffix}", tmp_path / "own.keras", labels=LABELS, rate_hz=20, mean=MEAN, std=STD
    )
    assert done.contract == models.read_contract(tmp_path / "own.keras")
    assert (done.contract.window, done.contract.rate_hz, done.contract.labels) == (80, 20, LABELS)
    assert done.contract.input_layout == ("flat" if shape == (240,) else "window")
    raw = windows_of()
    expected = said_by(model, ((raw - np.float32(MEAN)) / np.float32(STD)).reshape(40, *shape))
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), expected, atol=1e-5)
    assert done.difference < 1e-5


def test_one_number_and_none(tmp_path):
    model, raw = network(), windows_of()
    edgehar.import_model(model, tmp_path / "one.keras", labels=LABELS, rate_hz=20, mean=[1.5], std=[2.5])
    np.testing.assert_allclose(predict(tmp_path / "one.keras", raw), said_by(model, (raw - 1.5) / 2.5), atol=1e-5)
    done = edgehar.import_model(model, tmp_path / "raw.keras", labels=LABELS, rate_hz=20)
    np.testing.assert_allclose(predict(tmp_path / "raw.keras", raw), said_by(model, raw), atol=1e-5)
    assert done.contract.normalisation is None and any("--mean and --std" in text for text in done.assumed)


@pytest.mark.parametrize("shape", [(240,), (80, 3), (80, 3, 1)])
@pytest.mark.parametrize("sign", ["android", "ios"])
def test_trained_on_g_and_by_the_other_sign(tmp_path, shape, sign):
    model, raw = network(shape), windows_of()
    mean, std = [value / 10 for value in MEAN], [value / 10 for value in STD]
    edgehar.import_model(
        model, tmp_path / "own.keras", labels=LABELS, rate_hz=20, mean=mean, std=std, unit="g", sign=sign
    )
    own = raw / STANDARD_GRAVITY * (-1 if sign == "ios" else 1)
    expected = said_by(model, ((own - mean) / std).astype(np.float32).reshape(40, *shape))
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(240,), (80, 3)])
def test_one_axis_after_another(tmp_path, shape):
    """The article's notebook reshapes [xs, ys, zs] without transposing: its network reads x0, x1, x2 as one sample."""
    model, raw = network(shape), windows_of()
    edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20, mean=MEAN, std=STD, order="axes")
    own = (raw - np.float32(MEAN)) / np.float32(STD)
    expected = said_by(model, np.stack([[w[:, 0], w[:, 1], w[:, 2]] for w in own]).reshape(40, *shape))
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), expected, atol=1e-5)


def test_rows_that_are_axes(tmp_path):
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((3, 80)), layers.Permute((2, 1)), *network().layers])
    raw = windows_of()
    edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20)
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), said_by(model, raw.transpose(0, 2, 1)), atol=1e-5)


def test_logits_get_a_softmax(tmp_path):
    model, raw = network(last="linear"), windows_of()
    with pytest.raises(ContractError, match=r"probabilities that sum to 1, got sums .* give --logits"):
        edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20)
    assert not (tmp_path / "own.keras").exists()
    edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20, logits=True)
    powers = np.exp(model.predict(raw, verbose=0).astype(np.float64))
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), powers / powers.sum(1, keepdims=True), atol=1e-5)
    with pytest.raises(ContractError, match="without softmax or sigmoid with --logits"):
        edgehar.import_model(network(), tmp_path / "own.keras", labels=LABELS, rate_hz=20, logits=True)


def test_a_window_left_open(tmp_path):
    model = keras.Sequential([keras.Input((None, 3)), *network().layers])
    with pytest.raises(ContractError, match="--window"):
        edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20)
    edgehar.import_model(model, tmp_path / "own.keras", labels=LABELS, rate_hz=20, window=80)
    raw = windows_of()
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), said_by(model, raw), atol=1e-5)


def test_the_h5_of_keras_2(tmp_path):
    """Its first layer carries `batch_input_shape` and no InputLayer stands before it."""
    import h5py

    model, raw = network((240,)), windows_of()
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        stack = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
        for layer in stack:
            for name in ("module", "registered_name", "build_config"):
                layer.pop(name, None)
            layer["config"]["dtype"] = "float32"
        stack[0]["config"]["batch_input_shape"] = [None, 240]
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": stack}}
        )
        file.attrs["keras_version"] = "2.2.4"
    edgehar.import_model(tmp_path / "m.h5", tmp_path / "own.keras", labels=LABELS, rate_hz=20)
    np.testing.assert_allclose(predict(tmp_path / "own.keras", raw), said_by(model, raw.reshape(40, 240)), atol=1e-5)


def test_a_contract_instead(tmp_path):
    contract = Contract(LABELS, normalisation=Normalisation(MEAN, STD, folded=False))
    done = edgehar.import_model(network((240,)), tmp_path / "own.keras", contract=contract)
    assert done.contract.normalisation == contract.normalisation and done.contract.input_layout == "flat"
    with pytest.raises(EdgeharError, match="got a contract and rate"):
        edgehar.import_model(network(), tmp_path / "b.keras", contract=contract, rate_hz=20)
    with pytest.raises(EdgeharError, match="unit or sign"):
        edgehar.import_model(network(), tmp_path / "b.keras", contract=contract, unit="g")
    with pytest.raises(ContractError, match="contract's window of 60 samples, got 80"):
        edgehar.import_model(network(), tmp_path / "b.keras", contract=Contract(LABELS, window=60))


GIVEN = {"labels": LABELS, "rate_hz": 20}
REFUSED = {
    "labels": (lambda: network(), {"labels": LABELS[:2]}, r"each of the 2 labels, got outputs of shape \(3,\)"),
    "sigmoid": (lambda: network(classes=1, last="sigmoid"), {"labels": LABELS[:2]}, r"end it with Dense\(2"),
    "twice": (lambda: network(), {"labels": ("a", "a", "b")}, "distinct labels"),
    "no rate": (lambda: network(), {"rate_hz": None}, "got no rate"),
    "rate": (lambda: network(), {"rate_hz": -20.0}, "rate of 0"),
    "mean alone": (lambda: network(), {"mean": MEAN}, "got one of them"),
    "two means": (lambda: network(), {"mean": (1, 2), "std": STD}, "one mean or 3, one for each channel"),
    "std 0": (lambda: network(), {"mean": MEAN, "std": (1, 0, 1)}, "positive finite numbers for the deviation"),
    "order": (lambda: network(), {"order": "rows"}, "the order samples or axes, got 'rows'"),
    "window": (lambda: network(), {"window": 60}, r"window of 60 samples, got an input of \(80, 3\)"),
    "six axes": (
        lambda: keras.Sequential([keras.Input((80, 6)), *network().layers[1:]]),
        {},
        r"3 channels, got \(80, 6\); say with --channels",
    ),
    "two inputs": (
        lambda: keras.Model([a := keras.Input((80, 3)), b := keras.Input((80, 3))], network()(a + b)),
        {},
        "one input, got 2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(tmp_path, case):
    model, change, message = REFUSED[case]
    with pytest.raises(EdgeharError, match=message):
        edgehar.import_model(model(), tmp_path / "own.keras", **{**GIVEN, **change})
    assert list(tmp_path.iterdir()) == []


def test_damaged_weights(tmp_path):
    model = network()
    model.set_weights([np.full_like(values, np.nan) for values in model.get_weights()])
    with pytest.raises(ContractError, match="finite outputs"):
        edgehar.import_model(model, tmp_path / "own.keras", **GIVEN)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_the_file_is_refused(tmp_path, suffix):
    model = keras.Sequential([keras.Input((80, 3)), layers.Lambda(lambda x: x * 2), *network().layers])
    model.save(tmp_path / f"m{suffix}")
    with pytest.raises(EdgeharError, match=r"safe mode.*Lambda"):
        edgehar.import_model(tmp_path / f"m{suffix}", tmp_path / "own.keras", **GIVEN)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.keras", None, "no such file"),
        ("m.h5", b"", "expected weights in HDF5"),
        ("m.keras", b"PK\3\4rubbish", r"expected a \.keras file, got something else or a damaged one"),
        ("m.tflite", b"\0\0\0\0TFL3", r"expected a \.keras or \.h5 file"),
    ],
)
def test_other_files(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EdgeharError, match=message):
        edgehar.import_model(tmp_path / name, tmp_path / "own.keras", **GIVEN)
    with pytest.raises(EdgeharError, match=r"ends in \.keras"):
        edgehar.import_model(tmp_path / name, tmp_path / "own.h5", **GIVEN)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_every_command_names_the_import(tmp_path, suffix):
    network().save(tmp_path / f"m{suffix}")
    with pytest.raises(ContractError, match="edgehar import"):
        models.read_contract(tmp_path / f"m{suffix}")
    with pytest.raises(ContractError, match="edgehar import"):
        open_model(tmp_path / f"m{suffix}")
