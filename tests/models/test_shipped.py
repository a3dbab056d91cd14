"""The trained models that ship: what their manifests and the README say of them holds."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from edgehar import data, files, models
from edgehar.evaluation import evaluate
from edgehar.models.family import NAMED
from edgehar.runtimes import open_model
from edgehar.training import recipe_for, run

ROOT = Path(__file__).resolve().parents[2]
#: Written by benchmarks/front.py.
FRONT = {row["model"]: row for row in csv.DictReader((ROOT / "docs/images/front.csv").read_text().splitlines())}
NAMES = ("nano", "micro", "mini", "cnn")
#: What differs from an architecture's own recipe, as docs/training.md gives it.
BOTH = {"align": "both", "teachers": 0, "rotation": 0.05}
OPTIONS = {"nano": {}, "micro": BOTH, "mini": {**BOTH, "mix": 0.0}, "cnn": {**BOTH, "mix": 0.0}}
MOST_PARAMETERS = {"nano": 2_000, "micro": 6_000, "mini": 25_000, "cnn": 520_486}


def manifest_of(name):
    return json.loads(models.shipped(name).with_suffix(".json").read_text())


def test_these_ship():
    waist = {name for name in models.shipped_names() if "-" not in name}  # of the others: test_placed.py
    assert waist == set(NAMES) == set(models.ARCHITECTURES) == set(FRONT)


@pytest.mark.parametrize("name", NAMES)
def test_contract_and_size(name):
    model, contract = models.load(name)
    assert model.count_params() == manifest_of(name)["model"]["parameters"] <= MOST_PARAMETERS[name]
    assert contract.labels == data.HAPT_LABELS
    assert (contract.rate_hz, contract.window, contract.input_layout) == (20.0, 80, "window")
    assert contract.normalisation is not None and not contract.normalisation.folded


@pytest.mark.parametrize("name", NAMED)
def test_a_hop_of_a_second_keeps_the_phase_of_every_activation(name):
    total = 1
    for layer in models.load(name)[0].layers:
        total *= getattr(layer, "strides", (1,))[0]
    assert 20 % total == 0


@pytest.mark.parametrize("name", NAMES)
def test_file_is_the_one_of_the_manifest_and_holds_no_optimiser(name):
    path, manifest = models.shipped(name), manifest_of(name)
    assert files.sha256_file(path) == manifest["model"]["sha256"]
    assert path.stat().st_size == manifest["model"]["bytes"] < 2_150_000
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("config.json"))["compile_config"] in ({}, None)


@pytest.mark.parametrize("name", NAMES)
def test_made_by_its_recipe_without_test_people(name):
    manifest = manifest_of(name)
    plan = run.RunPlan.of({}, name, OPTIONS[name])
    assert manifest["plan"]["recipe"] == plan.recipe.to_dict() and manifest["plan"].get("align", "none") == plan.align
    assert manifest["command"][:2] == ["edgehar", "train"]
    hapt = data.load("hapt")
    assert manifest["data"]["sha256"] == hapt.sha256
    people = manifest["subjects"]
    assert set(people["test"]) == set(hapt.published_test)
    assert not set(people["test"]) & set(people["train"] + people["validation"])
    assert len(people["train"] + people["validation"]) == 21


@pytest.mark.parametrize("name", NAMES)
def test_statistics_are_those_of_the_training_people(name):
    _, contract = models.load(name)
    prepared = run.prepare(run.RunPlan.of({}, name, OPTIONS[name]), data.load("hapt"))
    people = manifest_of(name)["subjects"]
    own = prepared.coarse.of_subjects(people["train"] + people["validation"])
    assert run.normalisation(own, recipe_for(name).normalisation) == contract.normalisation


@pytest.mark.parametrize("name", NAMES)
def test_gravity_while_walking_is_that_of_the_training_people(name):
    from edgehar.personal.aligned import contract_gravity

    people = manifest_of(name)["subjects"]
    _, contract = models.load(name)
    found = contract_gravity(data.load("hapt"), people["train"] + people["validation"], contract)
    assert contract.walking_gravity == found and list(found) == manifest_of(name)["contract"]["walking_gravity"]


@pytest.mark.parametrize("name", NAMES)
def test_int8_accuracy_on_the_published_test_people(name, bundle_of):
    """From the bundle, against what the README's table says: one window in 500 may fall otherwise elsewhere."""
    path = bundle_of(name) / "model_int8.tflite"
    hapt = data.load("hapt")
    runtime = open_model(path)
    try:
        windows = data.cut_windows(hapt, runtime.contract).of_subjects(hapt.published_test)
        got = evaluate(runtime.predict(windows.x), windows.y, windows.subject, windows.labels)
    finally:
        runtime.close()
    assert got.windows > 1700 and len(got.subject_accuracy) == 9
    assert got.accuracy == pytest.approx(float(FRONT[name]["accuracy"]), abs=2e-3)
    assert got.macro_f1 == pytest.approx(float(FRONT[name]["macro_f1"]), abs=2e-3)
    assert path.stat().st_size == int(FRONT[name]["tflite"])


@pytest.mark.parametrize("name", NAMES)
def test_both_int8_files_say_what_keras_says(name, bundle_of):
    manifest = json.loads((bundle_of(name) / "manifest.json").read_text())
    rows = {row["file"]: row for row in manifest["gate"]["rows"]}
    for file in ("model_int8.tflite", "model_int8.onnx"):
        # Saturated sums, as eight bits per weight give without VNNI, were off by 0.2 … 0.7.
        assert rows[file]["agreement"] >= 0.99 and rows[file]["max_difference"] < 0.15, (file, rows[file])


def test_micro_fits_where_it_is_meant_to():
    row = FRONT["micro"]
    assert int(row["tflite"]) <= 24_000 and int(row["instructions"]) <= 250_000
