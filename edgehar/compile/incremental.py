"""An incremental `.tflite`: one step takes the new samples and the state, and gives probabilities and the new state.

The int8 model's own operators, weights and scales are kept; only their inputs change. A convolution or pool that
survives the hop reads CONCATENATION (state, new columns), and a STRIDED_SLICE of that is the state of the next
step. Both tensors have the same quantisation parameters, so that joining them changes no byte. Layers behind the
last surviving one read their whole input, of which the columns of earlier steps are state.

Inputs: `samples` int8 (1, hop, channels), then the states; outputs: `probabilities`, then the new states in the same
order and shapes. What a state holds before the first step does not matter: once a window's samples have gone in,
nothing of it is left.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgehar.compile.incremental_plan import StepPlan, plan_step
from edgehar.compile.network import Network
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.convert import metadata
from edgehar.errors import ContractError
from edgehar.models import find_contract

#: Axis of time in (1, 1, columns, channels).
TIME = 2
#: Operators that only leave columns out, or add some that no piece sees.
COPIES = ("STRIDED_SLICE", "PAD", "BATCH_TO_SPACE_ND")


@dataclass(frozen=True)
class IncrementalModel:
    """A finished incremental `.tflite`.

    Attributes:
        content: the file, with metadata, labels and contract.
        plan: what a step computes and keeps.
        contract: of the model that was rewritten.
    """

    content: bytes
    contract: Contract
    plan: StepPlan


def incremental_model(path: str | Path, hop: int, contract: Contract | None = None) -> IncrementalModel:
    """Rewrite an int8 `.tflite` for steps of `hop` samples.

    Where no layer's output survives the hop, the state is the window itself and every step runs the whole
    network; `plan.note` says so. The same file and hop give the same bytes.

    Args:
        path: the whole-window model, int8 input and output.
        hop: samples between decisions, 1 to the window.
        contract: by default the one inside the file.
    Raises:
        EdgeharError: no such file, not a `.tflite`, or a hop out of range.
        ContractError: an operator that is not covered, or no contract.
    """
    path = Path(path)
    network = read_network(path)
    contract = contract or find_contract(path)
    if contract is None:
        raise ContractError(f"no contract inside {path}, so its labels and rate are not known; export the model again")
    plan = plan_step(network, hop)
    model = schema.ModelT.InitFromPackedBuf(bytearray(path.read_bytes()), 0)
    graph = _Rewriter(model, network, plan).run()
    description = (
        f"Human activity recognition, {len(contract.labels)} activities: one step of {hop} new samples "
        f"of a window of {' x '.join(map(str, contract.window_shape))}."
    )
    return IncrementalModel(metadata.finish_graph(graph, contract, description, hop), contract, plan)


class _Rewriter:
    """Builds the incremental graph from the whole-window one."""

    def __init__(self, model: schema.ModelT, network: Network, plan: StepPlan) -> None:
        self._old, self._old_graph = model, model.subgraphs[0]
        self._network, self._plan = network, plan
        self._names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
        self._model = schema.ModelT()
        self._model.version, self._model.operatorCodes = 3, []
        self._model.buffers = [schema.BufferT()]
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []
        self._graph.inputs, self._graph.outputs = [], []
        self._model.subgraphs = [self._graph]
        #: Tensor of the whole-window graph -> the same tensor here.
        self._same: dict[int, int] = {}
        #: Tensor of the network -> what a step has of it: state and new columns, joined.
        self._held: dict[int, tuple[int, int]] = {}
        self._states: list[int] = []

    def run(self) -> schema.ModelT:
        """The incremental model in the schema's object form."""
        network, plan = self._network, self._plan
        channels = network.tensors[network.source].channels
        samples = self._stream_tensor(network.source, plan.hop, shape=[1, plan.hop, channels])
        self._graph.inputs = [samples]
        self._hold(network.source, self._reshape(samples, network.source, [1, 1, plan.hop, channels]))
        if plan.split == 0:
            self._stand_in(int(self._old_graph.inputs[0]))
        groups: dict[int, list[int]] = {}
        for index, layer in enumerate(network.layers):
            groups.setdefault(layer.operator, []).append(index)
        for number, operator in enumerate(self._old_graph.operators):
            group = groups.get(number, [])
            if group and group[-1] < plan.split:
                self._piece(operator, group)
                continue
            if not group and int(operator.inputs[0]) not in self._same:
                # A change of shape among the layers that see pieces, which all have four dimensions here, or padding
                # that no piece sees.
                continue
            self._copy(operator)
        self._graph.outputs = [self._same[int(self._old_graph.outputs[0])], *self._states]
        return self._model

    def _piece(self, operator: schema.OperatorT, group: list[int]) -> None:
        """An operator, `group` its layers, that computes its new columns only."""
        layers = self._network.layers
        made = {layers[index].output for index in group}
        operands = [
            self._latest(operand, self._plan.takes[index])
            for index in group
            for operand in layers[index].inputs
            if operand not in made
        ]
        name, result = self._name(operator), layers[group[-1]].output
        if name in COPIES:
            # What the slice leaves out, no layer computes; what is padded, none sees.
            output = operands[0]
        else:
            flat = self._along_height(operator)
            inputs = [
                self._constant(int(tensor), flat) if self._is_constant(int(tensor)) else operands.pop(0)
                for tensor in operator.inputs
            ]
            output = self._stream_tensor(result, self._plan.flows[result].new, like=int(operator.outputs[0]))
            options = self._options(operator, flat)
            taps = layers[group[0]]
            if hasattr(options, "dilationWFactor") and taps.kind == "gather":
                # Also of a convolution between SPACE_TO_BATCH_ND and its end, which a piece does without.
                options.dilationWFactor = taps.apart // self._network.tensors[taps.inputs[0]].channels
            self._add(name, inputs, output, options, operator)
        self._hold(result, output)
        if result == self._plan.split_tensor:
            self._stand_in(int(operator.outputs[0]))

    def _along_height(self, operator: schema.OperatorT) -> bool:
        """Whether time lies along the height of what a convolution or a pool reads; in pieces it is the width."""
        shape = self._old_graph.tensors[int(operator.inputs[0])].shape
        return shape is not None and len(shape) == 4 and int(shape[1]) > 1

    def _options(self, operator: schema.OperatorT, flat: bool) -> Any:
        """The operator's options for a piece."""
        options = copy.copy(operator.builtinOptions)
        if hasattr(options, "padding"):
            # No layer here pads; on a piece, `same` could begin to.
            options.padding = schema.Padding.VALID
        if hasattr(options, "axis"):
            options.axis = -1
        for one in ("stride", "dilation", "filter") if flat else ():
            for width, height in ((f"{one}W{end}", f"{one}H{end}") for end in ("", "Factor", "idth")):
                height = height.replace("Hidth", "Height")
                if hasattr(options, width):
                    setattr(options, width, getattr(options, height))
        return options

    def _is_constant(self, tensor: int) -> bool:
        return tensor < 0 or self._old.buffers[self._old_graph.tensors[tensor].buffer].data is not None

    def _hold(self, tensor: int, new: int) -> None:
        """Join a tensor's state and new columns, and keep what the next step needs."""
        flow = self._plan.flows[tensor]
        self._held[tensor] = new, flow.new
        if not flow.kept:
            return
        state = self._stream_tensor(tensor, flow.kept)
        joined = self._stream_tensor(tensor, flow.kept + flow.new)
        options = schema.ConcatenationOptionsT()
        options.axis = TIME
        self._add("CONCATENATION", [state, new], joined, options)
        self._held[tensor] = joined, flow.kept + flow.new
        self._graph.inputs.append(state)
        self._states.append(self._latest(tensor, flow.kept))

    def _latest(self, tensor: int, columns: int) -> int:
        """The latest columns of what is held of a tensor."""
        held, length = self._held[tensor]
        if columns == length:
            return held
        channels = self._network.tensors[tensor].channels
        output = self._stream_tensor(tensor, columns)
        begin, end = [0, 0, length - columns, 0], [1, 1, length, channels]
        bounds = [self._numbers(values) for values in (begin, end, [1, 1, 1, 1])]
        self._add("STRIDED_SLICE", [held, *bounds], output, schema.StridedSliceOptionsT())
        return output

    def _stand_in(self, old: int) -> None:
        """Let the split tensor's columns over the whole window take the place of a tensor of the whole-window graph."""
        held, _ = self._held[self._plan.split_tensor]
        shape = [int(n) for n in self._old_graph.tensors[old].shape]
        self._same[old] = self._reshape(held, self._plan.split_tensor, shape)

    def _copy(self, operator: schema.OperatorT) -> None:
        """An operator as it was."""
        inputs = [
            -1 if tensor < 0 else self._same[tensor] if tensor in self._same else self._constant(tensor)
            for tensor in map(int, operator.inputs)
        ]
        old = int(operator.outputs[0])
        self._same[old] = self._append(copy.copy(self._old_graph.tensors[old]))
        self._add(self._name(operator), inputs, self._same[old], operator.builtinOptions, operator)

    def _reshape(self, tensor: int, stream: int, shape: list[int]) -> int:
        """The tensor in another shape; itself where it has that shape."""
        if list(self._graph.tensors[tensor].shape) == shape:
            return tensor
        output = self._stream_tensor(stream, 0, shape)
        self._add("RESHAPE", [tensor, self._numbers(shape)], output, schema.ReshapeOptionsT())
        return output

    def _stream_tensor(self, stream: int, columns: int, shape: list[int] | None = None, like: int | None = None) -> int:
        """A new tensor with the type and quantisation of a tensor of the network, or of `like` in the old graph."""
        known = self._network.tensors[stream]
        tensor = copy.copy(self._old_graph.tensors[known.index if like is None else like])
        tensor.shape = shape or [1, 1, columns, known.channels]
        return self._append(tensor)

    def _constant(self, old: int, flat: bool = False) -> int:
        """A constant of the whole-window graph; -1 stands for none. `flat`: a kernel's height becomes its width."""
        if old < 0:
            return -1
        if old not in self._same:
            tensor = copy.copy(self._old_graph.tensors[old])
            if flat and tensor.shape is not None and len(tensor.shape) == 4:
                tensor.shape = [int(tensor.shape[axis]) for axis in (0, 2, 1, 3)]
            self._model.buffers.append(self._old.buffers[tensor.buffer])
            self._same[old] = self._append(tensor, len(self._model.buffers) - 1)
        return self._same[old]

    def _numbers(self, values: list[int]) -> int:
        """A constant int32 vector."""
        tensor, buffer = schema.TensorT(), schema.BufferT()
        tensor.shape, tensor.type = [len(values)], schema.TensorType.INT32
        buffer.data = np.frombuffer(np.array(values, "<i4").tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._append(tensor, len(self._model.buffers) - 1)

    def _append(self, tensor: schema.TensorT, buffer: int = 0) -> int:
        tensor.buffer, tensor.shapeSignature = buffer, None
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _add(
        self, name: str, inputs: list[int], output: int, options: object, like: schema.OperatorT | None = None
    ) -> None:
        """Append an operator; `like` is the whole-window operator whose version it keeps."""
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptions = options
        operator.builtinOptionsType = (
            getattr(schema.BuiltinOptions, type(options).__name__[:-1]) if like is None else like.builtinOptionsType
        )
        operator.opcodeIndex = self._code(name, VERSIONS[name] if like is None else self._code_of(like).version)
        self._graph.operators.append(operator)

    def _code(self, name: str, version: int) -> int:
        number = getattr(schema.BuiltinOperator, name)
        for index, code in enumerate(self._model.operatorCodes):
            if (code.builtinCode, code.version) == (number, version):
                return index
        code = schema.OperatorCodeT()
        # Readers of older files look at the one-byte field first.
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), version
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def _code_of(self, operator: schema.OperatorT) -> schema.OperatorCodeT:
        return self._old.operatorCodes[operator.opcodeIndex]

    def _name(self, operator: schema.OperatorT) -> str:
        code = self._code_of(operator)
        return str(self._names[max(code.builtinCode, code.deprecatedBuiltinCode)])


#: Versions of the operators that are added; int8 came with these.
VERSIONS = {"CONCATENATION": 2, "STRIDED_SLICE": 2, "RESHAPE": 1}
