"""Columns that need not be: padding that the next layer can see by itself, and the window's begin where nothing
that the result depends on reads it.

A causal network whose last step alone is read, as a temporal convolutional network's is, depends on its last samples
only. What its padding touches is then never computed, and without padding its layers run on a stream without end.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgehar.compile.network import Layer, Network

#: Kinds that see padding as the zero point.
_SEES_PADDING = ("conv", "depthwise", "gather")


def simplify(network: Network) -> Network:
    """The same network without copies that only pad, and without columns that nothing reads at the window's begin.

    Every output byte is the same. Networks without PAD and STRIDED_SLICE come back as they are.
    """
    return _without_begin(_without_pads(network))


def _without_pads(network: Network) -> Network:
    layers = list(network.layers)
    for output in (layer.output for layer in network.layers):
        pad = next(layer for layer in layers if layer.output == output)
        only_pads = pad.kind == "gather" and (pad.kernel, pad.stride, pad.taps) == (1, 1, 1) and not any(pad.lead)
        readers = [layer for layer in layers if pad.output in layer.inputs]
        seen = all(reader.kind in _SEES_PADDING and not any(reader.lead) for reader in readers)
        if not (only_pads and seen and pad.pad_left + pad.pad_right) or network.result == pad.output:
            continue
        layers = [
            replace(
                layer,
                inputs=pad.inputs,
                pad_left=layer.pad_left + pad.pad_left,
                pad_right=layer.pad_right + pad.pad_right,
            )
            if pad.output in layer.inputs
            else layer
            for layer in layers
            if layer is not pad
        ]
    return replace(network, layers=tuple(layers))


def _without_begin(network: Network) -> Network:
    #: First column of each tensor that is read; a layer's readers stand behind it.
    first: dict[int, int] = {network.result: 0}
    starts: dict[tuple[int, int], int] = {}
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        begin = 0 if layer.reduces else first[layer.output] * layer.stride - layer.pad_left
        for slot, operand in enumerate(layer.inputs):
            start = begin + layer.passed_over(slot)
            starts[index, slot] = start
            first[operand] = max(0, min(first.get(operand, start), start))
    first[network.source] = 0
    if not any(first.values()):
        return network
    tensors = list(network.tensors)
    for tensor, column in first.items():
        tensors[tensor] = replace(tensors[tensor], columns=tensors[tensor].columns - column, first=column)
    layers = [_begin_later(layer, index, starts, first) for index, layer in enumerate(network.layers)]
    return replace(network, tensors=tuple(tensors), layers=tuple(layers))


def _begin_later(layer: Layer, index: int, starts: dict[tuple[int, int], int], first: dict[int, int]) -> Layer:
    """The layer where each tensor begins at the first column that is read."""
    behind = [starts[index, slot] - first[operand] for slot, operand in enumerate(layer.inputs)]
    operand = layer.operand
    if operand is not None and len(operand) > 1:
        operand = np.ascontiguousarray(operand[first[layer.output] :])
    lead = tuple(max(0, columns) for columns in behind)
    return replace(layer, pad_left=max(0, -behind[0]), lead=lead if any(lead) else (), operand=operand)
