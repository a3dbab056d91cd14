"""LiteRT metadata inside the `.tflite`: what Android tools show, and the contract.

The model's own flatbuffer gets a `TFLITE_METADATA` buffer; labels and contract are appended as an
uncompressed zip, the form in which LiteRT keeps associated files. Any zip tool can list them.

Source: LiteRT's metadata schema (metadata_schema.fbs, identifier M001). The one library that writes it
has had no release since 2023 and none for Python 3.12, so its few tables are written here by slot.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from edgehar.channels import ACCELERATION
from edgehar.contract import Contract, TensorQuantisation
from edgehar.files import dump_json

METADATA_NAME = "TFLITE_METADATA"
METADATA_IDENTIFIER = b"M001"
TENSOR_AXIS_LABELS = 2
FEATURE_PROPERTIES = 1
#: Zip entries carry a date; a fixed one keeps two exports equal.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose data start at a multiple of 16 bytes, as the schema asks and Python's packer forgets."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 (name given by the generated class)
        data = None
        if self.data is not None and len(self.data):
            content = bytes(bytearray(self.data))
            builder.StartVector(1, len(content), 16)
            builder.head = builder.head - len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        offset: int = schema.BufferEnd(builder)
        return offset


def finish(model: bytes, contract: Contract, description: str) -> bytes:
    """Name the tensors, add metadata, and append labels.txt and contract.json.

    Args:
        model: a `.tflite` as the converter wrote it, one input and one output.
        contract: goes in as it is, quantisation included.
        description: one sentence for people.
    Returns:
        the finished file; equal for equal arguments.
    """
    return finish_graph(schema.ModelT.InitFromPackedBuf(bytearray(model), 0), contract, description)


def finish_graph(graph: schema.ModelT, contract: Contract, description: str, hop: int | None = None) -> bytes:
    """As `finish`, for a model in the schema's object form, which is changed.

    Args:
        graph: with `hop`, an incremental step: samples and states in, probabilities and states out.
        hop: new samples of a step; None for a whole-window model.
    """
    _name_tensors(graph, "window" if hop is None else "samples")
    buffer = _AlignedBuffer()
    buffer.data = _metadata(contract, description, hop, len(graph.subgraphs[0].inputs) - 1)
    graph.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA_NAME, len(graph.buffers) - 1
    graph.metadata = [*(graph.metadata or []), entry]
    graph.description = description
    return append_files(
        pack(graph),
        {"labels.txt": labels_text(contract), "contract.json": dump_json(contract.to_dict())},
    )


def pack(graph: schema.ModelT) -> bytes:
    """The flatbuffer of a model in the schema's object form, every buffer aligned."""
    for buffer in graph.buffers:
        buffer.__class__ = _AlignedBuffer
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(graph.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def append_files(model: bytes, files: dict[str, str]) -> bytes:
    """Append text files to a model as an uncompressed zip whose offsets count from the model's first byte."""
    stream = io.BytesIO(model)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return stream.getvalue()


def describe(contract: Contract) -> str:
    """One sentence for people: what the model does, of how many activities and samples."""
    shape = " x ".join(map(str, contract.window_shape))
    return f"Human activity recognition, {len(contract.labels)} activities, {shape} samples."


def labels_text(contract: Contract) -> str:
    """One label a line, in the order of the outputs."""
    return "".join(f"{label}\n" for label in contract.labels)


def operators(model: bytes) -> list[str]:
    """Names of the operators in order, for example `CONV_2D`."""
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    graph = schema.ModelT.InitFromPackedBuf(bytearray(model), 0)
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in graph.operatorCodes]
    return [names[codes[operator.opcodeIndex]] for operator in graph.subgraphs[0].operators]


def _name_tensors(graph: schema.ModelT, source: str) -> None:
    """Short names by operator: the converter's depend on how many models the process has built."""
    subgraph = graph.subgraphs[0]
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in graph.operatorCodes]
    given: dict[int, str] = {}
    for index, operator in enumerate(subgraph.operators):
        stem = f"{names[codes[operator.opcodeIndex]].lower()}_{index}"
        for position, tensor in enumerate(operator.inputs):
            if tensor >= 0:
                role = {1: "weights", 2: "bias"}.get(position, f"input{position}")
                given.setdefault(tensor, f"{stem}/{role}")
        for tensor in operator.outputs:
            given[tensor] = stem
    given[subgraph.inputs[0]] = source
    given[subgraph.outputs[0]] = "probabilities"
    given |= {tensor: f"state_{index}" for index, tensor in enumerate(subgraph.inputs[1:])}
    given |= {tensor: f"next_state_{index}" for index, tensor in enumerate(subgraph.outputs[1:])}
    for index, tensor in enumerate(subgraph.tensors):
        tensor.name = given.get(index, f"tensor_{index}")
    subgraph.name = "main"


def _metadata(contract: Contract, description: str, hop: int | None, states: int) -> bytes:
    builder = flatbuffers.Builder(1024)
    text = builder.CreateString
    axis = "flat (x0, y0, z0, x1, …)" if contract.input_layout == "flat" else "time x axis"
    shape, count = f"shape {list(contract.input_shape)}, {axis}", f"{contract.window} samples"
    if hop is not None:
        shape, count = f"shape [{hop}, {len(contract.channels)}], time x axis", f"the {hop} newest samples"
    window = _tensor(
        builder,
        "window" if hop is None else "samples",
        f"{_samples(contract)}, {contract.rate_hz:g} Hz, {count}, oldest first; {shape}.",
        None,
    )
    given = [_tensor(builder, f"state_{index}", "Output of the step before.", None) for index in range(states)]
    kept = [_tensor(builder, f"next_state_{index}", "Input of the next step.", None) for index in range(states)]
    labels = _table(
        builder,
        {0: text("labels.txt"), 1: text("Activity names in the order of the outputs.")},
        {2: TENSOR_AXIS_LABELS},
    )
    probabilities = _tensor(builder, "probabilities", "Probability of each activity.", _vector(builder, [labels]))
    associated = _table(builder, {0: text("contract.json"), 1: text("The edgehar contract of this model.")}, {})
    files = _vector(builder, [associated])
    inputs, outputs = _vector(builder, [window, *given]), _vector(builder, [probabilities, *kept])
    subgraph = _table(builder, {0: text("main"), 2: inputs, 3: outputs}, {})
    model = _table(
        builder,
        {
            0: text("Human activity recognition"),
            1: text(description),
            3: _vector(builder, [subgraph]),
            6: files,
            7: text("1.0.0"),
        },
        {},
    )
    builder.Finish(model, METADATA_IDENTIFIER)
    return bytes(builder.Output())


def _samples(contract: Contract) -> str:
    """What a sample is, for people."""
    if contract.channels == ACCELERATION:
        axes = ", ".join(contract.axes)
        return f"Acceleration in {contract.unit} with gravity, {contract.sign} sign, axes {axes}"
    return "Channels " + ", ".join(f"{one.name} in {one.unit}" for one in contract.channels) + ", Android's axes"


def _tensor(builder: flatbuffers.Builder, name: str, description: str, files: int | None) -> int:
    properties = _table(builder, {}, {})
    content = _table(builder, {1: properties}, {0: FEATURE_PROPERTIES})
    offsets = {0: builder.CreateString(name), 1: builder.CreateString(description), 3: content}
    return _table(builder, offsets if files is None else {**offsets, 6: files}, {})


def _table(builder: flatbuffers.Builder, offsets: dict[int, int], small: dict[int, int]) -> int:
    """A table with offset fields and one-byte fields by slot number."""
    builder.StartObject(max([0, *offsets, *small]) + 1)
    for slot, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    for slot, value in small.items():
        builder.PrependInt8Slot(slot, value, 0)
    table: int = builder.EndObject()
    return table


def _vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    vector: int = builder.EndVector()
    return vector


def with_quantisation(contract: Contract, model: bytes) -> Contract:
    """The contract with scale and zero point of a `.tflite`'s input and output; None where they are float."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    found = []
    for detail in (interpreter.get_input_details()[0], interpreter.get_output_details()[0]):
        scale, zero = detail["quantization"]
        found.append(TensorQuantisation(float(scale), int(zero)) if scale else None)
    return replace(contract, input_quantisation=found[0], output_quantisation=found[1])
