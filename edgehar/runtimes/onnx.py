"""`.onnx` models through ONNX Runtime on the CPU."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import ContractError, MissingExtra
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.embedded import ONNX_KEY, check_tensors, contract_from_text, read_model, settle

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

#: The entry `location` of a tensor that lies in a file of its own, up to the length of that file's name.
_OUTSIDE = re.compile(rb"\x0a\x08location\x12(.)", re.DOTALL)


class OnnxFloat(Runtime):
    """An ONNX Runtime session with one float32 input and one float32 output."""

    name: ClassVar[str] = "onnx-float"

    def __init__(self, session: InferenceSession, contract: Contract, threads: int) -> None:
        # A QDQ model quantises inside the graph, so for the caller it is a float model.
        self.contract = contract.float_io()
        self.threads = threads
        self._session = session
        self._input, self._output = session.get_inputs()[0].name, [session.get_outputs()[0].name]
        self._shape = (1, *contract.input_shape)

    def prepare(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Adds the batch dimension."""
        return np.ascontiguousarray(window, np.float32).reshape(self._shape)

    def invoke(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """Runs the network; the output is a copy."""
        return np.asarray(self._session.run(self._output, {self._input: tensor})[0][0])

    def finish(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        """The outputs are probabilities already."""
        return output

    def close(self) -> None:
        """Release the session."""
        self._session = None


class OnnxInt8(OnnxFloat):
    """An int8 network in QDQ form; input and output stay float32."""

    name = "onnx-int8"


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> OnnxFloat:
    """Open an `.onnx`; see `edgehar.runtimes.open_model` for arguments and errors."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "bench") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    content = read_model(path)
    outside = _OUTSIDE.search(content)
    if outside is not None:
        name = content[outside.end() :][: outside[1][0]].decode("utf-8", "replace")
        raise ContractError(
            f"expected an ONNX model with its weights inside {path}, got one that takes them from {name[:80]!r}; save "
            "it with save_as_external_data=False"
        )
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class with a public name
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ContractError(f"expected an ONNX model in {path}, got a damaged or other file ({reason})") from error
    # The operator's name stands in the file as plain text; the graph itself would need the `onnx` package.
    kind = OnnxInt8 if b"DequantizeLinear" in content else OnnxFloat
    if row is not None and row != kind.name:
        raise ContractError(f"expected a model for {row}, got one for {kind.name} in {path}")
    text = session.get_modelmeta().custom_metadata_map.get(ONNX_KEY)
    settled = settle(path, contract_from_text(text, path) if text else None, contract)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    check_tensors(path, settled, [i.shape for i in inputs], [o.shape for o in outputs])
    for tensor in (*inputs, *outputs):
        if tensor.type != "tensor(float)":
            raise ContractError(f"expected float32 for {tensor.name}, got {tensor.type} in {path}")
    return kind(session, settled, threads)
