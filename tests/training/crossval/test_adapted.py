"""`crossval --adapt`: every fold's own int8 network learns its people, on windows that are then left out."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from edgehar import data
from edgehar.cli import main
from edgehar.training import crossval
from tests.training.crossval.conftest import CLASSES, PEOPLE, QUICK

FILES = [f"fold-{number:02d}.json" for number in (1, 2)]


@pytest.fixture(scope="module")
def arguments(recordings):
    return ["crossval", "--dataset", str(recordings), "--folds", "2", "--adapt", "1", *QUICK]


@pytest.fixture(scope="module")
def adapted(arguments, made_once):
    def make(folder):
        assert main([*arguments, "--out", str(folder)]) == 0

    return made_once("crossval-adapted", make)


def test_both_figures_are_of_the_windows_that_nothing_was_learned_from(adapted, recordings):
    dataset = data.load(str(recordings))
    summary = json.loads((adapted / "summary.json").read_text())
    before, after, truths, windows = [], [], [], 0
    for name in FILES:
        fold = json.loads((adapted / name).read_text())
        told = fold["adapted"]
        scored, truth = np.array(told["scored"]), np.array(fold["truth"])
        assert told["units"] == len(fold["people"]) and told["used"] == 3 * told["units"] and not told["unlearned"]
        # Seven windows of each activity in a row: one is learned from, and shares samples with its neighbours.
        assert fold["windows"] == 21 * told["units"] and (np.diff(truth.reshape(-1, 7)) == 0).all()
        for stretch in np.isin(np.arange(len(truth)), scored, invert=True).reshape(-1, 7):
            gone = np.flatnonzero(stretch)
            assert gone.tolist() in [list(range(max(at - 1, 0), min(at + 2, 7))) for at in range(7)]
        windows += len(scored)
        plain = np.array(fold["int8_probabilities"], np.float32)[scored].argmax(1)
        learned = np.array(told["probabilities"], np.float32).argmax(1)
        assert told["plain_accuracy"] == pytest.approx(accuracy_score(truth[scored], plain))
        assert told["accuracy"] == pytest.approx(accuracy_score(truth[scored], learned))
        assert told["probabilities"] != [fold["int8_probabilities"][index] for index in scored], "something was learned"
        before += plain.tolist()
        after += learned.tolist()
        truths += truth[scored].tolist()
    assert summary["pooled_before_adapting"]["accuracy"] == pytest.approx(accuracy_score(truths, before))
    assert summary["pooled_adapted"]["accuracy"] == pytest.approx(accuracy_score(truths, after))
    assert summary["pooled_adapted"]["windows"] == windows and len(dataset.subjects) == PEOPLE
    assert "probabilities" not in summary["folds"][0]["adapted"]


def test_what_is_missing_is_run_again_and_the_table_shows_both(arguments, adapted, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(adapted, tmp_path / "run")
    (folder / FILES[0]).unlink()
    ran = []
    real = crossval.run_fold
    monkeypatch.setattr(crossval, "run_fold", lambda *call: ran.append(call[2]) or real(*call))
    assert main([*arguments, "--out", str(folder)]) == 0
    assert ran == [1] and (folder / FILES[0]).read_bytes() == (adapted / FILES[0]).read_bytes()
    text = capsys.readouterr().out
    assert "plain" in text and "adapted" in text and text.splitlines()[-1].startswith("int8, adapted to each person")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--adapt", "2"], "adapting.each 1, not 2"),
        (["--only", "sitting,standing"], "adapting.only None, not ['sitting', 'standing']"),
        (["--only", "sitting,flying"], f"expected activities of {', '.join(CLASSES)}"),
        (["--adapt", "6"], "expected 1 to 5 windows of each of 3 activities"),
    ],
)
def test_another_plan_is_refused(arguments, adapted, more, message, capsys):
    assert main([*arguments, *more, "--out", str(adapted)]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_only_needs_adapt(recordings, tmp_path, capsys):
    given = ["crossval", "--dataset", str(recordings), "--only", "sitting", "--out", str(tmp_path / "run")]
    assert main(given) == 2
    assert "expected adapt with only" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["scored"].pop(),
        lambda told: told["scored"].__setitem__(0, 9999),
        lambda told: told["probabilities"][0].pop(),
        lambda told: told.pop("used"),
    ],
)
def test_a_damaged_fold_is_named(arguments, adapted, change, tmp_path, capsys):
    folder = shutil.copytree(adapted, tmp_path / "run")
    fold = json.loads((folder / FILES[0]).read_text())
    change(fold["adapted"])
    (folder / FILES[0]).write_text(json.dumps(fold))
    assert main([*arguments, "--out", str(folder)]) == 2
    assert FILES[0] in capsys.readouterr().err.splitlines()[-1]
