"""`.tflite` models through LiteRT: XNNPACK kernels, and the reference kernels that serve as oracle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract, TensorQuantisation
from edgehar.errors import ContractError
from edgehar.models import find_contract
from edgehar.quiet import quiet
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.embedded import check_tensors, read_model, settle, with_quantisation
from edgehar.runtimes.quantise import dequantise, quantise

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


class Scales(TypedDict):
    """Scales and zero points of a tensor: none, one of each, or one per slice along the dimension."""

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int32]
    quantized_dimension: int


class TensorDetail(TypedDict):
    """What an interpreter tells of a tensor, as far as it is read; TFLite-Micro leaves name and index out."""

    name: NotRequired[str]
    index: NotRequired[int]
    shape: NDArray[np.int32]
    dtype: type[np.generic]
    quantization: NotRequired[tuple[float, int]]
    quantization_parameters: Scales


class TfliteRuntime(Runtime):
    """A runtime of `.tflite` models, whose contract says how input and output are quantised, if they are."""

    def prepare(self, window: NDArray[np.float32]) -> NDArray[np.int8 | np.float32]:
        """Quantises where the input is int8, and adds the batch dimension."""
        quantisation = self.contract.input_quantisation
        values: NDArray[np.int8 | np.float32] = window if quantisation is None else quantise(window, quantisation)
        return np.ascontiguousarray(values).reshape(1, *self.contract.input_shape)

    def finish(self, output: NDArray[Any]) -> NDArray[np.float32]:
        """Dequantises where the output is int8."""
        quantisation = self.contract.output_quantisation
        return output if quantisation is None else dequantise(output, quantisation)


class Litert(TfliteRuntime):
    """A LiteRT interpreter with one input and one output, float32 or int8.

    An int8 network whose input and output are float32 (`export --io float`) runs as well; then there is
    nothing to quantise here.
    """

    name: ClassVar[str] = "litert-float"
    reference: ClassVar[bool] = False

    def __init__(self, path: Path, interpreter: Interpreter, contract: Contract, threads: int) -> None:
        source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        inputs, outputs = quantisation_of(path, source), quantisation_of(path, sink)
        self.contract = with_quantisation(path, contract, inputs, outputs)
        self.threads = threads
        self._interpreter = interpreter
        self._input, self._output = source["index"], sink["index"]

    def invoke(self, tensor: NDArray[Any]) -> NDArray[np.int8 | np.float32]:
        """Runs the network; the output is a copy."""
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0])

    def close(self) -> None:
        """Release the interpreter."""
        self._interpreter = None


class LitertInt8(Litert):
    """int8 through LiteRT's optimised kernels (XNNPACK)."""

    name = "litert-int8"


class LitertInt8Reference(Litert):
    """int8 through LiteRT's reference kernels (`BUILTIN_REF`)."""

    name = "litert-int8-reference"
    reference = True


CLASSES: dict[str, type[Litert]] = {kind.name: kind for kind in (Litert, LitertInt8, LitertInt8Reference)}


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> Litert:
    """Open a `.tflite`; see `edgehar.runtimes.open_model` for arguments and errors."""
    interpreter = open_interpreter(read_model(path), path, reference=row == LitertInt8Reference.name, threads=threads)
    int8 = is_int8(interpreter)
    if row is None:
        row = LitertInt8.name if int8 else Litert.name
    if int8 != (row != Litert.name):
        got = "an int8" if int8 else "a float"
        raise ContractError(f"expected {'a float' if int8 else 'an int8'} model for {row}, got {got} model in {path}")
    settled = settle(path, find_contract(path), contract)
    check_model(path, interpreter, settled)
    return CLASSES[row](path, interpreter, settled, threads)


def open_interpreter(content: bytes, path: Path, *, reference: bool, threads: int = 1) -> Interpreter:
    """A LiteRT interpreter with its tensors allocated; the library verifies the flatbuffer first.

    Raises:
        ContractError: not a `.tflite`, truncated, damaged, or with operators that LiteRT does not have.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    if content[4:8] != b"TFL3":
        raise ContractError(f"expected a TensorFlow Lite model in {path}, got another kind of file")
    kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    try:
        with quiet():
            interpreter = Interpreter(model_content=content, num_threads=threads, experimental_op_resolver_type=kernels)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ContractError(
            f"expected a TensorFlow Lite model in {path}, got one that is damaged or cannot run here ({error}); "
            "export it again"
        ) from error
    return interpreter


def check_model(path: Path, interpreter: Interpreter, contract: Contract) -> None:
    """Check shapes, data types and the number of inputs and outputs; raises ContractError where they are not its."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    check_tensors(path, contract, [d["shape"] for d in inputs], [d["shape"] for d in outputs])
    for kind, detail in (("input", inputs[0]), ("output", outputs[0])):
        if detail["dtype"] not in (np.float32, np.int8):
            raise ContractError(f"expected a float32 or int8 {kind}, got {np.dtype(detail['dtype']).name} in {path}")


def quantisation_of(path: Path, detail: TensorDetail) -> TensorQuantisation | None:
    """The quantisation of an input or output tensor; None where it is float32. ContractError: more than one scale."""
    if detail["dtype"] != np.int8:
        return None
    parameters = detail["quantization_parameters"]
    if len(parameters["scales"]) != 1 or len(parameters["zero_points"]) != 1:
        raise ContractError(f"expected one scale and zero point for {detail.get('name', 'a tensor')} in {path}")
    return TensorQuantisation(float(parameters["scales"][0]), int(parameters["zero_points"][0]))


def is_int8(interpreter: Interpreter) -> bool:
    """Whether the network computes in int8.

    Weights alone do not tell (dynamic-range models have int8 weights and float activations): in an int8
    network no tensor but the input and the output is float32.
    """
    ends = {d["index"] for d in interpreter.get_input_details() + interpreter.get_output_details()}
    details = interpreter.get_tensor_details()
    inner_floats = [d for d in details if d["dtype"] in (np.float32, np.float16) and d["index"] not in ends]
    return not inner_floats and any(d["dtype"] == np.int8 for d in details)
