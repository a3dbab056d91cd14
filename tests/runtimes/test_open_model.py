"""Opening models: the contract is found and checked, and whatever is wrong is said in one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.contract import Contract, Normalisation, TensorQuantisation
from edgehar.errors import ContractError, EdgeharError
from edgehar.models import find_contract
from edgehar.runtimes import ROWS, open_model

MODELS = ("model.keras", "model_float.tflite", "model_int8.tflite", "model.onnx", "model_int8.onnx")
SUFFIXES = ("keras", "tflite", "onnx")


def one_line(error: pytest.ExceptionInfo[EdgeharError]) -> str:
    """The message as the command line prints it, which must be a short line."""
    text = " ".join(str(error.value).split())
    assert text and len(text) < 600
    return text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_opens_its_file_of_a_bundle(bundle, golden, row):
    runtime = open_model(bundle / row.file, runtime=row.name)
    assert runtime.name == row.name
    probabilities = runtime.predict(golden[:2])
    assert probabilities.shape == (2, len(runtime.contract.labels))
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 0.02
    assert runtime.predict(golden[:0]).shape == (0, len(runtime.contract.labels))
    for wrong in (golden[:, :40], golden[0], np.full_like(golden[:1], np.nan)):
        with pytest.raises(ContractError):
            runtime.predict(wrong)
    runtime.close()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("model.keras", "keras"),
        ("model_float.tflite", "litert-float"),
        ("model_int8.tflite", "litert-int8"),
        ("model.onnx", "onnx-float"),
        ("model_int8.onnx", "onnx-int8"),
    ],
)
def test_usual_runtime_of_a_file_and_contract_from_inside_it(bundle, tmp_path, file, name):
    alone = tmp_path / file
    shutil.copy(bundle / file, alone)
    runtime = open_model(alone)
    assert runtime.name == name
    assert (runtime.contract.input_quantisation is not None) == (file == "model_int8.tflite")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "content", [b"", b"x", b"\0" * 4096, b"PK\x03\x04" + b"\1" * 400, b"\x1c\0\0\0TFL3" + b"\xff" * 999]
)
def test_files_that_are_no_models(contract, tmp_path, suffix, content):
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ContractError) as error:
        open_model(path, contract=contract)
    assert str(path) in one_line(error)


@pytest.mark.parametrize("file", MODELS)
@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_truncated_models(bundle, contract, tmp_path, file, share):
    content = (bundle / file).read_bytes()
    path = tmp_path / file
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ContractError) as error:
        open_model(path, contract=contract.float_io())
    assert str(path) in one_line(error)


FLIPS = """
import sys
from pathlib import Path
import numpy as np
from edgehar.errors import EdgeharError
from edgehar.runtimes import open_model
from edgehar.contract import Contract
from edgehar.schema import read_json
path, contract, row, file = Path(sys.argv[1]), read_json(sys.argv[2], Contract), *sys.argv[3:]
file = Path(file)
content = bytearray(path.read_bytes())
rng = np.random.default_rng(5)
refused = 0
for case in range(40):
    damaged = content.copy()
    # The tables stand at the beginning and, in what the converter writes, near the end.
    low, high = ((8, 600) if case % 2 else (len(content) - 9000, len(content)))
    for place in rng.integers(low, high, 4):
        damaged[int(place)] = int(rng.integers(256))
    file.write_bytes(damaged)
    try:
        open_model(file, runtime=row, contract=contract)
    except EdgeharError:
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("row", ["litert-int8", "tflm-int8"])
def test_damaged_tflite_never_ends_the_process(bundle, tmp_path, row):
    arguments = [
        str(bundle / "model_int8.tflite"),
        str(bundle / "contract.json"),
        row,
        str(tmp_path / "damaged.tflite"),
    ]
    done = subprocess.run([sys.executable, "-c", FLIPS, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 0


def test_paths_that_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing.tflite"):
        with pytest.raises(EdgeharError) as error:
            open_model(path)
        one_line(error)
    (tmp_path / "model.h5").write_bytes(b"x")
    with pytest.raises(ContractError):
        open_model(tmp_path / "model.h5")


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("model_float.tflite", "litert-int8"),
        ("model_float.tflite", "litert-int8-reference"),
        ("model_float.tflite", "tflm-int8"),
        ("model_int8.tflite", "litert-float"),
        ("model_int8.tflite", "onnx-int8"),
        ("model.onnx", "onnx-int8"),
        ("model_int8.onnx", "onnx-float"),
        ("model.keras", "litert-float"),
    ],
)
def test_a_row_refuses_a_file_of_another_kind(bundle, file, row):
    with pytest.raises(ContractError) as error:
        open_model(bundle / file, runtime=row)
    assert row in one_line(error)


def test_unknown_row_and_no_threads(bundle):
    with pytest.raises(EdgeharError, match="litert-int8-reference"):
        open_model(bundle / "model_int8.tflite", runtime="litert")
    with pytest.raises(EdgeharError, match="1 thread"):
        open_model(bundle / "model_int8.tflite", threads=0)


@pytest.mark.parametrize("file", MODELS)
def test_another_contract_is_refused(bundle, contract, file):
    """A caller that expects other labels or another window must not get predictions."""
    for other in (
        replace(contract, labels=(*contract.labels[1:], contract.labels[0])),
        replace(contract, labels=contract.labels[:-1]),
        replace(contract, window=64),
        replace(contract, rate_hz=50.0),
    ):
        with pytest.raises(ContractError) as error:
            open_model(bundle / file, contract=other)
        assert file in one_line(error)


def bare(bundle: Path, tmp_path: Path) -> Path:
    """The int8 model without the zip that carries its contract."""
    content = (bundle / "model_int8.tflite").read_bytes()
    path = tmp_path / "bare.tflite"
    with zipfile.ZipFile(bundle / "model_int8.tflite") as archive:
        start = min(entry.header_offset for entry in archive.infolist())
    path.write_bytes(content[:start])
    return path


def test_without_a_contract_it_says_what_is_missing(bundle, tmp_path):
    path = bare(bundle, tmp_path)
    assert find_contract(path) is None
    with pytest.raises(ContractError, match="no contract inside"):
        open_model(path)


def test_contract_beside_the_model(bundle, contract, tmp_path):
    path = bare(bundle, tmp_path)
    shutil.copy(bundle / "contract.json", tmp_path)
    assert open_model(path).contract.labels == contract.labels
    (tmp_path / "contract.json").write_text(json.dumps(contract.to_dict())[:100])
    with pytest.raises(EdgeharError) as error:
        open_model(path)
    one_line(error)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ("a", "b")},
        {"window": 40},
        {"input_layout": "flat"},
        {"input_quantisation": TensorQuantisation(0.5, 0)},
        {"output_quantisation": TensorQuantisation(1 / 256, -127)},
    ],
)
def test_model_that_does_not_fit_its_contract(bundle, contract, tmp_path, change):
    path = bare(bundle, tmp_path)
    with pytest.raises(ContractError) as error:
        open_model(path, contract=replace(contract, **change))
    assert "expected" in one_line(error)


def tiny_keras(path: Path, shape: tuple[int, ...], contract: Contract) -> Path:
    """A `.keras` of one dense layer that carries the contract."""
    import keras

    keras.utils.set_random_seed(3)
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(len(contract.labels), "softmax")]
    keras.Sequential(layers).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("contract.json", json.dumps(contract.to_dict()))
    return path


def test_keras_applies_the_normalisation_that_is_not_folded(tmp_path):
    norm = Normalisation((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), folded=False)
    contract = Contract(labels=("a", "b", "c"), window=5, normalisation=norm)
    x = np.random.default_rng(0).normal(0, 5, (4, 5, 3)).astype(np.float32)
    raw = open_model(tiny_keras(tmp_path / "raw.keras", (5, 3), contract)).predict(x)
    folded = replace(contract, normalisation=replace(norm, folded=True))
    other = open_model(tiny_keras(tmp_path / "folded.keras", (5, 3), folded))
    np.testing.assert_allclose(raw, other.predict((x - np.float32([1, 2, 3])) / np.float32([4, 5, 6])), atol=1e-6)
    assert np.abs(raw - other.predict(x)).max() > 1e-3


def test_flat_layout_is_the_same_samples_in_the_same_order(tmp_path):
    window = Contract(labels=("a", "b", "c"), window=5)
    flat = replace(window, input_layout="flat")
    x = np.random.default_rng(1).normal(0, 5, (6, 5, 3)).astype(np.float32)
    one = open_model(tiny_keras(tmp_path / "window.keras", (5, 3), window)).predict(x)
    two = open_model(tiny_keras(tmp_path / "flat.keras", (15,), flat))
    np.testing.assert_allclose(one, two.predict(x), atol=1e-7)
    assert two.prepare(x[0]).tolist() == [x[0].reshape(-1).tolist()]


def test_keras_code_inside_the_file_is_not_run(tmp_path):
    import keras

    contract = Contract(labels=("a", "b", "c"), window=5)
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.Lambda(lambda x: x[:, 0] * 1.0)])
    path = tmp_path / "lambda.keras"
    model.save(path)
    with pytest.raises(ContractError) as error:
        open_model(path, contract=contract)
    one_line(error)


def test_keras_with_two_inputs_is_refused(tmp_path):
    import keras

    a, b = keras.Input((5, 3)), keras.Input((5, 3))
    out = keras.layers.Dense(3)(keras.layers.Flatten()(a + b))
    path = tmp_path / "two.keras"
    keras.Model([a, b], out).save(path)
    with pytest.raises(ContractError, match="one input, got 2"):
        open_model(path, contract=Contract(labels=("a", "b", "c"), window=5))
