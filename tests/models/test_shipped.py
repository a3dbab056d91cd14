"""The trained models that ship: what their manifests say of them holds."""

from __future__ import annotations

import json
import zipfile

import pytest

from edgehar import data, files, models
from edgehar.evaluate import evaluate
from edgehar.train import Recipe, loop


@pytest.fixture(scope="module")
def manifest():
    return json.loads(models.shipped("cnn").with_suffix(".json").read_text())


def test_cnn_is_there_and_is_the_articles():
    model, contract = models.load("cnn")
    assert model.count_params() == 520_486
    assert contract.labels == data.HAPT_LABELS
    assert (contract.rate_hz, contract.window, contract.input_layout) == (20.0, 80, "window")
    assert contract.normalisation is not None and not contract.normalisation.folded


def test_file_is_the_one_of_the_manifest_and_holds_no_optimiser(manifest):
    path = models.shipped("cnn")
    assert files.sha256_file(path) == manifest["model"]["sha256"]
    assert path.stat().st_size == manifest["model"]["bytes"] < 2_150_000
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("config.json"))["compile_config"] in ({}, None)


def test_made_by_the_default_recipe_without_test_people(manifest):
    assert manifest["plan"]["recipe"] == Recipe().to_dict()
    assert manifest["command"][:2] == ["edgehar", "train"]
    hapt = data.load("hapt")
    assert manifest["data"]["sha256"] == hapt.sha256
    people = manifest["subjects"]
    assert set(people["test"]) == set(hapt.published_test)
    assert not set(people["test"]) & set(people["train"] + people["validation"])
    assert len(people["train"] + people["validation"]) == 21


def test_statistics_are_those_of_the_training_people(manifest):
    from edgehar.train.run import normalisation

    _, contract = models.load("cnn")
    windows = data.cut_windows(data.load("hapt"), contract)
    people = manifest["subjects"]
    own = windows.of_subjects(people["train"] + people["validation"])
    assert normalisation(own, Recipe().normalisation) == contract.normalisation


def test_accuracy_on_the_published_test_people():
    model, contract = models.load("cnn")
    hapt = data.load("hapt")
    windows = data.cut_windows(hapt, contract).of_subjects(hapt.published_test)
    got = evaluate(loop.probabilities(model, contract, windows.x), windows.y, windows.subject, windows.labels)
    assert got.windows > 1700 and len(got.subject_accuracy) == 9
    assert got.accuracy == pytest.approx(0.9038, abs=5e-4)  # as docs/training.md says, on another machine too
