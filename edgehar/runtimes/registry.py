"""Which runtimes there are, and which one opens a file."""

from __future__ import annotations

import importlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from edgehar import extras
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.runtimes.base import Runtime


@dataclass(frozen=True)
class Row:
    """One way to run one kind of file.

    Attributes:
        name: what people and result files call it.
        module: has `load(path, row, contract, threads) -> Runtime`; imported only when needed.
        file: the file of a bundle that it runs.
        package: the importable package that it needs.
        extra: the extra of edgehar that installs the package, empty for the base install.
        hop: samples of an incremental step; 0 where it runs whole windows.
    """

    name: str
    module: str
    file: str
    package: str
    extra: str = ""
    hop: int = 0

    @property
    def installed(self) -> bool:
        """Whether the package can be found (it is not imported)."""
        return extras.found(self.package)

    @property
    def how_to_install(self) -> str:
        """The command that installs what the row needs."""
        return f"pip install 'edgehar[{self.extra}]'" if self.extra else "pip install edgehar"


ROWS = (
    Row("keras", "edgehar.runtimes.keras", "model.keras", "tensorflow", "train"),
    Row("litert-float", "edgehar.runtimes.litert", "model_float.tflite", "ai_edge_litert"),
    Row("litert-int8", "edgehar.runtimes.litert", "model_int8.tflite", "ai_edge_litert"),
    Row("litert-int8-reference", "edgehar.runtimes.litert", "model_int8.tflite", "ai_edge_litert"),
    Row("onnx-float", "edgehar.runtimes.onnx", "model.onnx", "onnxruntime", "bench"),
    Row("onnx-int8", "edgehar.runtimes.onnx", "model_int8.onnx", "onnxruntime", "bench"),
    Row("tflm-int8", "edgehar.runtimes.tflm", "model_int8.tflite", "tflite_micro", "bench"),
    Row("native-int8", "edgehar.compile.host", "model_int8.tflite", "numpy"),
)

#: Module by file suffix, where the caller names no row; the module tells float from int8 itself.
MODULES = {
    ".keras": "edgehar.runtimes.keras",
    ".tflite": "edgehar.runtimes.litert",
    ".onnx": "edgehar.runtimes.onnx",
}


#: Names of rows that run an incremental step: the row with the same kernels, and the hop.
INCREMENTAL = re.compile(r"(?P<kernels>litert-int8|litert-int8-reference|tflm-int8)-stream-hop(?P<hop>[1-9]\d*)")


def incremental_row(hop: int, kernels: str = "litert-int8") -> Row:
    """The row that runs a step of `hop` samples with the kernels of an int8 `.tflite` row.

    Raises:
        EdgeharError: no such kernels.
    """
    name = f"{kernels}-stream-hop{hop}"
    if not INCREMENTAL.fullmatch(name):
        raise EdgeharError(
            f"expected litert-int8, litert-int8-reference or tflm-int8 for the incremental engine, got {kernels}"
        )
    base = row_named(kernels)
    file = f"model_int8_stream_hop{hop}.tflite"
    return Row(name, "edgehar.runtimes.incremental", file, base.package, base.extra, hop)


def row_named(name: str) -> Row:
    """The row of that name; `litert-int8-stream-hop3` and the like are rows for any hop.

    Raises:
        EdgeharError: there is none; the message lists them.
    """
    for row in ROWS:
        if row.name == name:
            return row
    if match := INCREMENTAL.fullmatch(name):
        return incremental_row(int(match["hop"]), match["kernels"])
    raise EdgeharError(f"no runtime {name!r}; expected one of {', '.join(row.name for row in ROWS)}")


def open_model(
    path: str | os.PathLike[str],
    *,
    runtime: str | None = None,
    threads: int = 1,
    contract: Contract | None = None,
) -> Runtime:
    """Load a `.keras`, `.tflite` or `.onnx` model and check it against its contract.

    Args:
        path: the model file.
        runtime: a row name, such as `litert-int8-reference`; by default the file's usual runtime.
        threads: threads for one inference, where the runtime can use more than one.
        contract: what the caller expects. By default the one inside the file, else `contract.json` beside it.

    Raises:
        EdgeharError: no such file, or no such runtime.
        MissingExtra: the runtime's package is not installed.
        ContractError: the file is damaged, has no contract, or has another shape, data type, number of
            outputs or quantisation than its contract says.
    """
    path = Path(path)
    if threads < 1:
        raise EdgeharError(f"expected 1 thread or more, got {threads}")
    if not path.is_file():
        what = "that is a folder" if path.is_dir() else "no such file"
        raise EdgeharError(f"expected a .keras, .tflite or .onnx model at {path}: {what}")
    usual = MODULES.get(path.suffix.lower())
    if usual is None:
        hint = "; give it its contract with: edgehar import" if path.suffix.lower() in (".h5", ".hdf5") else ""
        raise ContractError(f"expected a .keras, .tflite or .onnx model, got {path.name}{hint}")
    if path.stat().st_size == 0:
        raise ContractError(f"expected a model in {path}, got an empty file; export it again")
    if runtime is None:
        return _load(usual, path, None, contract, threads)
    row = row_named(runtime)
    if Path(row.file).suffix != path.suffix.lower():
        raise ContractError(f"expected a {Path(row.file).suffix} model for the runtime {runtime}, got {path.name}")
    return _load(row.module, path, runtime, contract, threads)


def _load(module: str, path: Path, row: str | None, contract: Contract | None, threads: int) -> Runtime:
    return cast(Runtime, importlib.import_module(module).load(path, row, contract, threads))
