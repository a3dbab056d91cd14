"""Leaving one set out: nobody of it is seen, a coarser truth of another is used, and each set has its figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgehar.cli import main
from edgehar.training import crossval, loop, run
from edgehar.training.by_source import by_source
from tests.training.crossval.conftest import QUICK

MATCH = ("--match", "still=sitting,standing")


@pytest.fixture(scope="module")
def pool(recordings, tmp_path_factory):
    """Three sets of the same people; the last one only knows that somebody is still."""
    folder = tmp_path_factory.mktemp("pool")
    text = recordings.read_text()
    coarse = text.replace("sitting", "still").replace("standing", "still")
    for name, content in {"one": text, "two": text, "three": coarse}.items():
        (folder / f"{name}.csv").write_text(content)
    path = folder / "pool.toml"
    path.write_text(
        "".join(f'[[source]]\nname = "{name}"\nsource = "{name}.csv"\n' for name in ("one", "two", "three"))
    )
    return path


def arguments(pool, folder, *more):
    return ["crossval", "--dataset", str(pool), "--leave-one-source-out", *MATCH, *QUICK, "--out", str(folder), *more]


def test_the_set_that_is_left_out_is_never_seen(pool, tmp_path, capsys, monkeypatch):
    seen = []
    real = loop.fit

    def fit(recipe, contract, train, validation, **options):
        people = set(train.subject) | set([] if validation is None else validation.subject)
        seen.append(({str(name).partition(":")[0] for name in people}, contract.labels, options["chance"], train))
        return real(recipe, contract, train, validation, **options)

    monkeypatch.setattr(loop, "fit", fit)
    assert main(arguments(pool, tmp_path / "run", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [sets for sets, *_ in seen] == [{"two", "three"}, {"one", "three"}, {"one", "two"}]
    for sets, labels, chance, train in seen:
        assert labels == ("walking", "sitting", "standing"), "`still` is no label of the model"
        assert chance is not None and len(chance) == len(train)
        assert ((train.y == 3).any()) == ("three" in sets)
    folds = [json.loads((tmp_path / "run" / f"fold-{number:02d}.json").read_text()) for number in (1, 2, 3)]
    for fold, name in zip(folds, ("one", "two", "three"), strict=True):
        assert {person.partition(":")[0] for person in fold["people"]} == {name}
        assert name not in {person.partition(":")[0] for person in fold["train"] + fold["validation"]}
    assert set(told["sources"]) == {"one", "two", "three"}
    assert told["sources"]["three"]["own"] is None and told["sources"]["three"]["merged"] is not None
    assert told["sources"]["one"]["own"]["accuracy"] <= told["sources"]["one"]["merged"]["accuracy"]
    assert told["pooled"]["confusion"]["labels"] == ["walking", "still"]


def test_weights_reach_training_and_a_run_with_others_is_refused(pool, tmp_path, capsys, monkeypatch):
    seen = {}
    real = loop.fit

    def fit(recipe, contract, train, validation, **options):
        sets = np.array([str(name).partition(":")[0] for name in train.subject])
        shares = {name: float(options["chance"][sets == name].sum()) for name in ("one", "two", "three")}
        seen.setdefault("shares", shares)
        return real(recipe, contract, train, validation, **options)

    monkeypatch.setattr(loop, "fit", fit)
    weighted = pool.with_name("weighted.toml")
    weighted.write_text(pool.read_text().replace('"two.csv"\n', '"two.csv"\nweight = 3\n'))
    command = arguments(weighted, tmp_path / "run")
    assert main(command) == 0
    # The first fold leaves `one` out; `two` has three classes, of which each comes three times, `three` has two.
    assert seen["shares"] == pytest.approx({"one": 0, "two": 9 / 11, "three": 2 / 11})
    weighted.write_text(pool.read_text())
    capsys.readouterr()
    assert main(command) == 2
    assert "data.weights.two 3.0" in capsys.readouterr().err


def test_a_table_by_source(pool, tmp_path, capsys, monkeypatch):
    labels, truths = ["walking", "sitting", "standing"], ["walking", "sitting", "standing", "still"]

    def fold(plan, dataset, number, people, int8, adapting=None):
        answers = [[1.0, 0.0, 0.0]] * len(people)
        return {
            "fold": number, "people": list(people), "train": [], "validation": [], "trained_on": "train",
            "best_epoch": 1, "parameters": 1, "accuracy": 1.0, "macro_f1": 1.0, "windows": len(people),
            "labels": labels, "truths": truths, "subject": list(people), "truth": [0] * len(people),
            "probabilities": answers,
        }  # fmt: skip

    monkeypatch.setattr(crossval, "run_fold", fold)
    assert main(arguments(pool, tmp_path / "run")) == 0
    text = capsys.readouterr().out
    assert "3 folds by source" in text and "By source" in text and "three" in text


def test_figures_are_over_the_classes_that_a_set_has():
    """A model may say what nobody in a set does: that costs recall, not a whole class of the mean."""
    fold = {
        "labels": ["walking", "jogging", "upstairs", "downstairs"],
        "truths": ["walking", "jogging", "upstairs", "downstairs", "stairs"],
        "subject": ["a:1"] * 4 + ["b:1"] * 2,
        "truth": [0, 0, 2, 3, 4, 0],
        "probabilities": np.eye(4)[[0, 1, 2, 2, 3, 0]].tolist(),
    }
    match = {"stairs": ("upstairs", "downstairs")}
    found = by_source([fold], "probabilities", {"a:1": "a", "b:1": "b"}, match)
    assert found["a"]["own"] == pytest.approx({"accuracy": 0.5, "macro_f1": (2 / 3 + 2 / 3 + 0) / 3})
    assert found["a"]["merged"] == pytest.approx({"accuracy": 0.75, "macro_f1": (2 / 3 + 1) / 2})
    assert found["b"] == {"windows": 2, "own": None, "merged": {"accuracy": 1.0, "macro_f1": 1.0}}


def test_each_set_has_figures_of_what_was_learned_on_the_windows_left_to_score():
    answers = np.eye(3)
    fold = {
        "labels": ["walking", "sitting", "standing"], "truths": ["walking", "sitting", "standing"],
        "subject": ["a:1", "a:1", "b:1", "b:1"], "truth": [1, 2, 1, 2], "accuracy": 0.5, "macro_f1": 0.5,
        "probabilities": answers[[0, 0, 0, 0]].tolist(), "int8_probabilities": answers[[1, 1, 0, 2]].tolist(),
        "adapted": {"scored": [1, 2, 3], "probabilities": answers[[2, 1, 1]].tolist()},
    }  # fmt: skip
    other = {**fold, "subject": ["b:2"] * 4}
    found = crossval.sum_up([fold, other], sources={"a:1": "a", "b:1": "b", "b:2": "b"})
    before, after = found.sources_adapted["a"]
    assert (before["windows"], before["own"]["accuracy"], after["own"]["accuracy"]) == (1, 0.0, 1.0)
    before, after = found.sources_adapted["b"]
    assert (before["windows"], before["own"]["accuracy"], after["own"]["accuracy"]) == (5, 2 / 5, 3 / 5)
    assert [one.windows for one in found.pooled_adapted] == [6, 6]
    assert found.pooled_adapted[0].accuracy == pytest.approx(2 / 6)
    told = found.to_dict()
    assert told["sources_adapted"]["b"] == after and told["sources_before_adapting"]["b"] == before


def test_one_set_alone_cannot_be_left_out(recordings, tmp_path, capsys):
    command = ["crossval", "--dataset", str(recordings), "--leave-one-source-out", *QUICK, "--out", str(tmp_path / "r")]
    assert main(command) == 2
    assert "several sets" in capsys.readouterr().err
    assert main([*command, "--folds", "3"]) == 2
    assert "got both" in capsys.readouterr().err


def test_training_on_sets_with_a_coarser_truth(pool, tmp_path, capsys):
    command = ["train", "--dataset", str(pool), "--split", "none", *MATCH, *QUICK, "--out", str(tmp_path / "run")]
    assert main(command) == 0
    manifest = json.loads((tmp_path / "run" / run.MANIFEST).read_text())
    assert manifest["contract"]["labels"] == ["walking", "sitting", "standing"]
    assert manifest["plan"]["match"] == {"still": ["sitting", "standing"]}
    assert set(manifest["validation"]["classes"]) == {"walking", "still"}
