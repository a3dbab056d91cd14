"""What an operator in a `.tflite` must have before anything of it is read: operands, results and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: Operands at least, and the options whose fields are read (without `OptionsT`; empty: none are).
_FORMS: dict[str, tuple[int, str]] = {
    "ADD": (2, "Add"),
    "AVERAGE_POOL_2D": (1, "Pool2D"),
    "BATCH_TO_SPACE_ND": (3, ""),
    "CONCATENATION": (2, "Concatenation"),
    "CONV_2D": (2, "Conv2D"),
    "DEPTHWISE_CONV_2D": (2, "DepthwiseConv2D"),
    "FULLY_CONNECTED": (2, "FullyConnected"),
    "LEAKY_RELU": (1, "LeakyRelu"),
    "MAX_POOL_2D": (1, "Pool2D"),
    "MEAN": (2, ""),
    "MUL": (2, "Mul"),
    "PAD": (2, ""),
    "PRELU": (2, ""),
    "REDUCE_MAX": (2, ""),
    "SOFTMAX": (1, "Softmax"),
    "SPACE_TO_BATCH_ND": (3, ""),
    "STRIDED_SLICE": (4, "StridedSlice"),
    "SUB": (2, "Sub"),
}
#: Which operators may leave an operand out, and which one.
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2}


def check_form(operator: schema.OperatorT, name: str, tensors: int) -> None:
    """Refuse an operator without the operands, the one result or the options that its kind has.

    Args:
        name: such as `CONV_2D`.
        tensors: how many the graph has.
    Raises:
        ContractError: what is missing.
    """
    inputs, outputs = ([] if some is None else [int(i) for i in some] for some in (operator.inputs, operator.outputs))
    least, options = _FORMS.get(name, (1, ""))
    absent = {slot for slot, index in enumerate(inputs) if index == -1}
    known = all(0 <= index < tensors for slot, index in enumerate(inputs) if slot not in absent)
    if len(outputs) != 1 or not 0 <= outputs[0] < tensors or len(inputs) < least or not known:
        raise ContractError(f"expected {least} operands and one result of {name}, got {inputs} and {outputs}: damaged")
    if absent - {_BIAS.get(name)}:
        raise ContractError(f"expected all operands of {name}, got {inputs}: damaged; convert the model again")
    given = type(operator.builtinOptions).__name__.removesuffix("OptionsT")
    if options and given != options:
        raise ContractError(f"expected the options of {name}, got another operator's or none; convert the model again")
