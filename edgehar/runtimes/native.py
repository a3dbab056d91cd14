"""The C engine on this machine, as a shared library through ctypes.

It compiles C with the machine's own compiler: the source that a bundle ships in `c/`, or what `compile_model` makes.
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.engine import engine_dir
from edgehar.errors import ContractError, EdgeharError
from edgehar.files import atomic_path, sha256_bytes, sha256_file, temporary_folder
from edgehar.models import find_contract
from edgehar.runtimes.embedded import read_model, settle, with_quantisation
from edgehar.runtimes.litert import TfliteRuntime, check_model, is_int8, open_interpreter, quantisation_of

#: Folder beside a model that holds its C source.
FOLDER = "c"

#: 127 classes are the most that a model may have: host_library.c hands out no decision, so that none is too large.
_FLAGS = ("-O3", "-std=c99", "-fPIC", "-shared", "-DEDGEHAR_MOST_CLASSES=127")


class NativeInt8(TfliteRuntime):
    """The C engine, one thread always: by the vector kernels where the machine has them (edgehar/compile/host.py).

    The library keeps one stream, so that one object must not be used by several threads at once.
    """

    name: ClassVar[str] = "native-int8"

    def __init__(self, path: Path, library: Path, contract: Contract) -> None:
        self.contract = contract
        self._library = ctypes.CDLL(str(library))
        invoke = self._library.edgehar_host_invoke
        invoke.argtypes, invoke.restype = (ctypes.c_void_p, ctypes.c_void_p), None
        self._invoke = invoke
        self._shape = (1, *contract.input_shape)
        ours = (self._library.edgehar_host_window(), self._library.edgehar_host_channels())
        if (*ours, self._library.edgehar_host_classes()) != (*contract.window_shape, len(contract.labels)):
            raise ContractError(f"expected C source for the contract of {path}, got that of another model")

    def invoke(self, tensor: NDArray[np.int8]) -> NDArray[np.int8]:
        """Runs the network; int8 (classes,)."""
        if tensor.dtype != np.int8 or tensor.size != math.prod(self._shape) or not tensor.flags.c_contiguous:
            raise ContractError(f"expected int8 {self._shape}, got {tensor.dtype} {tensor.shape}")
        output = np.empty(len(self.contract.labels), np.int8)
        self._invoke(tensor.ctypes.data, output.ctypes.data)
        return output


def load(
    path: Path,
    row: str | None,
    contract: Contract | None,
    threads: int,
    *,
    compile_model: Callable[[Path], Path] | None = None,
) -> NativeInt8:
    """Open an int8 `.tflite` whose C source lies in `c/` beside it; see `open_model` for arguments and errors.

    Args:
        compile_model: makes the shared library from the `.tflite`; by default it is compiled from `c/`.
    Raises:
        ContractError: no C source there, or that of another model.
        EdgeharError: no C compiler, or it refuses.
    """
    interpreter = open_interpreter(read_model(path), path, reference=True)
    if not is_int8(interpreter):
        raise ContractError(f"expected an int8 model for {NativeInt8.name}, got a float model in {path}")
    settled = settle(path, find_contract(path), contract)
    check_model(path, interpreter, settled)
    inputs = quantisation_of(path, interpreter.get_input_details()[0])
    outputs = quantisation_of(path, interpreter.get_output_details()[0])
    source = path.parent / FOLDER
    header = find_header(source)
    if header is None or sha256_file(path) not in header.read_text(encoding="utf-8", errors="replace"):
        raise ContractError(
            f"expected the C source of {path.name} in {source}, got none or another model's; export again with --int8"
        )
    library = compile_model(path) if compile_model else build(source)
    return NativeInt8(path, library, with_quantisation(path, settled, inputs, outputs))


def find_header(source: Path) -> Path | None:
    """The header of the one generated model in a folder, `model_data.h` or `NAME_data.h`; None without or with more."""
    headers = sorted(source.glob("*_data.h")) if source.is_dir() else []
    return headers[0] if len(headers) == 1 else None


def build(source: Path, *, defines: tuple[str, ...] = ()) -> Path:
    """Compile the engine with the model in `source` to a shared library; kept in a cache by its content.

    Args:
        source: folder with one generated model, packed for the portable path.
        defines: preprocessor macros.
    Raises:
        EdgeharError: no model or no C compiler, or the compiler refuses.
    """
    header = find_header(source)
    if header is None:
        raise EdgeharError(f"expected one model, NAME_data.h and NAME_data.c, in {source}; export again with --int8")
    compiler = shutil.which(os.environ.get("CC") or "cc")
    if compiler is None:
        raise EdgeharError(f"{NativeInt8.name} needs a C compiler; on Debian or Ubuntu: apt-get install gcc")
    engine = engine_dir()
    units = sorted(path for kind in ("*.c", "*.S") for path in (engine / "src").glob(kind))
    units += [engine / "port" / "host" / "host_library.c", header.with_suffix(".c")]
    headers = [*sorted(engine.glob("*/*.h")), header]
    flags = [*_FLAGS, *(f"-D{name}" for name in defines)]
    key = "\n".join([compiler, *flags, *(sha256_file(file) for file in (*units, *headers))])
    library = cache_folder() / f"{sha256_bytes(key.encode())}.so"
    if not library.exists():
        with atomic_path(library) as temporary, temporary_folder() as scratch:
            if header.name != "model_data.h":
                alias = f'#define EDGEHAR_SOLE_MODEL\n#include "{header.name}"\n'
                (scratch / "model_data.h").write_text(alias)
            includes = [f"-I{folder}" for folder in (engine / "include", engine / "src", source, scratch)]
            command = [compiler, *flags, *includes, *map(str, units), "-o", str(temporary)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = [line for line in done.stderr.splitlines() if "error" in line] or ["it gave no reason"]
                raise EdgeharError(f"{compiler} cannot compile the C engine: {lines[0].strip()}")
    return library


def cache_folder() -> Path:
    """Where compiled engines are kept: `$XDG_CACHE_HOME/edgehar/native` or `~/.cache/edgehar/native`."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "edgehar" / "native"
