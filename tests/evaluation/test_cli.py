"""`edgehar evaluate` on every kind of model file, on a bundle, and on things that are none."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgehar
from edgehar import data, models
from edgehar.cli import main
from edgehar.contract import Contract
from edgehar.evaluation import evaluate

SUBJECTS = "2,4"


def run(capsys, *arguments):
    status = main(["evaluate", *map(str, arguments)])
    return status, capsys.readouterr()


@pytest.fixture(scope="module")
def windows():
    hapt = data.load("hapt")
    return data.cut_windows(hapt, Contract(data.HAPT_LABELS)).of_subjects(SUBJECTS.split(","))


@pytest.mark.parametrize("name", ["model_float.tflite", "model_int8.tflite", "model.onnx", "model_int8.onnx"])
def test_files_of_a_bundle(name, bundle, windows, capsys):
    from edgehar.runtimes import open_model

    status, captured = run(capsys, bundle / name, "--subjects", SUBJECTS, "--json")
    assert status == 0
    got = json.loads(captured.out)["models"][name]
    probabilities = open_model(bundle / name).predict(windows.x)
    expected = evaluate(probabilities, windows.y, windows.subject, windows.labels)
    transitions, strange = got.pop("transitions"), got.pop("out_of_place", None)
    assert 0 <= strange < 0.02 if name == "model_int8.tflite" else strange is None
    assert got == {key: value for key, value in expected.to_dict().items() if key != "transitions"}
    # Two people did each of the six transitions, twice at least.
    assert len(transitions["windows"]) == 6 and min(transitions["windows"].values()) >= 4
    assert 0 <= transitions["overall"] <= 1 and transitions["separation"] > 0.5
    assert got["subjects"].keys() == {"2", "4"}


def test_the_share_that_is_worn_as_never_trained(bundle, tmp_path, capsys):
    """A phone that is turned by a quarter: half of the windows are of walking, and told so without what came before."""
    frame = edgehar.read("hapt")
    one = frame[frame["subject"] == "2"]
    one.assign(x=one["y"], y=-one["x"]).to_csv(tmp_path / "turned.csv", index=False)
    path = bundle / "model_int8.tflite"
    status, captured = run(capsys, path, "--dataset", tmp_path / "turned.csv", "--json")
    assert status == 0
    told = json.loads(captured.out)
    share = told["models"][path.name]["out_of_place"]
    assert 0.5 < share < 1
    note = f"{path.name}: worn as it was never trained in {100 * share:.1f} % of the windows"
    assert any(line.startswith(note) for line in told["notes"])


def test_keras_and_plots(tmp_path, capsys, windows):
    status, captured = run(capsys, models.shipped("cnn"), "--subjects", SUBJECTS, "--plot", tmp_path)
    assert status == 0
    assert all(title in captured.out for title in (": by class", "Confusion, windows", "By person"))
    assert captured.out.strip().splitlines()[-1].startswith("cnn.keras on hapt: accuracy ")
    assert f"{len(windows)} windows of 2 people" in captured.out
    assert "Calibration error" in captured.out and "all transitions" in captured.out
    for name in ("cnn_keras_confusion.png", "cnn_keras_people.png", "cnn_keras_reliability.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_bundle_gives_one_line_a_model(bundle, capsys):
    status, captured = run(capsys, bundle, "--subjects", SUBJECTS)
    assert status == 0
    for name in ("model_float.tflite", "model_int8.tflite", "model.onnx", "model_int8.onnx"):
        assert name in captured.out


def test_published_test_people_by_default(bundle, capsys):
    status, captured = run(capsys, bundle / "model_int8.tflite", "--json")
    assert status == 0
    people = json.loads(captured.out)["models"]["model_int8.tflite"]["subjects"]
    assert set(people) == set(data.load("hapt").published_test)


@pytest.mark.parametrize("model", ["bundle", "cnn"])
def test_says_when_people_were_trained_on(model, bundle, capsys):
    path = bundle / "model_int8.tflite" if model == "bundle" else "cnn"
    _, captured = run(capsys, path, "--subjects", "1,2")
    assert "the model was trained on 1: these figures flatter it" in captured.err
    _, captured = run(capsys, path, "--subjects", SUBJECTS)
    assert "trained on" not in captured.err


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.tflite", b""), ("binary.keras", b"\x00\x01"), ("cut.onnx", b"\x08\x07"), ("text.txt", b"hello")],
)
def test_refuses_files(name, content, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    status, captured = run(capsys, tmp_path / name)
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("error: ") and name in captured.err and "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nonesuch"], "expected a shipped model out of"),
        (["nonesuch.keras"], "no such model file"),
        (["cnn", "--subjects", "99"], "no person '99'"),
        (["cnn", "--subjects", "2", "--split", "published"], "expected --split or --subjects"),
        (["cnn", "--dataset", "nothing.csv"], "nothing.csv"),
    ],
)
def test_refuses(given, message, capsys):
    status, captured = run(capsys, *given)
    assert status == 2
    assert message in captured.err


def test_evaluation_agrees_with_itself(windows):
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(6), len(windows)).astype(np.float32)
    got = evaluate(probabilities, windows.y, windows.subject, windows.labels).to_dict()
    counts = np.array(got["confusion"]["counts"])
    assert counts.sum() == got["windows"] == sum(person["windows"] for person in got["subjects"].values())
    assert np.trace(counts) / counts.sum() == pytest.approx(got["accuracy"])
    assert json.loads(json.dumps(got)) == got
