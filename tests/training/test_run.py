"""A run folder: what lies in it, who was trained on, and going on with a run that was stopped."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from edgehar import data, files, models
from edgehar.errors import DataError, EdgeharError
from edgehar.evaluation.confidence import fit_temperature
from edgehar.report import evaluation as report
from edgehar.report.evaluation_plots import draw_confusion, draw_people
from edgehar.report.figures import save_png
from edgehar.report.training_plots import plot_history
from edgehar.training import Augmentation, Recipe, loop, run

RECIPE = Recipe(
    arch="tiny", epochs=4, batch_size=16, learning_rate=0.02, augmentation=Augmentation(shift=20), seed=3, average=0.5
)
PLAN = run.RunPlan(recipe=RECIPE)


@pytest.fixture
def outcome(dataset, tiny, tmp_path):
    run.start(tmp_path / "run", PLAN)
    outcome = run.run(PLAN, run.prepare(PLAN, dataset), tmp_path / "run", command=["edgehar", "train"])
    # What else is written of it comes before this: until then the run can be resumed.
    run.read_plan(tmp_path / "run")
    run.finish(tmp_path / "run")
    return outcome


def test_folder(outcome, dataset, tmp_path):
    folder = tmp_path / "run"
    assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "manifest.json", "model.keras", "run.json"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["command"] == ["edgehar", "train"]
    assert manifest["data"]["sha256"] == dataset.sha256
    assert manifest["plan"]["recipe"] == RECIPE.to_dict()
    assert manifest["model"]["sha256"] == files.sha256_file(folder / "model.keras")
    assert {"edgehar", "keras", "tensorflow", "numpy", "python"} <= set(manifest["versions"])
    assert manifest["validation"]["accuracy"] == outcome.evaluation.accuracy
    with (folder / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["validation_loss"]) for row in rows] == [e["validation_loss"] for e in outcome.fitted.history]


def test_temperature_is_that_of_the_network_that_never_saw_the_validation_people(outcome, dataset):
    windows = data.cut_windows(dataset, outcome.contract)
    train, validation = (windows.of_subjects(outcome.manifest["subjects"][part]) for part in ("train", "validation"))
    contract = replace(outcome.contract, normalisation=run.normalisation(train, RECIPE.normalisation))
    predicted = loop.probabilities(outcome.fitted.model, contract, validation.x)
    assert outcome.manifest["temperature"] == fit_temperature(predicted, validation.y)


def test_test_people_are_not_touched(outcome, dataset):
    subjects = {part: list(people) for part, people in outcome.manifest["subjects"].items()}
    everybody = subjects["train"] + subjects["validation"] + subjects["test"]
    assert sorted(everybody) == sorted(dataset.subjects)
    assert subjects["test"] == ["p0"]
    assert set(outcome.evaluation.subject_accuracy) == set(subjects["validation"])
    # The statistics are those of the people who were trained on in the end: all but the test person.
    windows = data.cut_windows(dataset, outcome.contract).of_subjects(subjects["train"] + subjects["validation"])
    np.testing.assert_allclose(outcome.contract.normalisation.mean, windows.x.mean(axis=(0, 1)), rtol=1e-5)


def test_model_file_holds_the_refitted_weights(outcome, dataset, tmp_path):
    model, contract = models.load(tmp_path / "run" / "model.keras")
    assert contract == outcome.contract
    windows = data.cut_windows(dataset, contract).of_subjects(["p0"])
    assert (loop.probabilities(model, contract, windows.x).argmax(axis=1) == windows.y).mean() > 0.8
    assert not np.array_equal(model.get_weights()[0], outcome.fitted.model.get_weights()[0])


class Stop(Exception):
    pass


@pytest.mark.parametrize("phase", ["training", "refit"])
def test_stopped_in_either_training_and_resumed_gives_the_same_file(outcome, dataset, tmp_path, phase):
    folder, prepared = tmp_path / "stopped", run.prepare(PLAN, dataset)
    run.start(folder, PLAN)
    seen = []

    def interrupt(stage, epoch, *_):
        if stage == phase:
            seen.append(epoch)
        if len(set(seen)) == 2 or (stage == phase == "refit" and outcome.fitted.best_epoch == 1):
            raise Stop

    with pytest.raises(Stop):
        run.run(PLAN, prepared, folder, on_batch=interrupt)
    assert not (folder / "model.keras").exists()
    run.run(run.read_plan(folder), prepared, folder)
    for name in ("model.keras", "history.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "run" / name).read_bytes()


def test_a_folder_holds_one_run(outcome, tmp_path):
    with pytest.raises(EdgeharError, match="holds a run already"):
        run.start(tmp_path / "run", PLAN)
    with pytest.raises(EdgeharError, match="is finished"):
        run.read_plan(tmp_path / "run")
    with pytest.raises(EdgeharError, match="expected the folder of a training run"):
        run.read_plan(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text('{"seed": 1}')
    with pytest.raises(EdgeharError, match=r"expected only known entries, got .seed. at .*run\.json"):
        run.read_plan(tmp_path / "other")


def test_labels_of_hapt_leave_transitions_out():
    assert run.labels_of(data.load("hapt")) == data.HAPT_LABELS


def test_one_person_is_not_enough(dataset, tiny):
    alone = data.Dataset("one", dataset.recordings[:1], dataset.classes)
    with pytest.raises(DataError, match="expected at least"):
        run.prepare(run.RunPlan(split="random:0.5", recipe=RECIPE), alone)


def test_plots_and_reports(outcome, tmp_path):
    plot_history(outcome.fitted.history, outcome.fitted.best_epoch, tmp_path / "curves.png", "made")
    plot_history([{"epoch": 1, "loss": 1.0}], 1, tmp_path / "alone.png", "no validation people")
    save_png(draw_confusion(outcome.evaluation, "made"), tmp_path / "confusion.png")
    save_png(draw_people(outcome.evaluation, "made"), tmp_path / "people.png")
    for name in ("curves", "alone", "confusion", "people"):
        content = (tmp_path / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) > 5000
    text = report.classification_report(outcome.evaluation, "made")
    assert all(word in text for word in ("precision", "recall", "macro-F1", "walking", "By person"))
    lines = report.subjects_csv(outcome.evaluation).splitlines()
    assert lines[0] == "subject,accuracy,windows"
    assert len(lines) == 1 + len(outcome.evaluation.subject_accuracy)
