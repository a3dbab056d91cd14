"""Distillation: the student learns what its teachers say, and a stopped run goes on as if it had not been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.training import Augmentation, Distillation, Recipe, distil, loop, run
from edgehar.training.progress import STAGES

CLASSES = ("walking", "sitting", "standing")
RECIPE = Recipe(
    arch="tiny", epochs=3, batch_size=16, learning_rate=0.02, augmentation=Augmentation(shift=0, rotation=0),
    distillation=Distillation(teachers=2, teacher="tiny", share=1.0),
)  # fmt: skip


@pytest.fixture
def setup(windows, tiny, monkeypatch):
    monkeypatch.setattr(distil, "recipe_for", lambda arch: replace(RECIPE, arch=arch, epochs=2))
    train = windows.of_subjects(["p1", "p2", "p3"])
    return Contract(CLASSES, normalisation=run.normalisation(train, "axis")), train


def test_a_share_of_one_leaves_nothing_of_the_labels(setup):
    contract, train = setup
    told = np.array([0.6, 0.3, 0.1], np.float32)
    recipe = replace(RECIPE, epochs=30, class_weights=0.0)
    fitted = loop.fit(recipe, contract, train, None, teacher=lambda x: np.tile(told, (len(x), 1)))
    got = loop.probabilities(fitted.model, contract, train.x).mean(axis=0)
    np.testing.assert_allclose(got, told, atol=0.05)


def test_a_share_of_zero_is_the_labels_alone(setup):
    contract, train = setup
    recipe = replace(RECIPE, distillation=replace(RECIPE.distillation, share=0.0))
    alone = loop.fit(recipe, contract, train, None).model
    taught = loop.fit(recipe, contract, train, None, teacher=lambda x: np.ones((len(x), 3), np.float32)).model
    assert all(np.array_equal(a, b) for a, b in zip(alone.get_weights(), taught.get_weights(), strict=True))


def test_a_teacher_sees_each_window_as_the_student_does(setup):
    contract, train = setup
    seen = []

    def teacher(x):
        seen.append(x)
        return np.full((len(x), 3), 1 / 3, np.float32)

    loop.fit(replace(RECIPE, epochs=2), contract, train, None, teacher=teacher)
    assert [len(x) for x in seen] == [len(train)] * 2
    # Augmented, in m/s², anew each epoch.
    assert not np.array_equal(seen[0], seen[1]) and 5 < np.abs(seen[0]).mean(axis=(0, 1)).max() < 15


def test_teachers_answer_with_their_mean_and_differ(setup):
    contract, train = setup
    teacher = distil.train_teachers(RECIPE, contract, train, draw=len(train))
    alone = [
        loop.probabilities(loop.fit(each, contract, train, None, draw=len(train)).model, contract, train.x)
        for each in distil.teacher_recipes(RECIPE)
    ]
    np.testing.assert_allclose(teacher(train.x), np.mean(alone, axis=0), atol=1e-5)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


def test_teachers_have_no_teachers_and_other_seeds():
    own = distil.teacher_recipes(replace(RECIPE, distillation=Distillation(3)))
    assert [each.distillation.teachers for each in own] == [0, 0, 0]
    assert len({each.seed for each in own} | {RECIPE.seed}) == 4
    assert {each.arch for each in own} == {"mini"}


@pytest.mark.parametrize("phase", STAGES)
def test_stopped_and_resumed_gives_the_same_file(setup, dataset, tmp_path, phase):
    class Stop(Exception):
        pass

    def interrupt(stage, epoch, batch, *_):
        if (stage, epoch, batch) == (phase, 1, 2):
            raise Stop

    plan = run.RunPlan(recipe=replace(RECIPE, keep="last"))  # the refit has every epoch, whichever is best
    prepared = run.prepare(plan, dataset)
    for name in ("whole", "stopped"):
        run.start(tmp_path / name, plan)
    run.run(plan, prepared, tmp_path / "whole")
    with pytest.raises(Stop):
        run.run(plan, prepared, tmp_path / "stopped", on_batch=interrupt)
    run.run(run.read_plan(tmp_path / "stopped"), prepared, tmp_path / "stopped")
    assert (tmp_path / "stopped" / "model.keras").read_bytes() == (tmp_path / "whole" / "model.keras").read_bytes()
    run.finish(tmp_path / "whole")
    assert not (tmp_path / "whole" / run.CHECKPOINTS).exists()


def test_progress_counts_the_epochs_of_all_teachers(setup):
    contract, train = setup
    seen = []
    distil.train_teachers(RECIPE, contract, train, draw=len(train), on_batch=lambda *args: seen.append(args[:4]))
    epochs = 2 * 2
    assert [epoch for epoch, batch, *_ in seen if batch == 1] == list(range(epochs))
    assert {total for *_, total in seen} == {epochs}


@pytest.mark.parametrize("value", [{"teachers": -1}, {"share": 1.5}, {"share": float("nan")}])
def test_nonsense_is_refused(value):
    with pytest.raises(EdgeharError, match="expected --"):
        Distillation(**value)
