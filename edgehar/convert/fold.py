"""Folding the normalisation into the network, into its first convolution where that is exact.

With `xn = (x - mean) / std` and a convolution with valid padding,

    sum_k,c w[k, c, f] * xn[t + k, c] + b[f]
      = sum_k,c (w[k, c, f] / std[c]) * x[t + k, c] + (b[f] - sum_k,c w[k, c, f] * mean[c] / std[c])

holds exactly in real arithmetic, because every output sees every tap. With padding it would not: the
padded zeros are zeros of the normalised signal. There, and where the window goes to another layer than one
convolution, the normalisation stands in front of the network as a depthwise convolution of one tap.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgehar.contract import Contract
from edgehar.models.front import with_affine

if TYPE_CHECKING:
    import keras

#: Layers that only pass the window on, so that the first convolution may stand behind them.
PASSING = ("InputLayer", "Reshape", "Dropout", "SpatialDropout1D", "GaussianNoise", "Identity")


def fold_normalisation(model: keras.Model, contract: Contract) -> tuple[keras.Model, Contract]:
    """Return a copy of the model that takes raw m/s², and its contract with `folded` set.

    Args:
        model: keras.Model. Where its first layer with weights is a Conv1D with valid padding that alone reads the
            window, that layer takes the normalisation up; any other gets one layer more.
        contract: its contract; without normalisation, or with it folded, the model is returned as it is.
    """
    norm = contract.normalisation
    if norm is None or norm.folded:
        return model, contract
    import keras

    folded = keras.models.clone_model(model)
    folded.set_weights(model.get_weights())
    after = replace(contract, normalisation=replace(norm, folded=True))
    std = np.asarray(norm.std, np.float64)
    mean = np.asarray(norm.mean, np.float64)
    layer = first_convolution(folded, contract)
    if layer is None:
        return with_affine(folded, contract, (1 / std).tolist(), (-mean / std).tolist()), after
    weights = layer.get_weights()
    kernel = weights[0].astype(np.float64)
    scaled = kernel / std[None, :, None]
    bias = weights[1].astype(np.float64) - np.einsum("kcf,c->f", scaled, mean)
    layer.set_weights([scaled.astype(np.float32), bias.astype(np.float32)])
    return folded, after


def first_convolution(model: keras.Model, contract: Contract) -> keras.layers.Conv1D | None:
    """The convolution that alone reads the window, as it is and without padding; None where there is none."""
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv1D" and layer.padding == "valid" and layer.use_bias and layer.groups == 1:
            # Behind another Reshape than that of the flat layout, its channels are not the samples'.
            return layer if tuple(layer.input.shape)[1:] == contract.window_shape else None
        if kind not in PASSING or len(_readers(model, layer.output)) != 1:
            return None
    return None


def _readers(model: keras.Model, tensor: keras.KerasTensor) -> list[keras.Layer]:
    """Layers of the model that take this tensor."""
    return [
        layer
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
        and any(other is tensor for other in (layer.input if isinstance(layer.input, list) else [layer.input]))
    ]
