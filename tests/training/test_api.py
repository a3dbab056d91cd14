"""`edgehar.train`: what a run leaves behind when it fails, who is trained on, and what it says of the time."""

from __future__ import annotations

from dataclasses import replace

import pytest

import edgehar
from edgehar import data
from edgehar.api.train import train
from edgehar.errors import DataError, EdgeharError, MissingExtra
from edgehar.report.tables import duration
from edgehar.report.training_progress import training_bar
from edgehar.training import loop, run
from edgehar.training.progress import SETTLED, STAGES, Clock, Stage

QUICK = {"epochs": 2, "teachers": 0, "shift": 0, "batch_size": 16, "seed": 3}


@pytest.fixture
def asked(tiny):
    return {"arch": tiny, **QUICK}


def test_a_run_and_its_result(dataset, asked, tmp_path):
    seen = []
    result = edgehar.train(dataset, out=tmp_path / "a" / "run", on_progress=seen.append, **asked)
    assert result.model.is_file() and result.folder == tmp_path / "a" / "run"
    assert result.to_dict()["plan"]["recipe"]["seed"] == 3
    assert set(result.evaluation.subject_accuracy) == set(result.split.validation)
    assert [name for name in STAGES if name in {report.stage for report in seen}] == ["training", "refit"]
    shares = [report.share for report in seen]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    measured = edgehar.evaluate(result.model, dataset)
    assert measured.people == ("p0",), "the test person of the run"


def fail(*_, **__):
    raise EdgeharError("no luck")


def test_a_failure_before_the_first_epoch_leaves_nothing(dataset, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "augment", fail)
    with pytest.raises(EdgeharError, match="no luck"):
        train(dataset, out=tmp_path / "a" / "run", **asked)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(EdgeharError, match="no luck"):
        train(dataset, out=tmp_path / "mine", **asked)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "wrong", [{"split": "random:0.9"}, {"split": "leave:nobody"}, {"arch": "transformer"}, {"colour": "red"}]
)
def test_whatever_is_wrong_with_plan_or_recordings_shows_before_anything_is_written(dataset, asked, tmp_path, wrong):
    alone = replace(dataset, recordings=dataset.recordings[:1], published_test=())
    with pytest.raises(EdgeharError):
        train(alone, out=tmp_path / "run", **{**asked, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_a_failure_after_an_epoch_can_be_taken_up_again(dataset, asked, tmp_path, monkeypatch):
    real, calls = loop.augment, []

    def once(*arguments):
        calls.append(1)
        return real(*arguments) if len(calls) == 1 else fail()

    monkeypatch.setattr(loop, "augment", once)
    with pytest.raises(EdgeharError, match="no luck"):
        train(dataset, out=tmp_path / "run", **asked)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoints", "run.json"]
    monkeypatch.setattr(loop, "augment", real)
    with pytest.raises(EdgeharError, match="they were in memory"):
        train(resume=tmp_path / "run")
    with pytest.raises(EdgeharError, match="no other option with resume"):
        train(dataset, resume=tmp_path / "run", epochs=3)
    resumed = train(dataset, resume=tmp_path / "run")
    whole = train(dataset, out=tmp_path / "whole", **asked)
    assert resumed.model.read_bytes() == whole.model.read_bytes()


def test_split_none_trains_on_everybody(dataset, asked, tmp_path):
    result = train(dataset, out=tmp_path / "run", split="none", validation=0.3, **asked)
    assert result.split.test == ()
    assert set(result.split.train + result.split.validation) == set(dataset.subjects)
    assert result.manifest["trained_on"] == "train and validation"
    measured = edgehar.evaluate(result.model, dataset)
    assert measured.people == dataset.subjects
    assert any("no unseen people exist" in note for note in measured.notes)
    with pytest.raises(DataError, match="expected a split with test people"):
        edgehar.evaluate(result.model, dataset, split="none")


def test_split_none_needs_one_person(dataset):
    alone = replace(dataset, recordings=dataset.recordings[:1], published_test=())
    assert data.split(alone, "none", validation=0) == data.Split(("p0",), (), ())
    with pytest.raises(DataError, match="expected at least 2 people"):
        data.split(alone, "none", validation=0.2)
    with pytest.raises(DataError, match="or none; got 'none:3'"):
        data.split(dataset, "none:3")


def test_a_table_of_samples(dataset, asked, tmp_path):
    frame = data.to_frame(dataset)
    result = edgehar.train(frame, out=tmp_path / "run", split="leave:p0", **asked)
    assert edgehar.evaluate(result.model, frame).people == ("p0",)
    assert result.manifest["plan"]["data"] == {}


def test_options_that_no_training_has(dataset):
    with pytest.raises(EdgeharError, match=r"expected options of a training out of .*epochs.*; got 'epoch'"):
        run.RunPlan.of({}, "micro", {"epoch": 3})
    plan = run.RunPlan.of({}, "micro", {"epochs": 3, "rotation": 0.2, "teachers": 1, "split": "none", "noise": None})
    assert (plan.recipe.epochs, plan.recipe.augmentation.rotation, plan.split) == (3, 0.2, "none")
    assert plan.recipe.distillation.teachers == 1 and plan.recipe.augmentation.noise == 0.3


def test_tensorflow_is_asked_for_before_the_work(monkeypatch):
    monkeypatch.setattr("edgehar.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"tensorflow.*edgehar\[train\]"):
        train("nothing-is-read")


def test_the_clock_weighs_stages_by_their_networks():
    seconds = iter(range(1000))
    clock = Clock([Stage("teachers", 2, 10, 3.0), Stage("training", 4, 10, 1.0)], now=lambda: 3.0 * next(seconds))
    reports = [clock.tell("teachers", epoch, batch, 10, 2, []) for epoch in range(2) for batch in range(1, 11)]
    assert reports[0].remaining_s is None and reports[SETTLED - 1].remaining_s is None
    # 100 units of work; a teacher's batch is 3 of them and takes 3 s, so that a unit is worth a second.
    assert reports[SETTLED].remaining_s == pytest.approx(100 - 3 * (SETTLED + 1))
    assert reports[-1].share == pytest.approx(0.6) and reports[-1].elapsed_s == 3 * 19
    later = clock.tell("training", 3, 10, 10, 4, [{"validation_loss": 0.5}])
    assert later.share == 1 and later.remaining_s == 0 and later.validation_loss == 0.5


def test_a_resumed_run_counts_from_where_it_goes_on():
    seconds = iter(range(1000))
    clock = Clock([Stage("training", 10, 20, 1.0)], now=lambda: float(next(seconds)))
    report = [clock.tell("training", 5, batch, 20, 10, []) for batch in range(1, 20)][-1]
    assert report.remaining_s == pytest.approx(200 - (5 * 20 + 19))


def test_a_long_training_says_so_first(capsys):
    seconds = iter(range(1000))
    clock = Clock([Stage("training", 40, 20, 1.0)], now=lambda: float(next(seconds)))
    with training_bar() as (show, _):
        for epoch in range(2):
            for batch in range(1, 21):
                show(clock.tell("training", epoch, batch, 20, 40, []))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training: epoch 1 of 40"
    assert lines[1] == "this will take about 13 min; it can be stopped and taken up again"
    assert lines[2] == "training: epoch 2 of 40, 13 min left" and len(lines) == 3


def test_durations():
    assert [duration(value) for value in (3, 89, 91, 780, 4800)] == ["3 s", "89 s", "2 min", "13 min", "80 min"]
    assert duration(7500) == "2 h 5 min"
