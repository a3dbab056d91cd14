"""Training: one seeded loop that can be stopped and taken up again."""

from edgehar.train.recipe import Augmentation, Recipe

__all__ = ["Augmentation", "Recipe"]
