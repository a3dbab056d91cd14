"""`edgehar search`: what is rejected before training, what is given up, what is written, what goes on."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from edgehar.cli import main
from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.models.family import ConvBlock, blocks_of, columns
from edgehar.training import search as searching
from edgehar.training.search_space import SMALLEST, cost_of, draw, excess, gives_up, read_budget, rungs

CONTRACT = Contract(("walking", "sitting", "standing"))
BUDGET = {"flash": 12_000, "macs": 200_000}


@pytest.fixture(scope="module")
def arguments(recordings):
    return [
        "search", "--dataset", str(recordings), "--split", "random:0.15", "--validation", "0.34", "--shift", "0",
        "--epochs", "2", "--learning-rate", "0.01", "--budget", "flash=12k,macs=200k",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def finished(arguments, made_once):
    def make(folder):
        assert main([*arguments, "--trials", "3", "--out", str(folder)]) == 0

    return made_once("search", make)


def rows(path):
    with path.open() as table:
        return list(csv.DictReader(table))


def test_front_and_candidates(finished):
    candidates, front = rows(finished / "candidates.csv"), rows(finished / "front.csv")
    assert len(candidates) == 3 and 1 <= len(front) <= 3
    for row in candidates:
        found = cost_of(row["arch"], CONTRACT)
        assert (int(row["flash"]), int(row["macs"]), int(row["ram"])) == (found.flash, found.macs, found.ram)
        assert found.flash <= BUDGET["flash"] and found.macs <= BUDGET["macs"]
    trained = [row for row in candidates if row["macro_f1"]]

    def beats(one, other):
        pairs = [(float(other["macro_f1"]), float(one["macro_f1"]))]
        pairs += [(int(one[name]), int(other[name])) for name in ("flash", "macs")]
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    expected = {row["arch"] for row in trained if not any(beats(other, row) for other in trained)}
    assert {row["arch"] for row in front} == expected
    assert (finished / "front.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_test_people_are_in_neither_part(finished):
    people = json.loads((finished / "search.json").read_text())["people"]
    assert people["test"] and people["validation"] and people["train"]
    assert len({*people["test"], *people["validation"], *people["train"]}) == 7


def test_the_study_is_taken_up_where_it_stands(arguments, finished, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(finished, tmp_path / "run")
    before = rows(folder / "candidates.csv")
    trained = []

    def train(arch, *others):
        trained.append(arch)
        return arch, {
            "rungs": {},
            "epoch": 1,
            "loss": 2.0,
            "macro_f1": 0.0,
            "macro_f1_low": 0.0,
            "macro_f1_high": 0.0,
            "accuracy": 0.0,
        }

    monkeypatch.setattr(searching, "train_candidate", train)
    assert main([*arguments, "--trials", "5", "--out", str(folder), "--json"]) == 0
    after = rows(folder / "candidates.csv")
    assert after[:3] == before and [row["arch"] for row in after[3:]] == trained
    assert len({row["arch"] for row in after}) == 5, "nothing is trained twice"
    captured = capsys.readouterr()
    assert "3 architectures are in" in captured.err
    assert [item["arch"] for item in json.loads(captured.out)] == [row["arch"] for row in rows(folder / "front.csv")]
    assert main([*arguments, "--trials", "5", "--out", str(folder)]) == 0
    assert len(trained) == 2, "a finished search trains nothing"


def test_a_search_that_was_stopped_goes_on(arguments, tmp_path, monkeypatch, capsys):
    def interrupted(*call):
        raise KeyboardInterrupt

    def train(arch, *others):
        return arch, {"rungs": {}, "epoch": 1, "loss": 1.0}

    monkeypatch.setattr(searching, "train_candidate", interrupted)
    assert main([*arguments, "--trials", "1", "--out", str(tmp_path)]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    monkeypatch.setattr(searching, "train_candidate", train)
    assert main([*arguments, "--trials", "1", "--out", str(tmp_path)]) == 0
    assert [row["state"] for row in rows(tmp_path / "candidates.csv")] == ["given up"]


def test_another_plan_is_refused(arguments, finished, capsys):
    assert main([*arguments, "--epochs", "3", "--out", str(finished)]) == 2
    assert "run.recipe.epochs 2, not 3" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--budget", "flash=10"], "expected a budget that the smallest network fits"),
        (["--budget", "flash"], "expected a budget as in flash=24k,macs=500k"),
        (["--validation", "0"], "expected validation people"),
        (["--trials", "0"], "0 is not in the range"),
        (["--split", "published"], "no published split"),
    ],
)
def test_refuses(arguments, more, message, tmp_path, capsys):
    assert main([*arguments, *more, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
    assert not (tmp_path / "run").exists()


def test_budget():
    assert read_budget("flash=24k, macs=0.5M,ram=900") == {"flash": 24_000, "macs": 500_000, "ram": 900}
    for text in (
        "",
        "flash=",
        "flash=0",
        "flash=-1k",
        "flash=1k,flash=2k",
        "time=3",
        "flash=nan",
        "flash=inf",
        "flash=1kk",
    ):
        with pytest.raises(EdgeharError, match="expected a budget"):
            read_budget(text)


def test_every_draw_keeps_the_second_and_stands_for_one_text():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    totals, fits = set(), 0
    for _ in range(200):
        blocks = draw(study.ask())
        total = 1
        for block in blocks:
            total *= block.stride
        assert 20 % total == 0 and blocks[0].kind == "conv"
        totals.add(total)
        try:
            fits += columns(blocks, CONTRACT) > 0
        except EdgeharError:
            continue
    assert totals == {1, 2, 4, 5, 10, 20} and fits > 100


def test_excess_before_training():
    found, over = excess(blocks_of(SMALLEST), BUDGET, CONTRACT)
    assert found is not None and max(over.values()) < 0
    found, over = excess([ConvBlock("conv", 64, 9), ConvBlock("conv", 64, 9)], BUDGET, CONTRACT)
    assert found is not None and over["flash"] == found.flash / 12_000 - 1 > 0
    assert excess([ConvBlock("conv", 8, 9, 20), ConvBlock("sep", 8, 9)], BUDGET, CONTRACT) == (None, {"window": 1.0})


def test_rungs_and_rivals():
    assert rungs(8) == (2, 4) and rungs(3) == (1,) and rungs(1) == ()
    assert gives_up(1.1, [0.5, 1.0, 2.0])
    assert not gives_up(1.0, [0.5, 1.0, 2.0]), "the median itself goes on"
    assert not gives_up(9.0, [0.5, 1.0]), "two rivals are too few"


def test_a_candidate_worse_than_cheaper_rivals_stops_at_the_rung(recordings):
    from dataclasses import replace

    from edgehar import data
    from edgehar.training import Augmentation, Recipe, run

    windows = data.cut_windows(data.load(str(recordings)), CONTRACT)
    contract = replace(CONTRACT, normalisation=run.normalisation(windows, "axis"))
    plan = run.RunPlan(recipe=Recipe(epochs=4, augmentation=Augmentation(shift=0)))
    call = ("conv4k9s4", plan, contract, windows, windows, 64)
    arch, result = searching.train_candidate(*call, {1: [0.0, 0.0, 0.0]})
    assert arch == "conv4k9s4" and set(result) == {"rungs", "epoch", "loss"} and set(result["rungs"]) == {1}
    _, result = searching.train_candidate(*call, {1: [9.0, 9.0, 9.0]})
    assert set(result["rungs"]) == {1, 2} and 0 <= result["macro_f1"] <= 1
