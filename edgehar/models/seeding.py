"""Keras' random numbers, apart from everybody else's."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def seed_keras(keras: ModuleType, seed: int) -> None:
    """Seed Python's, NumPy's and TensorFlow's generators as Keras does, and keep other threads out of Keras' own.

    Keras draws its layers' seeds from Python's global generator. Any thread of the process that draws from it between
    the seeding and the last layer (a cluster's heartbeat, a notebook's kernel) would change the weights; so Keras gets
    a generator of its own, which gives the same numbers for the same seed.
    """
    from keras.src.random import seed_generator
    from keras.src.utils import rng_utils

    if rng_utils.random is random:
        seed_generator.python_random = rng_utils.random = random.Random()
    keras.utils.set_random_seed(seed)
