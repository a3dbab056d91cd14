"""`edgehar.export` and `edgehar.bench` as functions, and the base install's way through them."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

import edgehar
from edgehar import models
from edgehar.api.export import _people
from edgehar.data import DataSource
from edgehar.errors import DataError, EdgeharError, MissingExtra


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A network of ours in a folder of its own: nothing says what it was trained on."""
    path = tmp_path_factory.mktemp("foreign") / "mine.keras"
    shutil.copy(models.resolve("micro"), path)
    return path


def test_a_model_from_elsewhere_is_never_calibrated_on_the_shipped_recordings(foreign, tmp_path):
    with pytest.raises(DataError, match="--dataset"):
        edgehar.export(foreign, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_the_bundle_says_where_its_recordings_came_from(foreign):
    dataset, contract = DataSource("hapt").open(), models.read_contract(foreign)
    source = DataSource("walks.csv", unit="g")
    told = _people(foreign, dataset, contract, None, source)
    assert told.origin["dataset_source"] == source.to_dict() and told.notes == ()
    assert "dataset_source" not in _people(foreign, dataset, contract, None, None).origin


def test_a_model_trained_on_everybody_is_measured_with_a_note(foreign, monkeypatch):
    dataset, contract = DataSource("hapt").open(), models.read_contract(foreign)
    everybody = replace(models.read_origin(models.resolve("micro")), test=(), train=dataset.subjects, validation=())
    monkeypatch.setattr("edgehar.convert.people.read_origin", lambda path: everybody)
    told = _people(foreign, dataset, contract, None, None)
    assert told.origin["test_windows"] == 0 and "the training people, and the figures flatter" in told.notes[0]
    assert len(told.test) == len(told.training) > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"int8": False, "explain": True}, "int8"),
        ({"int8": False, "hops": (3,)}, "int8"),
        ({"float_io": True, "hops": (3,)}, "float input"),
        ({"int8": False, "c": {"hop": 3}}, "C source"),
        ({"hops": (81,)}, "1 to 80"),
        ({"temperature": 0}, "number of 0.01"),
        ({"model": "nothing"}, "nothing"),
    ],
)
def test_options_that_exclude_each_other_are_refused_before_any_work(tmp_path, options, words):
    from edgehar.bundle.write import CSource

    if "c" in options:
        options = {**options, "c": CSource(**options["c"])}
    with pytest.raises(EdgeharError, match=words):
        edgehar.export(**{"model": "micro", "out": tmp_path / "b", **options})
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("call", "package", "extra"),
    [
        (lambda read: edgehar.train("hapt", read=read), "tensorflow", "train"),
        (lambda read: edgehar.crossval("hapt", read=read), "tensorflow", "train"),
        (lambda read: edgehar.search("hapt", read=read), "tensorflow", "search"),
        (lambda read: edgehar.export("micro", read=read), "tensorflow", "export"),
        (lambda read: edgehar.evaluate("micro", read=read), "scikit-learn", "data"),
    ],
)
def test_the_extra_that_has_everything_is_named_before_any_work(monkeypatch, call, package, extra):
    """One command installs what the task needs, not one missing package after the other."""
    base = ("numpy", "ai_edge_litert", "click", "rich", "flatbuffers", "msgspec")
    monkeypatch.setattr("edgehar.extras.find_spec", lambda name: find_spec(name) if name in base else None)
    monkeypatch.setitem(sys.modules, "sklearn", None)

    def read(source):
        raise AssertionError("recordings were read first")

    with pytest.raises(MissingExtra, match=rf"{package}.*edgehar\[{extra}\]"):
        call(read)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_the_result_of_an_export(bundle_of, tmp_path):
    """The function writes the bytes that the command writes."""
    result = edgehar.export("micro", tmp_path / "b")
    told = json.loads(json.dumps(result.to_dict()))
    assert result.passed and told["folder"] == str(tmp_path / "b") and told["gate"]["passed"] is True
    made = bundle_of("micro")
    for name in ("model_int8.tflite", "model_int8.onnx", "model.keras", "golden.json", "manifest.json"):
        assert (tmp_path / "b" / name).read_bytes() == (made / name).read_bytes(), name


def test_bench_without_scikit_learn_takes_the_golden_windows_and_says_so(bundle_of, tmp_path, monkeypatch):
    monkeypatch.setattr("edgehar.extras.find_spec", lambda name: None if name == "sklearn" else find_spec(name))
    result = edgehar.bench(bundle_of("micro"), runtimes=["litert-int8-reference"], quick=True, out=tmp_path / "r")
    row = result.results["rows"][0]
    assert result.measured and row["agreement"] > 0.9 and "accuracy" not in row and "macro_f1" not in row
    assert "golden windows" in result.results["dataset"]["note"]
    assert "pip install 'edgehar[data]'" in result.results["dataset"]["note"]
    with pytest.raises(MissingExtra):
        edgehar.bench(bundle_of("micro"), "hapt", quick=True, out=tmp_path / "r2")
    assert not (tmp_path / "r2").exists()


def test_bench_of_a_bundle_whose_recordings_are_not_here_takes_the_golden_windows(bundle_of, tmp_path):
    from edgehar.api.bench import _test_set
    from edgehar.bundle import open_bundle

    copy = shutil.copytree(bundle_of("micro"), tmp_path / "b")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["origin"]["dataset"] = "own"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    tests = _test_set(open_bundle(copy), None, None, None, DataSource.open)
    golden = json.loads((copy / "golden.json").read_text())
    assert "golden" in tests.note and "--dataset" in tests.note
    np.testing.assert_array_equal(tests.windows.x[0], np.array(golden["windows"][0]["window"], np.float32))
    assert [tests.windows.labels[y] for y in tests.windows.y] == [entry["label"] for entry in golden["windows"]]
    with pytest.raises(DataError):
        _test_set(open_bundle(copy), None, "leave:3", None, DataSource.open)
    own = _test_set(open_bundle(bundle_of("micro")), None, None, None, DataSource.open)
    assert own.split == "training's" and own.expected is None and len(own.windows) > 100
