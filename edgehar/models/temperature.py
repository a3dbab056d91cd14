"""Temperature scaling folded into the last layer: softmax(logits / T) without a new operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgehar.errors import ContractError, EdgeharError
from edgehar.models.library import import_keras

if TYPE_CHECKING:
    import keras

#: Bounds of a temperature, wider than those of one that is fitted.
COLDEST, HOTTEST = 0.01, 100.0

#: Layers behind the last Dense that change no logit, or are the softmax itself.
_BEHIND = ("Softmax", "Dropout", "Reshape", "Flatten", "Identity")


def fold_temperature(model: keras.Model, temperature: float) -> keras.Model:
    """A copy of the model whose logits are divided by the temperature; the most probable class stays the same.

    Args:
        model: keras.Model whose last layer with weights is a Dense in front of, or with, a softmax.
        temperature: within `COLDEST` and `HOTTEST`; above 1 makes the model less sure, below 1 surer.
    Raises:
        ContractError: another kind of last layer.
        EdgeharError: another temperature.
    """
    if not COLDEST <= temperature <= HOTTEST:
        raise EdgeharError(f"expected a temperature of {COLDEST:g} … {HOTTEST:g}, got {temperature!r}")
    _last_dense(model)
    folded = import_keras().models.clone_model(model)
    folded.set_weights(model.get_weights())
    layer = _last_dense(folded)
    # float64, rounded once: T = 1 leaves every bit as it was.
    layer.set_weights([(values.astype(np.float64) / temperature).astype(np.float32) for values in layer.get_weights()])
    return folded


def _last_dense(model: keras.Model) -> keras.layers.Dense:
    behind: list[str] = []
    for layer in reversed(model.layers):
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if kind == "Dense" and (activation == "softmax" or (activation == "linear" and "Softmax" in behind)):
            return layer
        softmax = kind == "Softmax" or (kind == "Activation" and activation == "softmax")
        if not softmax and kind not in _BEHIND:
            raise ContractError(
                f"expected the last layer to be a Dense with a softmax, so that the temperature can be folded in, "
                f"got {layer.name!r} ({kind}, activation {activation!r})"
            )
        behind.append("Softmax" if softmax else kind)
    raise ContractError("expected a Dense layer in the model, got none")
