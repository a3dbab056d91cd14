"""The last dense layer of an int8 network, and the embedding that it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.network import Layer, Network, quantise_multiplier
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.errors import ContractError
from edgehar.files import LARGEST_MODEL, read_bytes
from edgehar.personal.adaptation import Head
from edgehar.runtimes.quantise import quantise


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


def embed(path: Path, contract: Contract, windows: NDArray[np.float32]) -> NDArray[np.int8]:
    """What the last dense layer reads, int8 (windows, inputs), of windows float32 (N, window, 3) in m/s².

    Computed by LiteRT's reference kernels, which equal the C engine there.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    network = read_network(path)
    tensor = network.tensors[dense_layer(network).inputs[0]]
    interpreter = Interpreter(
        model_content=read_bytes(path, LARGEST_MODEL),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    assert contract.input_quantisation is not None
    rows = []
    for window in windows:
        codes = quantise(window, contract.input_quantisation)
        interpreter.set_tensor(source["index"], codes.reshape(source["shape"]))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(tensor.index).reshape(-1).copy())
    return np.stack(rows)
