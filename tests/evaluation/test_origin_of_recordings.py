"""Which recordings and people a model is measured on where nothing is said, and what a base install does."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from edgehar import models
from edgehar.api.evaluate import evaluate
from edgehar.cli import main
from edgehar.errors import MissingExtra
from edgehar.runtimes import registry


def test_a_model_without_manifest_is_not_measured_on_hapt(tmp_path, capsys):
    model = shutil.copy(models.shipped("micro"), tmp_path / "mine.keras")
    assert main(["evaluate", str(model)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "name them with --dataset" in captured.err
    assert main(["evaluate", str(model), "--dataset", "hapt", "--subjects", "2,4"]) == 0
    assert "note: nothing says whom the model was trained on" in capsys.readouterr().err
    assert main(["evaluate", "micro", "--subjects", "2,4"]) == 0
    assert "nothing says" not in capsys.readouterr().err


def test_options_of_a_source_need_the_source(capsys):
    assert main(["evaluate", "micro", "--unit", "g"]) == 2
    assert "expected --dataset with --unit" in capsys.readouterr().err


def with_people(tmp_path, train, test):
    """The shipped network with a manifest that says it was trained on others."""
    model = shutil.copy(models.shipped("micro"), tmp_path / "mine.keras")
    told = json.loads(models.shipped("micro").with_suffix(".json").read_text())
    told["subjects"] = {"train": train, "validation": [], "test": test}
    (tmp_path / "mine.json").write_text(json.dumps(told))
    return model


def test_the_models_own_test_people(tmp_path):
    assert evaluate(with_people(tmp_path, ["1", "2"], ["3", "5"])).people == ("3", "5")


def test_trained_on_everybody(tmp_path):
    everybody = [str(number) for number in range(1, 31)]
    result = evaluate(with_people(tmp_path, everybody, []), people=("1", "2"))
    assert any("trained on everybody in hapt: no unseen people exist" in note for note in result.notes)


def lacks(monkeypatch, *packages):
    real = registry.Row.installed.fget
    monkeypatch.setattr(registry.Row, "installed", property(lambda row: row.package not in packages and real(row)))


def test_what_cannot_run_here_is_left_out_and_said(bundle, monkeypatch, capsys):
    lacks(monkeypatch, "onnxruntime")
    assert main(["evaluate", str(bundle), "--subjects", "2,4", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert set(told["models"]) == {"model_float.tflite", "model_int8.tflite"}
    assert set(told["skipped"]) == {"model.onnx", "model_int8.onnx"}
    assert "skipped model.onnx: this needs onnxruntime" in captured.err and "edgehar[bench]" in captured.err


def test_what_is_missing_is_said_before_the_work(bundle, monkeypatch):
    def read(source):
        raise AssertionError("recordings were read first")

    lacks(monkeypatch, "onnxruntime")
    with pytest.raises(MissingExtra, match="onnxruntime"):
        evaluate(bundle / "model.onnx", read=read)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match=r"scikit-learn.*edgehar\[data\]"):
        evaluate(bundle, read=read)


def test_one_runtime_for_a_bundle(bundle):
    result = evaluate(bundle, people=("2", "4"), runtime="litert-int8-reference")
    assert set(result.models) == {"model_int8.tflite"}
    assert result.skipped["model.onnx"] == "the runtime litert-int8-reference runs model_int8.tflite"
