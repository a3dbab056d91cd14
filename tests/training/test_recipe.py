"""Recipes: refusal of values out of range, and JSON there and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgehar.errors import EdgeharError
from edgehar.models import ARCHITECTURES
from edgehar.training import Augmentation, Recipe, recipe_for
from edgehar.training.recipe import RECIPES


def test_round_trip():
    recipe = Recipe(epochs=3, augmentation=Augmentation(rotation=0.2, shift=8))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("patience", 0),
        ("seed", -1),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("weight_decay", -0.1),
        ("label_smoothing", 1),
        ("average", 1),
        ("normalisation", "batch"),
        ("keep", "first"),
    ],
)
def test_refuses(name, value):
    with pytest.raises(EdgeharError, match="expected"):
        replace(Recipe(), **{name: value})


@pytest.mark.parametrize("name", ["rotation", "scale", "noise", "shift", "mix"])
def test_refuses_negative_augmentation(name):
    with pytest.raises(EdgeharError, match=f"expected --{name} of 0 … [0-9.]+, got -1"):
        Augmentation(**{name: -1})


@pytest.mark.parametrize("turn", ["w", "yy", "xyzx"])
def test_refuses_axes_to_turn_about(turn):
    with pytest.raises(EdgeharError, match="expected --turn with axes"):
        Augmentation(turn=turn)


def test_each_architecture_has_a_recipe_under_its_name():
    assert set(RECIPES) == set(ARCHITECTURES)
    for arch in (*ARCHITECTURES, "conv8k5-sep8k3"):
        assert recipe_for(arch).arch == arch


@pytest.mark.parametrize(
    "value", [None, [], {}, {**Recipe().to_dict(), "more": 1}, {**Recipe().to_dict(), "augmentation": {"warp": 1}}]
)
def test_refuses_other_json(value):
    with pytest.raises(EdgeharError, match=r"^expected .* got .* at .*recipe"):
        Recipe.from_dict(value)
