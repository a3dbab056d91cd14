"""Reading bundles: nothing is used whose hash is not the manifest's."""

from __future__ import annotations

import json
import shutil

import pytest

from edgehar.bundle import open_bundle
from edgehar.errors import BundleError


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "bundle")


def test_opens_and_verifies(bundle):
    opened = open_bundle(bundle)
    opened.verify()
    assert opened.file("model_int8.tflite") == bundle / "model_int8.tflite"
    assert opened.labels == opened.contract.labels
    assert "model_int8.tflite" in opened and "other.tflite" not in opened
    assert opened.json("contract.json", dict)["labels"] == list(opened.labels)


def test_changed_byte_is_found_when_the_file_is_used(copy):
    path = copy / "model_int8.tflite"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    opened = open_bundle(copy)
    opened.file("model_float.tflite")
    with pytest.raises(BundleError, match="SHA-256"):
        opened.file("model_int8.tflite")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: (b / "model.onnx").unlink(), "missing"),
        (lambda b: (b / "model.onnx").write_bytes(b"x"), "bytes"),
        (lambda b: (b / "manifest.json").unlink(), "without manifest.json"),
        (lambda b: (b / "manifest.json").write_bytes(b""), "JSON"),
        (lambda b: (b / "manifest.json").write_bytes(b"\xff\xfe\0"), "JSON"),
        (lambda b: (b / "manifest.json").write_text("[]"), "expected an object"),
        (lambda b: (b / "manifest.json").write_text('{"format": "edgehar-bundle-9"}'), "edgehar-bundle-9"),
        (lambda b: shutil.rmtree(b), "nothing there"),
    ],
)
def test_damage_is_said_in_one_line(copy, damage, words):
    damage(copy)
    with pytest.raises(BundleError, match=words) as error:
        open_bundle(copy).verify()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a//b", "..", "", "c:\\x", "./x"])
def test_names_that_leave_the_folder_are_refused(copy, name):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError):
        open_bundle(copy)


@pytest.mark.parametrize("change", [{"files": {}}, {"files": None}, {"contract": None}, {"contract": {"format": "x"}}])
def test_incomplete_manifest(copy, change):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, **change}))
    with pytest.raises(BundleError):
        open_bundle(copy)


def test_file_that_the_export_left_out(copy):
    with pytest.raises(BundleError, match="--int8"):
        open_bundle(copy).file("other_int8.tflite")
