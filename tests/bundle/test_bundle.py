"""The bundle of the shipped model: what is in it, and that it is what the manifest says."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from edgehar.bundle import open_bundle
from edgehar.contract import Contract
from edgehar.files import sha256_file
from edgehar.runtimes import open_model

FILES = {
    "README.md", "contract.json", "golden.json", "labels.txt", "model.keras", "model.onnx", "model_float.tflite",
    "model_int8.onnx", "model_int8.tflite", "c/model_data.c", "c/model_data.h",
}  # fmt: skip
#: Bytes at most, metadata included.
SIZES = {
    "model_float.tflite": 2_100_000,
    "model_int8.tflite": 545_000,
    "model.onnx": 2_100_000,
    "model_int8.onnx": 560_000,
}
OPERATORS = {"CONV_2D": 4, "MAX_POOL_2D": 1, "MEAN": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}
ARENA = 20_500


@pytest.fixture(scope="module")
def manifest(bundle):
    return json.loads((bundle / "manifest.json").read_text())


@pytest.fixture(scope="module")
def golden(bundle):
    return json.loads((bundle / "golden.json").read_text())


def test_files_and_hashes(bundle, manifest):
    on_disk = {p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if p.is_file()}
    assert on_disk == FILES | {"manifest.json"}
    assert set(manifest["files"]) == FILES
    for name, entry in manifest["files"].items():
        assert entry == {"bytes": (bundle / name).stat().st_size, "sha256": sha256_file(bundle / name)}


@pytest.mark.parametrize(("name", "most"), SIZES.items())
def test_sizes(bundle, name, most):
    assert (bundle / name).stat().st_size <= most


def test_int8_operators(manifest):
    operators = manifest["operators"]["model_int8.tflite"]
    rest = [name for name in operators if name not in OPERATORS]
    assert {name: operators.count(name) for name in OPERATORS} == OPERATORS
    assert set(rest) <= {"RESHAPE"} and len(rest) <= 2


def test_arena(manifest):
    if manifest["tflm_arena_bytes"] is None:
        pytest.skip("tflite-micro is not installed")
    assert 10_000 < manifest["tflm_arena_bytes"] <= ARENA


def test_int8_has_integer_input_and_output_and_a_batch_of_one(bundle):
    interpreter = Interpreter(str(bundle / "model_int8.tflite"))
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert (inputs["dtype"], list(inputs["shape"]), inputs["name"]) == (np.int8, [1, 80, 3], "window")
    assert (outputs["dtype"], list(outputs["shape"]), outputs["name"]) == (np.int8, [1, 6], "probabilities")
    assert outputs["quantization"] == (1 / 256, -128)


def test_contract_travels_inside_every_model(bundle):
    beside = Contract.from_dict(json.loads((bundle / "contract.json").read_text()))
    assert beside.input_quantisation is not None and beside.normalisation.folded
    for name in ("model_float.tflite", "model_int8.tflite"):
        with zipfile.ZipFile(bundle / name) as archive:
            inside = Contract.from_dict(json.loads(archive.read("contract.json")))
            assert archive.read("labels.txt").decode().split() == list(beside.labels)
        assert inside.float_io() == beside.float_io()
    for name in ("model.onnx", "model_int8.onnx", "model.keras"):
        runtime = open_model(bundle / name, contract=None)
        assert runtime.contract.labels == beside.labels
        assert runtime.contract.normalisation.folded == (name != "model.keras")


def test_metadata_is_litert_metadata(bundle):
    model = schema.ModelT.InitFromPackedBuf(bytearray((bundle / "model_int8.tflite").read_bytes()), 0)
    [entry] = [item for item in model.metadata if item.name == b"TFLITE_METADATA"]
    content = bytes(bytearray(model.buffers[entry.buffer].data))
    assert content[4:8] == b"M001"
    for text in (b"m/s^2", b"labels.txt", b"20 Hz", b"android"):
        assert text in content


def test_buffers_are_aligned(bundle):
    content = np.fromfile(bundle / "model_int8.tflite", np.uint8)
    model = schema.Model.GetRootAs(content.tobytes(), 0)
    base = np.frombuffer(model._tab.Bytes, np.uint8).ctypes.data
    for index in range(model.BuffersLength()):
        if model.Buffers(index).DataLength():
            assert (model.Buffers(index).DataAsNumpy().ctypes.data - base) % 16 == 0


def test_golden_windows_of_every_class(bundle, golden):
    labels = open_bundle(bundle).labels
    assert golden["labels"] == list(labels)
    assert {entry["label"] for entry in golden["windows"]} == set(labels)
    windows = np.array([entry["window"] for entry in golden["windows"]], np.float32)
    reference = open_model(bundle / "model_int8.tflite", runtime="litert-int8-reference")
    for entry, window in zip(golden["windows"], windows, strict=True):
        tensor = reference.prepare(window)
        assert tensor.reshape(-1).tolist() == entry["int8_input"]
        assert reference.invoke(tensor).tolist() == entry["int8_output"]
    trained = open_model(bundle / "model.keras").predict(windows)
    np.testing.assert_allclose(trained, [entry["probabilities"] for entry in golden["windows"]], atol=1e-6)


def test_manifest_says_where_everything_comes_from(manifest):
    origin = manifest["origin"]
    assert not set(origin["training_people"]) & set(origin["test_people"])
    assert origin["test_people"] == ["2", "4", "9", "10", "12", "13", "18", "20", "24"]
    assert len(manifest["calibration"]["indices"]) == manifest["calibration"]["windows"] == 300
    # Without the probabilities, whose range is fixed.
    assert len(manifest["coverage"]) == 10
    assert all(0.99 < entry["inside"] <= 1 for entry in manifest["coverage"])
    assert manifest["gate"]["passed"] and manifest["gate"]["bounds"] == {"max_loss": 0.5, "min_agreement": 98.0}
    rows = {row["file"]: row for row in manifest["gate"]["rows"]}
    assert rows["model_float.tflite"]["max_difference"] <= 1e-5
    assert rows["model.onnx"]["max_difference"] <= 1e-5


def test_readme_python_block_runs_as_it_stands(bundle, golden, tmp_path):
    [block] = re.findall(r"```python\n(.*?)```", (bundle / "README.md").read_text(), re.S)
    done = subprocess.run([sys.executable, "-c", block], cwd=bundle, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == golden["windows"][0]["int8_label"]


def test_readme_names_every_operator_and_the_arena(bundle, manifest):
    page = (bundle / "README.md").read_text()
    methods = re.findall(r"resolver\.(Add\w+)\(\)", page)
    assert len(methods) == len(set(manifest["operators"]["model_int8.tflite"]))
    assert f"MicroMutableOpResolver<{len(methods)}>" in page
    if manifest["tflm_arena_bytes"]:
        assert f"{manifest['tflm_arena_bytes']} bytes" in page
    assert not re.search(r"\$\{?[a-z_]+\}?", page.replace("${window.size}", ""))


def test_two_exports_are_equal_and_a_strict_gate_fails(bundle, manifest, run_cli, tmp_path):
    done = run_cli("export", "--int8", "--out", tmp_path / "again", "--gate", "0,100", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: quality gate: ")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (bundle / name).read_bytes(), name
    marked = json.loads((tmp_path / "again" / "manifest.json").read_text())
    assert not marked["gate"]["passed"]
    assert {key: value for key, value in marked.items() if key != "gate"} == {
        key: value for key, value in manifest.items() if key != "gate"
    }


@pytest.mark.parametrize("name", ["model_int8.tflite", "golden.json"])
def test_a_changed_file_is_noticed(bundle, tmp_path, name):
    shutil.copytree(bundle, tmp_path / "changed")
    content = bytearray((tmp_path / "changed" / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed" / name).write_bytes(bytes(content))
    with pytest.raises(Exception, match="SHA-256"):
        open_bundle(tmp_path / "changed").file(name)
