"""Keras, imported when it is needed, without TensorFlow's lines on the terminal."""

from __future__ import annotations

import os
from typing import Any

from edgehar.errors import MissingExtra
from edgehar.quiet import quiet


def import_keras() -> Any:
    """The `keras` module; raises MissingExtra where TensorFlow or Keras is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet():  # TensorFlow looks for a GPU and says so
            import keras
            import tensorflow  # noqa: F401  (Keras would otherwise fail later and with a traceback)
    except ImportError as error:
        raise MissingExtra(error.name or "tensorflow", "train") from error
    return keras
