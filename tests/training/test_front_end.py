"""Training behind a front end: the contract has it, windows hold it, and nothing rotates what has no direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import cut_windows
from edgehar.errors import EdgeharError
from edgehar.training import Recipe, distil, loop
from edgehar.training.recipe import Distillation
from edgehar.training.run import RunPlan, prepare


def test_windows_hold_what_the_front_end_makes_of_whole_streams(dataset):
    plan = RunPlan.of({}, "nano", {"front_end": "pocket"})
    prepared = prepare(plan, dataset)
    assert prepared.contract.front_end == "pocket"
    np.testing.assert_array_equal(prepared.coarse.x, cut_windows(dataset, prepared.contract).x)
    turned = tuple(replace(one, acc=one.acc * np.array([-1, -1, 1], np.float32)) for one in dataset.recordings)
    again = prepare(plan, replace(dataset, recordings=turned))
    assert np.abs(again.fine.x - prepared.fine.x).mean() < 0.03, "a phone turned in its pocket: but for rounding"


def test_nothing_is_rotated(tiny, windows, monkeypatch):
    plan = RunPlan.of({}, "micro", {"front_end": "pocket"})
    assert plan.recipe.augmentation.rotation == 0
    assert RunPlan.of({}, "micro", {}).recipe.augmentation.rotation > 0
    for option in ({"rotation": 0.2}, {"turn": "y"}):
        with pytest.raises(EdgeharError, match="no direction"):
            RunPlan.of({}, "micro", {"front_end": "pocket", **option})
    seen = []
    monkeypatch.setattr(loop, "fit", lambda recipe, *rest, **more: seen.append(recipe) or pytest.fail("enough"))
    contract = Contract(windows.labels, front_end="pocket")
    taught = Recipe(arch="tiny", distillation=Distillation(teachers=1, teacher="nano"))
    with pytest.raises(pytest.fail.Exception):
        distil.train_teachers(taught, contract, windows, draw=8)
    assert seen[0].augmentation.rotation == 0
