"""Putting layers in front of a network: another view of the window, or one affine step a channel.

Both leave the network's own layers and weights as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgehar.contract import Contract
from edgehar.models.library import import_keras

if TYPE_CHECKING:
    import keras

#: Orders of the numbers of a window: one sample after another, or one axis after another.
ORDERS = ("samples", "axes")


def with_view(model: keras.Model, window: Sequence[int], shape: Sequence[int], order: str = "samples") -> keras.Model:
    """A model of float32 (batch, window, channels) that shows each window to `model` as (batch, *shape).

    Args:
        model: keras.Model; its layers are shared with the result.
        window: samples and channels.
        shape: as many values as the window has.
        order: `axes` where the model wants x0, x1, …, y0, y1, …, z0, …
    """
    layers = import_keras().layers
    front = [layers.Permute((2, 1), name="axes_first")] if order == "axes" else []
    return _behind(model, window, [*front, layers.Reshape(tuple(shape), name="view")])


def with_affine(model: keras.Model, contract: Contract, scale: Sequence[float], offset: Sequence[float]) -> keras.Model:
    """A model whose first layer makes `x * scale + offset` of each channel, as a depthwise convolution of one tap.

    A convolution, because in int8 it has a scale for each axis; a multiplication by a constant has one for all.

    Args:
        model: takes the contract's input layout, as the result does.
        scale, offset: one number for each channel.
    """
    keras = import_keras()
    affine = keras.layers.DepthwiseConv1D(1, name="affine")
    front = [affine]
    if contract.input_layout == "flat":
        front.insert(0, keras.layers.Reshape(contract.window_shape, name="affine_window"))
        front.append(keras.layers.Reshape(contract.input_shape, name="affine_flat"))
    result = _behind(model, contract.input_shape, front)
    affine.set_weights([np.array(scale, np.float32).reshape(1, -1, 1), np.array(offset, np.float32)])
    return result


def with_softmax(model: keras.Model) -> keras.Model:
    """The model with a softmax behind its output."""
    keras = import_keras()
    softmax = keras.layers.Softmax(name="softmax")
    return keras.Sequential(
        [keras.Input(tuple(model.inputs[0].shape)[1:], name="acceleration"), *_parts(model), softmax]
    )


def ends_in_sigmoid(model: keras.Model) -> bool:
    """Whether the last layer that computes gives each output a probability of its own."""
    last = model.layers[-1]
    while hasattr(last, "layers") and last.layers:
        last = last.layers[-1]
    activation = getattr(last, "activation", None)
    return getattr(activation, "__name__", "") == "sigmoid"


def _behind(model: keras.Model, shape: Sequence[int], front: list[keras.Layer]) -> keras.Model:
    """The model behind these layers, with an input of this shape."""
    keras = import_keras()
    start = keras.Input(tuple(shape), name="acceleration")
    return keras.Sequential([start, *front, *_parts(model)], name="edgehar")


def _parts(model: keras.Model) -> list[keras.Layer]:
    """A Sequential's layers, so that its first convolution stays in sight for whoever folds into it."""
    return list(model.layers) if isinstance(model, import_keras().Sequential) else [model]


def values_in(shape: Sequence[int | None]) -> int:
    """Values of one window of this shape; 0 where a dimension is free."""
    return 0 if None in shape else math.prod(int(n) for n in shape if n is not None)
