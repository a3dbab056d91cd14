"""Incremental `.tflite` models: the state that a step hands to the next one, over LiteRT or TFLite-Micro.

    model = open_model("bundle/model_int8_stream_hop3.tflite", runtime="litert-int8-stream-hop3")
    model.extend(quantised)          # int8 (N, channels), any N; runs a step whenever 3 samples are there
    if model.full:
        output = model.output()      # of the window that ended with the last whole step
    model.clear()                    # after a gap

Samples are counted back from the end of the first window: where the window is no multiple of the hop, the first
step is filled up with samples that no longer count when the window is full, like all that a state holds before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import ContractError
from edgehar.models import find_contract
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.embedded import read_model, settle, with_quantisation
from edgehar.runtimes.litert import open_interpreter, quantisation_of
from edgehar.runtimes.quantise import dequantise, quantise
from edgehar.runtimes.registry import INCREMENTAL
from edgehar.runtimes.tflm import open_micro

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter
    from tflite_micro import runtime as tflm_runtime

    from edgehar.runtimes.litert import TensorDetail


class Step(Protocol):
    """One step of the network, with its state between calls."""

    def __call__(self, samples: NDArray[np.int8]) -> NDArray[np.int8]:
        """Output int8 (classes,) after the samples int8 (1, hop, channels)."""


class Incremental(Runtime):
    """An incremental step as a runtime.

    `predict` is exact: it feeds every window from its first sample. For timing, `prepare` takes the newest `hop`
    samples of a window and `invoke` runs one step on them, state included: what a decision costs in a stream.

    Attributes:
        hop: samples of a step.
        note: why steps save nothing, where that is so.
    """

    name: ClassVar[str] = "int8-stream"

    def __init__(self, step: Step, contract: Contract, hop: int, threads: int) -> None:
        assert contract.input_quantisation is not None
        self.contract, self.threads, self.hop = contract, threads, hop
        self.note: str | None = None
        self._step = step
        self._pending = np.zeros((1, hop, len(contract.channels)), np.int8)
        self._zeros = np.int8(contract.input_quantisation.zero_point)
        self.clear()

    def clear(self) -> None:
        """Forget all samples, as after a gap."""
        self._missing = self.contract.window
        self._filled = -self.contract.window % self.hop
        self._pending[:] = self._zeros
        self._output: NDArray[np.int8] | None = None

    @property
    def full(self) -> bool:
        """Whether a whole window has come since the last `clear`."""
        return self._missing <= 0

    def extend(self, samples: NDArray[np.int8]) -> None:
        """Take quantised samples (N, channels), oldest first, and run the steps that they complete."""
        start, count = 0, len(samples)
        while start < count:
            taken = min(count - start, self.hop - self._filled)
            self._pending[0, self._filled : self._filled + taken] = samples[start : start + taken]
            self._filled += taken
            start += taken
            if self._filled == self.hop:
                self._output = self._step(self._pending)
                self._filled = 0
        self._missing -= count

    def output(self) -> NDArray[np.int8]:
        """Output int8 (classes,) of the window that ended with the last whole step; a window must be `full`."""
        assert self.full and self._output is not None, "no window is full yet"
        return self._output

    def prepare(self, window: NDArray[np.float32]) -> NDArray[np.int8]:
        """Quantises the newest `hop` samples of a window and adds the batch dimension."""
        assert self.contract.input_quantisation is not None
        return np.ascontiguousarray(quantise(window[-self.hop :], self.contract.input_quantisation))[None]

    def invoke(self, tensor: NDArray[np.int8]) -> NDArray[np.int8]:
        """Runs one step on the state that the calls before left; the output is a copy."""
        return self._step(tensor)

    def finish(self, output: NDArray[np.int8]) -> NDArray[np.float32]:
        """Dequantises."""
        assert self.contract.output_quantisation is not None
        return dequantise(output, self.contract.output_quantisation)

    def outputs(self, windows: NDArray[np.float32]) -> NDArray[np.int8]:
        """Outputs int8 (N, classes) of windows that need not follow each other."""
        self.check(windows)
        assert self.contract.input_quantisation is not None
        found = np.zeros((len(windows), len(self.contract.labels)), np.int8)
        for row, window in zip(found, windows, strict=True):
            self.clear()
            self.extend(quantise(window, self.contract.input_quantisation))
            row[:] = self.output()
        return found

    def predict_one(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of one window, fed from its first sample."""
        return self.finish(self.outputs(window[None])[0])


class LitertStep:
    """A step through LiteRT."""

    def __init__(self, interpreter: Interpreter) -> None:
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._interpreter = interpreter
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._states = [(given["index"], kept["index"]) for given, kept in zip(inputs[1:], outputs[1:], strict=True)]

    def __call__(self, samples: NDArray[np.int8]) -> NDArray[np.int8]:
        """See `Step`."""
        interpreter = self._interpreter
        interpreter.set_tensor(self._input, samples)
        interpreter.invoke()
        for given, kept in self._states:
            interpreter.set_tensor(given, interpreter.get_tensor(kept))
        return np.asarray(interpreter.get_tensor(self._output)[0])


class TflmStep:
    """A step through TFLite-Micro."""

    def __init__(self, interpreter: tflm_runtime.Interpreter, states: list[NDArray[np.int32]]) -> None:
        self._interpreter = interpreter
        self._states = [np.zeros(shape, np.int8) for shape in states]

    def __call__(self, samples: NDArray[np.int8]) -> NDArray[np.int8]:
        """See `Step`."""
        interpreter = self._interpreter
        interpreter.set_input(samples, 0)
        # Inputs lie in the arena, where running the network may overwrite them: every step sets them all.
        for index, state in enumerate(self._states, 1):
            interpreter.set_input(state, index)
        interpreter.invoke()
        self._states = [np.array(interpreter.get_output(index + 1)) for index in range(len(self._states))]
        return np.array(interpreter.get_output(0)[0])


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> Incremental:
    """Open an incremental `.tflite`; see `edgehar.runtimes.open_model` for arguments and errors."""
    return from_bytes(read_model(path), path, row, settle(path, find_contract(path), contract), threads)


def from_bytes(content: bytes, path: Path, row: str | None, contract: Contract, threads: int = 1) -> Incremental:
    """An incremental model from a file's content.

    Args:
        path: where it comes from, for messages.
        row: such as `litert-int8-stream-hop3`; None for LiteRT's usual kernels.
        contract: of the model.
    Raises:
        ContractError: not an incremental step, or one of another hop than the row's name says.
        MissingExtra: the runtime's package is not installed.
    """
    match = INCREMENTAL.fullmatch(row or "")
    kernels = match["kernels"] if match else "litert-int8"
    interpreter = open_interpreter(content, path, reference=kernels == "litert-int8-reference", threads=threads)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    hop = _check(path, contract, inputs, outputs)
    if match and int(match["hop"]) != hop:
        raise ContractError(f"expected an incremental model of hop {match['hop']}, got one of hop {hop} in {path}")
    settled = with_quantisation(path, contract, quantisation_of(path, inputs[0]), quantisation_of(path, outputs[0]))
    if kernels != "tflm-int8":
        return Incremental(LitertStep(interpreter), settled, hop, threads)
    micro = open_micro(content, path)
    return Incremental(TflmStep(micro, [detail["shape"] for detail in inputs[1:]]), settled, hop, 1)


def is_step(path: Path) -> bool:
    """Whether a `.tflite` has states beside its samples."""
    return len(open_interpreter(read_model(path), path, reference=False).get_input_details()) > 1


def _check(path: Path, contract: Contract, inputs: list[TensorDetail], outputs: list[TensorDetail]) -> int:
    """The hop of an incremental step whose tensors are what its contract says."""
    samples, probabilities = tuple(inputs[0]["shape"]), tuple(outputs[0]["shape"])
    pairs = list(zip(inputs[1:], outputs[1:], strict=False))
    hop, channels = int(samples[1]) if len(samples) == 3 else 0, len(contract.channels)
    whole = len(inputs) == len(outputs) and all(detail["dtype"] == np.int8 for detail in (*inputs, *outputs))
    same = all(
        tuple(given["shape"]) == tuple(kept["shape"]) and given["quantization"] == kept["quantization"]
        for given, kept in pairs
    )
    shapes = (
        samples == (1, hop, channels) and 1 <= hop <= contract.window and probabilities == (1, len(contract.labels))
    )
    if not (whole and same and shapes):
        raise ContractError(
            f"expected an incremental step (int8 samples (1, hop, {channels}) and states, {len(contract.labels)} "
            f"probabilities and the same states) in {path}, got {[tuple(map(int, d['shape'])) for d in inputs]}; "
            "make one with: edgehar export --int8 --incremental --hop N"
        )
    return hop
