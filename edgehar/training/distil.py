"""Teachers: networks trained first, on the same people, whose mean answer a smaller network learns to give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.contract import Contract
from edgehar.data.recording import Windows
from edgehar.training import loop
from edgehar.training.recipe import Distillation, Recipe, recipe_for
from edgehar.training.truth import Match

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray


def train_teachers(
    recipe: Recipe,
    contract: Contract,
    train: Windows,
    *,
    draw: int,
    match: Match | None = None,
    chance: NDArray[np.float64] | None = None,
    folder: Path | None = None,
    on_batch: loop.OnBatch | None = None,
) -> loop.Teacher | None:
    """Train what `recipe.distillation` asks for; None where it asks for no teacher.

    Args:
        contract, train, draw, match, chance: as the student will be trained; the teachers never see anybody else.
        folder: where each teacher keeps its checkpoint, so that a stopped run goes on.
        on_batch: progress, with the epochs of all teachers counted through.
    """
    wanted = recipe.distillation
    if not wanted.teachers:
        return None
    own = teacher_recipes(recipe)
    if contract.front_end != "none":  # there is no direction to rotate
        own = [replace(each, augmentation=replace(each.augmentation, rotation=0.0)) for each in own]
    models = []
    for index, each in enumerate(own):
        checkpoint = None if folder is None else folder / f"teacher_{index + 1}.npz"
        fitted = loop.fit(
            each, contract, train, None, draw=draw, match=match, chance=chance, checkpoint=checkpoint,
            on_batch=_counted(on_batch, index, own),
        )  # fmt: skip
        models.append(fitted.model)
    return _mean_of(models, contract)


def teacher_recipes(recipe: Recipe) -> list[Recipe]:
    """The recipe of each teacher: that of its architecture, with a seed that no student of a small seed has."""
    wanted = recipe.distillation
    base = replace(recipe_for(wanted.teacher), distillation=Distillation(), normalisation=recipe.normalisation)
    return [replace(base, seed=1000 * (index + 1) + recipe.seed) for index in range(wanted.teachers)]


def _counted(on_batch: loop.OnBatch | None, index: int, own: list[Recipe]) -> loop.OnBatch | None:
    if on_batch is None:
        return None

    def count(epoch: int, batch: int, batches: int, epochs: int, history: list[dict[str, float]]) -> None:
        on_batch(index * epochs + epoch, batch, batches, len(own) * epochs, history)

    return count


def _mean_of(models: list[keras.Model], contract: Contract) -> loop.Teacher:
    """One compiled function for all teachers."""
    import tensorflow as tf

    mean = tf.function(
        lambda x: tf.add_n([model(x, training=False) for model in models]) / len(models),
        input_signature=[tf.TensorSpec((None, *contract.input_shape), tf.float32)],
    )

    return lambda x: loop.probabilities(lambda ready, training: mean(ready), contract, x)
