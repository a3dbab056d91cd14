"""The embedding that the last dense layer of an int8 network reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.head import dense_layer
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.files import LARGEST_MODEL, read_bytes
from edgehar.runtimes.quantise import quantise


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
