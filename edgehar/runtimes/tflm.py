"""int8 `.tflite` models through TFLite-Micro's own interpreter on the host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import ContractError, MissingExtra
from edgehar.models import find_contract
from edgehar.quiet import quiet
from edgehar.runtimes.arena import arena_bytes
from edgehar.runtimes.embedded import read_model, settle, with_quantisation
from edgehar.runtimes.litert import TfliteRuntime, check_model, is_int8, open_interpreter, quantisation_of

if TYPE_CHECKING:
    from tflite_micro import runtime


class TflmInt8(TfliteRuntime):
    """TFLite-Micro's interpreter with its reference kernels; one thread always."""

    name: ClassVar[str] = "tflm-int8"

    def __init__(self, path: Path, model: bytes, contract: Contract) -> None:
        self._interpreter = open_micro(model, path)
        inputs = quantisation_of(path, self._interpreter.get_input_details(0))
        outputs = quantisation_of(path, self._interpreter.get_output_details(0))
        self.contract = with_quantisation(path, contract, inputs, outputs)
        self._model = model

    def invoke(self, tensor: NDArray[Any]) -> NDArray[np.int8 | np.float32]:
        """Runs the network; the output is a copy."""
        self._interpreter.set_input(tensor, 0)
        self._interpreter.invoke()
        return np.array(self._interpreter.get_output(0)[0])

    def arena_bytes(self) -> int:
        """Bytes of the smallest arena that holds this model; see `edgehar.runtimes.arena.arena_bytes`."""
        return arena_bytes(self._model)

    def close(self) -> None:
        """Release the interpreter."""
        self._interpreter = None


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> TflmInt8:
    """Open an int8 `.tflite`; see `edgehar.runtimes.open_model` for arguments and errors.

    TFLite-Micro trusts its input, so LiteRT verifies the file first.
    """
    model = read_model(path)
    checker = open_interpreter(model, path, reference=True)
    if not is_int8(checker):
        raise ContractError(f"expected an int8 model for {TflmInt8.name}, got a float model in {path}")
    settled = settle(path, find_contract(path), contract)
    check_model(path, checker, settled)
    return TflmInt8(path, model, settled)


def open_micro(model: bytes, path: Path) -> runtime.Interpreter:
    """A TFLite-Micro interpreter with room enough; verify the file with LiteRT first.

    Raises:
        ContractError: operators that TFLite-Micro lacks.
        MissingExtra: `tflite-micro` is not installed.
    """
    try:
        return _interpreter(model)
    except RuntimeError as error:
        raise ContractError(f"expected a model that TFLite-Micro can run, got {path} ({error})") from error


def _interpreter(model: bytes) -> runtime.Interpreter:
    try:
        from tflite_micro import runtime
    except ImportError as error:
        raise MissingExtra("tflite-micro", "bench") from error
    with quiet():
        return runtime.Interpreter.from_bytes(model)
