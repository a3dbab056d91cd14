"""Folding the normalisation into the first convolution.

With `xn = (x - mean) / std` and a convolution with valid padding,

    sum_k,c w[k, c, f] * xn[t + k, c] + b[f]
      = sum_k,c (w[k, c, f] / std[c]) * x[t + k, c] + (b[f] - sum_k,c w[k, c, f] * mean[c] / std[c])

holds exactly in real arithmetic, because every output sees every tap. With padding it would not: the
padded zeros are zeros of the normalised signal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from edgehar.contract import Contract
from edgehar.errors import ContractError

#: Layers that only pass the window on, so that the first convolution may stand behind them.
PASSING = ("InputLayer", "Reshape", "Dropout", "SpatialDropout1D", "GaussianNoise", "Identity")


def fold_normalisation(model: Any, contract: Contract) -> tuple[Any, Contract]:
    """Return a copy of the model that takes raw m/s², and its contract with `folded` set.

    Args:
        model: keras.Model whose first layer with weights is a Conv1D with valid padding.
        contract: its contract; without normalisation, or with it folded, the model is returned as it is.
    Raises:
        ContractError: the normalisation cannot be folded exactly.
    """
    norm = contract.normalisation
    if norm is None or norm.folded:
        return model, contract
    import keras

    folded = keras.models.clone_model(model)
    folded.set_weights(model.get_weights())
    layer = _first_convolution(folded)
    weights = layer.get_weights()
    kernel = weights[0].astype(np.float64)
    std = np.asarray(norm.std, np.float64)
    mean = np.asarray(norm.mean, np.float64)
    scaled = kernel / std[None, :, None]
    bias = weights[1].astype(np.float64) - np.einsum("kcf,c->f", scaled, mean)
    layer.set_weights([scaled.astype(np.float32), bias.astype(np.float32)])
    return folded, replace(contract, normalisation=replace(norm, folded=True))


def _first_convolution(model: Any) -> Any:
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in PASSING:
            continue
        if kind == "Conv1D" and layer.padding == "valid" and layer.use_bias and layer.groups == 1:
            return layer
        detail = f"padding {layer.padding!r}" if kind == "Conv1D" else kind
        raise ContractError(
            "expected the first layer to be a Conv1D with valid padding and a bias, so that the normalisation "
            f"can be folded in exactly, got {layer.name!r} ({detail}); train on raw m/s² or change that layer"
        )
    raise ContractError("expected a Conv1D in the model, got none")
