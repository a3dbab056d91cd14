"""`edgehar_adapt` on an emulated Cortex-M: what it gives, and what learning a person costs there. Never time."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark import qemu
from edgehar.benchmark.stack import deepest_stack
from edgehar.compile.head import Head
from edgehar.files import temporary_folder


@dataclass(frozen=True)
class AdaptCase:
    """A last layer, and labelled embeddings to learn from: int8 (windows, inputs) and class indices (windows,)."""

    head: Head
    embeddings: NDArray[np.int8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class AdaptRun:
    """What the core gave.

    Attributes:
        weights, bias: int8 (classes, inputs) and int32 (classes,).
        instructions: of the call.
        clean: nothing was written behind the work and the weights.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    instructions: int
    clean: bool


def run_cases(cases: Sequence[AdaptCase], target: str, folder: Path) -> list[AdaptRun]:
    """Run cases of at most 96 inputs, one after the other, in one run of the emulator.

    Raises:
        EdgeharError: tools are missing, or the image ends with an error.
    """
    image = qemu.build(target, "adapt", folder)
    (folder / "cases.bin").write_bytes(b"".join(map(_encode, cases)))
    qemu.run(target, image, [folder / "cases.bin", folder / "results.bin"])
    data = (folder / "results.bin").read_bytes()
    runs, at = [], 0
    for case in cases:
        classes, inputs = case.head.weights.shape
        ticks, clean = struct.unpack_from("<2I", data, at)
        bias = np.frombuffer(data, "<i4", classes, at + 8)
        at += 8 + 4 * classes
        weights = np.frombuffer(data, np.int8, classes * inputs, at).reshape(classes, inputs)
        at += -(-weights.size // 4) * 4
        runs.append(AdaptRun(weights, bias, qemu.instructions(target, ticks), bool(clean)))
    assert at == len(data)
    return runs


def measure_adapting(case: AdaptCase, target: str) -> dict[str, int]:
    """What learning a person costs: `instructions`, `code_bytes` and `constant_bytes`, `ram_bytes` (the work and the
    new last layer, without the embeddings) and `stack_bytes` (by the compiler's frame sizes).

    Raises:
        EdgeharError: as `run_cases`.
    """
    with temporary_folder() as folder:
        [run] = run_cases([case], target, folder)
        listing = subprocess.run(
            ["arm-none-eabi-size", "-A", str(folder / "edgehar_adapt.o")], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split() for line in listing.splitlines() if line.startswith((".text", ".rodata"))]
        sizes = {kind: sum(int(row[1]) for row in rows if row[0].startswith(kind)) for kind in (".text", ".rodata")}
        image = folder / f"adapt-{qemu.board(target).core.removeprefix('cortex-')}.elf"
        stack = deepest_stack(image, folder, "edgehar_adapt", ())
    windows, (classes, inputs) = len(case.labels), case.head.weights.shape
    work = 3 * windows * classes + windows**2
    return {
        "instructions": run.instructions,
        "code_bytes": sizes[".text"],
        "constant_bytes": sizes[".rodata"],
        "ram_bytes": 4 * (work + classes) + classes * inputs,
        "stack_bytes": stack,
    }


def _encode(case: AdaptCase) -> bytes:
    """The case as port_adapt.c reads it."""
    head = case.head
    classes, inputs = head.weights.shape
    tables = [head.bias.astype("<i4"), np.array(head.multiplier, "<i4"), np.array(head.inverse, "<i4")]
    tables += [np.array(head.shift, np.int8), head.weights, case.embeddings, case.labels.astype(np.uint8)]
    content = struct.pack("<4i", len(case.labels), classes, inputs, head.zero_point)
    for table in tables:
        row = np.ascontiguousarray(table).tobytes()
        content += row + bytes(-len(row) % 4)
    return content
