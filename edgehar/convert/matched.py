"""The float and the int8 graph of one network side by side, operator by operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgehar.contract import TensorQuantisation

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

#: Operators that only the int8 graph has: at its float ends, or between two scales.
ONLY_INT8 = ("QUANTIZE", "DEQUANTIZE")


@dataclass(frozen=True)
class Pair:
    """One activation that both graphs have, and the int8 graph quantises.

    Attributes:
        name: of the tensor in the int8 graph; both are named after the operator that makes it.
        operator: the operator that makes it, INPUT for the network's input.
        shape: in the float graph, without the batch.
        reference, quantised: tensor index in the float and in the int8 graph.
        constants: (float, int8) tensor indices of the operator's other inputs, weights and bias among them.
        quantisation: of the int8 graph's tensor.
    """

    name: str
    operator: str
    shape: tuple[int, ...]
    reference: int
    quantised: int
    constants: tuple[tuple[int, int], ...]
    quantisation: TensorQuantisation

    @property
    def scale(self) -> float:
        """Real value of one step."""
        return self.quantisation.scale

    @property
    def zero_point(self) -> int:
        """The code of 0."""
        return self.quantisation.zero_point

    @property
    def bounds(self) -> tuple[float, float]:
        """The real values that are not clipped: half a step outside still rounds to the last code."""
        half = self.scale / 2
        return (-128 - self.zero_point) * self.scale - half, (127 - self.zero_point) * self.scale + half


def open_graph(model: bytes) -> Interpreter:
    """An interpreter with LiteRT's reference kernels in which every tensor can be read after a run."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    return interpreter


def match(reference: Interpreter, quantised: Interpreter) -> list[Pair]:
    """The input and every operator's output, in the order of the graph.

    Args:
        reference, quantised: what `open_graph` gives of a float and of an int8 `.tflite`.
    Returns:
        empty where the two graphs differ in more than QUANTIZE and DEQUANTIZE.
    """
    ours = list(reference._get_ops_details())
    all_theirs = list(quantised._get_ops_details())
    theirs = [operator for operator in all_theirs if operator["op_name"] not in ONLY_INT8]
    if [operator["op_name"] for operator in ours] != [operator["op_name"] for operator in theirs]:
        return []
    source, sink = reference.get_input_details()[0]["index"], quantised.get_input_details()[0]["index"]
    first = all_theirs[0]
    if first["op_name"] == "QUANTIZE" and first["inputs"][0] == sink:
        sink = first["outputs"][0]
    found: list[tuple[str, int, int, tuple[tuple[int, int], ...]]] = [("INPUT", int(source), int(sink), ())]
    for left, right in zip(ours, theirs, strict=True):
        constants = tuple((int(a), int(b)) for a, b in zip(left["inputs"][1:], right["inputs"][1:], strict=False))
        found.append((str(left["op_name"]), int(left["outputs"][0]), int(right["outputs"][0]), constants))
    shapes = {detail["index"]: detail["shape"] for detail in reference.get_tensor_details()}
    tensors = {detail["index"]: detail for detail in quantised.get_tensor_details()}
    pairs = []
    for operator, a, b, constants in found:
        scale, zero = tensors[b]["quantization"]
        if scale:
            shape = tuple(int(size) for size in shapes[a][1:])
            quantisation = TensorQuantisation(float(scale), int(zero))
            pairs.append(Pair(str(tensors[b]["name"]), operator, shape, a, b, constants, quantisation))
    return pairs
