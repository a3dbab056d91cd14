"""Whole-window interpreters as oracles, and random networks with the contract that a file of theirs would carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.runtimes.litert import open_interpreter

KERNELS = ("litert-int8-reference", "tflm-int8")


def whole_window(content: bytes, kernels: str) -> Callable[[np.ndarray], np.ndarray]:
    """int8 (window, 3) -> int8 (classes,), by the interpreters' own interfaces."""
    if kernels == "tflm-int8":
        micro = pytest.importorskip("tflite_micro").runtime.Interpreter.from_bytes(content)

        def run_micro(window: np.ndarray) -> np.ndarray:
            micro.set_input(np.ascontiguousarray(window)[None], 0)
            micro.invoke()
            return np.array(micro.get_output(0)).reshape(-1)

        return run_micro
    interpreter = open_interpreter(content, Path("oracle"), reference=kernels == "litert-int8-reference")
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(window: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source["index"], np.ascontiguousarray(window).reshape(source["shape"]))
        interpreter.invoke()
        return interpreter.get_tensor(sink["index"]).reshape(-1)

    return run


def contract_of(path: Path) -> Contract:
    """Numbers for labels, and the window of the network."""
    network = read_network(path)
    classes = network.tensors[network.result].channels
    return Contract(
        labels=tuple(f"class {index}" for index in range(classes)), window=network.tensors[network.source].columns
    )
