"""Training: one seeded loop that can be stopped and taken up again."""

from edgehar.training.recipe import Augmentation, Distillation, Recipe, recipe_for

__all__ = ["Augmentation", "Distillation", "Recipe", "recipe_for"]
