"""Weights for pocket and wrist, and the cards of all: what they say holds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import edgehar
from edgehar import files, models
from edgehar.cli import main
from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.models.cards import placement_of, read_cards
from edgehar.training import Recipe
from edgehar.training.run import RunPlan
from tests.scripts import load_runner

ROOT = Path(__file__).resolve().parents[2]
PLACED = tuple(name for name in models.shipped_names() if "-" in name)
#: Written by benchmarks/placements.py: the int8 files on people who trained them.
FILES = {row["model"]: row for row in csv.DictReader((ROOT / "docs/placements_files.csv").read_text().splitlines())}
#: Written by benchmarks/left_out.py: networks that were trained first, in int8, on whom they left out.
LEFT_OUT = {
    row["model"]: row for row in csv.DictReader((ROOT / "docs/placements_left_out.csv").read_text().splitlines())
}
#: Protocol, set and figure -> what `micro` must reach there, mean of the seeds; weights that do worse are not to ship.
LEAST = {
    ("pockets", "motionsense", "macro_f1"): 0.950,
    ("pockets", "motionsense", "adapted_macro_f1"): 0.965,
    ("loso", "motionsense", "macro_f1"): 0.82,
    ("loso", "selfback", "macro_f1"): 0.82,
    ("loso", "difronzo", "macro_f1"): 0.82,
    ("loso", "motionsense", "merged_macro_f1"): 0.90,
    ("loso", "selfback", "merged_macro_f1"): 0.90,
    ("loso", "difronzo", "merged_macro_f1"): 0.90,
    ("loso", "wisdm", "merged_macro_f1"): 0.72,
    ("wrist", "selfback", "macro_f1"): 0.80,
}
LABELS = {
    "pocket": {"walking", "jogging", "upstairs", "downstairs", "sitting", "standing"},
    "wrist": {"walking", "jogging", "upstairs", "downstairs", "sitting", "standing", "laying"},
}


@pytest.fixture(scope="module")
def script():
    """benchmarks/placements.py, which says how the weights are made and measured."""
    return load_runner("placements")


def manifest_of(name):
    return json.loads(models.shipped(name).with_suffix(".json").read_text())


def test_each_placement_has_weights():
    assert {placement_of(name) for name in PLACED} == set(LABELS) and set(FILES) == set(PLACED)
    assert models.shipped("micro-waist") == models.shipped("micro")
    with pytest.raises(EdgeharError, match="expected a shipped model out of"):
        models.shipped("micro-ankle")


@pytest.mark.parametrize("name", PLACED)
def test_file_and_contract(name):
    path, manifest = models.shipped(name), manifest_of(name)
    model, contract = models.load(name)
    arch, _, place = name.partition("-")
    assert files.sha256_file(path) == manifest["model"]["sha256"]
    assert path.stat().st_size == manifest["model"]["bytes"]
    assert set(contract.labels) == LABELS[place] and contract == Contract.from_dict(manifest["contract"])
    assert contract.front_end == ("pocket" if place == "pocket" else "none")
    # One label more makes the last layer of the wrist wider; nothing else differs.
    assert model.count_params() - models.load(arch)[0].count_params() == (model.layers[-1].kernel.shape[0] + 1) * (
        len(contract.labels) - 6
    )


@pytest.mark.parametrize("name", PLACED)
def test_made_by_the_recipe_that_is_measured(name, script):
    arch, _, place = name.partition("-")
    manifest = manifest_of(name)
    plan = RunPlan.of({}, arch, script.options_of(arch, place))
    assert Recipe.from_dict(manifest["plan"]["recipe"]) == plan.recipe
    assert manifest["plan"]["front_end"] == plan.front_end and manifest["plan"]["split"] == "none"
    assert manifest["command"][:2] == ["python", "benchmarks/placements.py"]
    assert manifest["command"][-2:] == ["runs", name], "no path of a machine"
    people = manifest["subjects"]["train"] + manifest["subjects"]["validation"]
    assert len(people) == len(set(people)) == {"pocket": 65, "wrist": 40}[place] and not manifest["subjects"]["test"]
    assert manifest["trained_on"] == "train and validation"
    assert (
        0.2 < manifest["temperature"] < 5
        and models.read_origin(models.shipped(name)).temperature == manifest["temperature"]
    )


def test_every_shipped_model_has_a_card_with_a_licence(capsys):
    cards = edgehar.model_cards()
    assert {card.name for card in cards} == set(models.shipped_names())
    for card in cards:
        assert card.labels and card.worn and card.people and len(card.not_for) == 2
        assert card.data and all(citation and licence for citation, licence in card.data)
    beside = (models.shipped("micro").parent / "LICENCES.md").read_text()
    for citation, licence in {pair for card in cards for pair in card.data}:
        assert citation.split(",")[0] in beside and licence.split(",")[0].split(" at")[0] in beside
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in models.shipped_names())
    assert main(["models", "micro-pocket"]) == 0
    text = capsys.readouterr().out
    assert "Malekzadeh" in text and "MIT" in text and "not for: lying" in text and "jogging" in text
    assert main(["models", "micro-pocket", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["placement"] == "pocket"
    assert main(["models", "nonesuch"]) == 2


def test_card_figures_of_the_waist_are_those_of_the_readme():
    front = {row["model"]: row for row in csv.DictReader((ROOT / "docs/images/front.csv").read_text().splitlines())}
    for name, row in front.items():
        (figure,) = read_cards(name)[0].figures
        assert (figure.accuracy, figure.macro_f1) == (float(row["accuracy"]), float(row["macro_f1"]))


def test_card_figures_of_the_other_placements_are_those_of_the_page(script):
    summed = script.means(script.read_rows(ROOT / "docs/placements.csv"))
    for row in summed:
        place = script.PROTOCOLS[row["protocol"]][0]
        figures = [figure for figure in read_cards(f"{row['arch']}-{place}")[0].figures if row["set"] in figure.on]
        expected = row["macro_f1"] if row["macro_f1"] != "" else row["merged_macro_f1"]
        assert any(figure.macro_f1 == pytest.approx(expected) for figure in figures), row
        assert f"{expected:.3f}" in (ROOT / "docs/placements.md").read_text()
        learned = [figure for figure in figures if figure.on.endswith("one window per class learned")]
        adapted = row["adapted_macro_f1"]
        assert adapted == "" or any(figure.macro_f1 == pytest.approx(adapted) for figure in learned), row
    adapted = sum(row["adapted_macro_f1"] != "" for row in summed)
    assert sum(len(read_cards(name)[0].figures) for name in PLACED) == len(summed) + adapted + len(PLACED)


def test_figures_reach_what_weights_must(script):
    rows = [row for row in script.read_rows(ROOT / "docs/placements.csv") if row["arch"] == "micro"]
    assert {row["seed"] for row in rows} == set(script.SEEDS)
    means = {(row["protocol"], row["set"]): row for row in script.means(rows)}
    below = {key: means[key[:2]][key[2]] for key, least in LEAST.items() if means[key[:2]][key[2]] < least}
    assert not below


@pytest.mark.parametrize("name", PLACED)
def test_the_last_figure_is_of_the_people_whom_the_first_training_left_out(name):
    manifest, figure = manifest_of(name), read_cards(name)[0].figures[-1]
    count, told = len(manifest["subjects"]["validation"]), manifest["validation"]
    row = LEFT_OUT[name]
    assert figure.on.startswith(f"{count} people left out"), "in int8, as every other figure of a card"
    assert (figure.accuracy, figure.macro_f1) == (float(row["accuracy"]), float(row["macro_f1"]))
    assert (float(row["float_accuracy"]), float(row["float_macro_f1"])) == (told["accuracy"], told["macro_f1"])
    assert int(row["people"]) == count and int(row["windows"]) == told["windows"]
    assert abs(figure.accuracy - told["accuracy"]) < 0.01
    others = {
        tuple(manifest_of(other)["subjects"]["validation"])
        for other in PLACED
        if placement_of(other) == placement_of(name)
    }
    assert len(others) == 1, "sizes are compared on the same people"


@pytest.mark.parametrize("name", FILES)
def test_figures_of_the_shipped_files(name, script, shared_data, monkeypatch):
    """On people who trained them, so no figure for a reader: it says that the file is the one that was measured."""
    monkeypatch.chdir(ROOT)
    kind, _, path = script.FILES[name.partition("-")[2]].partition(":")
    got = script.file_row(name, f"{kind}:{shared_data / Path(path).name}")
    assert got["windows"] == int(FILES[name]["windows"])
    assert got["accuracy"] == pytest.approx(float(FILES[name]["accuracy"]), abs=2e-3)
    assert got["macro_f1"] == pytest.approx(float(FILES[name]["macro_f1"]), abs=2e-3)
