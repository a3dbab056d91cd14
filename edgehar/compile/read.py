"""Reading an int8 .tflite into a `Network`, or refusing it by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION
from edgehar.compile.advice import way_out
from edgehar.compile.builder import Builder
from edgehar.compile.forms import check_form
from edgehar.compile.network import Network
from edgehar.compile.operators import OPERATORS
from edgehar.compile.simplify import simplify
from edgehar.errors import ContractError, EdgeharError
from edgehar.files import LARGEST_MODEL, read_bytes, sha256_bytes
from edgehar.models import find_contract

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

#: Operators that only rename the shape of what they are given.
RESHAPES = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")


def read_network(path: str | Path) -> Network:
    """Read an int8 .tflite.

    Raises:
        EdgeharError: the file is missing or no .tflite.
        ContractError: an operator, rank or quantisation that the engine does not cover; the message
            names the operator and the reason.
    """
    content = read_bytes(path, LARGEST_MODEL)
    model = _parse(content, path)
    if len(model.subgraphs) != 1:
        raise ContractError(
            f"expected one graph in {path}, got {len(model.subgraphs)}: a loop of a recurrent layer; "
            "use Conv1D in its place"
        )
    graph = model.subgraphs[0]
    _check_numbers(model, graph, path)
    inputs, outputs = [int(i) for i in graph.inputs], [int(i) for i in graph.outputs]
    if len(inputs) != 1 or len(outputs) != 1:
        raise ContractError(f"expected one input and one output in {path}, got {len(inputs)} and {len(outputs)}")
    builder = Builder(graph.tensors, [_buffer(buffer) for buffer in model.buffers])
    builder.begin(inputs[0], _channels_inside(path) if len(builder.shape(inputs[0])) == 2 else 0)
    names = _operator_names()
    for index, operator in enumerate(graph.operators):
        builder.operator = index
        code = model.operatorCodes[operator.opcodeIndex]
        name = names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
        if name in OPERATORS or name in RESHAPES:
            check_form(operator, name, len(graph.tensors))
        where = f"{name} {builder.result_name(operator)!r}"
        if name in RESHAPES:
            builder.rename(int(operator.inputs[0]), int(operator.outputs[0]), where)
        elif name in OPERATORS:
            OPERATORS[name](builder, operator, where)
        else:
            advice = way_out(name, (*OPERATORS, *RESHAPES))
            raise ContractError(f"operator {where} is not covered by the C engine; {advice}")
    return simplify(builder.finish(outputs[0], sha256_bytes(content)))


def _channels_inside(path: str | Path) -> int:
    """Channels of a sample by the contract that the file carries; x, y and z without one."""
    contract = find_contract(path)
    return len(ACCELERATION if contract is None else contract.channels)


def _parse(content: bytes, path: str | Path) -> schema.ModelT:
    """The flatbuffer's object form; anything that is no .tflite is an EdgeharError."""
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != b"TFL3":
        raise EdgeharError(f"expected a .tflite file, got something else: {path}")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        assert model.subgraphs and model.operatorCodes and model.buffers
    except Exception as error:  # the generated reader raises whatever a damaged offset leads to
        raise EdgeharError(f"expected a .tflite file, got a damaged one: {path} ({type(error).__name__})") from error
    return model


def _check_numbers(model: schema.ModelT, graph: schema.SubGraphT, path: str | Path) -> None:
    """Refuse a graph that names tensors, buffers or operators which are not there."""
    parts = (graph.tensors, graph.operators, graph.inputs, graph.outputs)
    there = all(part is not None for part in parts) and all(
        0 <= int(number) < len(of)
        for numbers, of in (
            ((*graph.inputs, *graph.outputs), graph.tensors),
            ([tensor.buffer for tensor in graph.tensors], model.buffers),
            ([operator.opcodeIndex for operator in graph.operators], model.operatorCodes),
        )
        for number in numbers
    )
    if not there:
        raise EdgeharError(f"expected a .tflite file, got a damaged one: {path} (it names parts that are not there)")


def _buffer(buffer: schema.BufferT) -> NDArray[np.uint8]:
    data = buffer.data
    return np.zeros(0, np.uint8) if data is None else np.asarray(data, np.uint8)


def _operator_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
