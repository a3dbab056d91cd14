"""The C engine on this machine by the kernels that fit it: what `native-int8` opens (edgehar/runtimes/registry.py)."""

from __future__ import annotations

import platform
from pathlib import Path

from edgehar.compile.c import write_c
from edgehar.contract import Contract
from edgehar.files import temporary_folder
from edgehar.runtimes import native

#: Processors that the vector kernels have code for; elsewhere the portable ones are quicker.
VECTOR_MACHINES = ("x86_64", "amd64", "aarch64", "arm64")


def kernels_of(machine: str) -> str:
    """The kernel path of a processor, as `platform.machine()` names it."""
    return "vector" if machine.lower() in VECTOR_MACHINES else "portable"


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> native.NativeInt8:
    """Open an int8 `.tflite` whose C source lies in `c/` beside it, packed anew for this machine's kernels.

    Raises:
        ContractError, EdgeharError: as `native.load`.
    """
    return native.load(path, row, contract, threads, compile_model=build)


def build(path: Path) -> Path:
    """The shared library of a `.tflite`, compiled for this machine."""
    with temporary_folder() as folder:
        write_c(path, folder, kernels=kernels_of(platform.machine()))
        return native.build(folder)
