"""The last dense layer of an int8 network: what is fitted to a person, and replaced by a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.network import Layer, Network, quantise_multiplier
from edgehar.errors import ContractError


@dataclass(frozen=True)
class Head:
    """The last dense layer of an int8 model, before its softmax.

    Attributes:
        weights: int8 (classes, inputs).
        bias: int32 (classes,).
        zero_point: of the embedding.
        multiplier, shift: of each class, sum to logit in Q16: see `requantise` of edgehar/personal/adaptation.py.
        inverse: of each class, round(256 / (input scale * weight scale)), at most 2^31 - 1.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    zero_point: int
    multiplier: tuple[int, ...]
    shift: tuple[int, ...]
    inverse: tuple[int, ...]


def dense_layer(network: Network) -> Layer:
    """The dense layer before the softmax, which must read one column: the mean over time, or what follows it.

    Raises:
        ContractError: the network ends otherwise, so that a person cannot be learned.
    """
    by_output = {layer.output: layer for layer in network.layers}
    last = by_output.get(network.result)
    dense = by_output.get(last.inputs[0]) if last is not None and last.kind == "softmax" else None
    if dense is None or dense.kind != "conv" or network.tensors[dense.output].columns != 1:
        raise ContractError(
            "expected a network that ends in a dense layer and a softmax, got another; it cannot be adapted"
        )
    if dense.activation != (-128, 127):
        raise ContractError("expected a last dense layer without activation but the softmax; it cannot be adapted")
    return dense


def head_of(network: Network) -> Head:
    """The last dense layer with the constants that adapting it needs."""
    layer = dense_layer(network)
    assert layer.weights is not None and layer.bias is not None
    source, logits = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    # Multiplier and shift are input scale * weight scale / output scale: the weight scales come out of them.
    steps = [m / 2**31 * 2.0**s * logits.scale for m, s in zip(layer.multiplier, layer.shift, strict=True)]
    scaled = [quantise_multiplier(step * 65536) for step in steps]
    return Head(
        weights=layer.weights.reshape(len(layer.weights), -1),
        bias=layer.bias,
        zero_point=source.zero_point,
        multiplier=tuple(multiplier for multiplier, _ in scaled),
        shift=tuple(shift for _, shift in scaled),
        inverse=tuple(min(2**31 - 1, int(np.floor(256 / step + 0.5))) for step in steps),
    )
