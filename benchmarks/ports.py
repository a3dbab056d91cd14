"""What the ports beyond Arm cost, against the committed budgets: WebAssembly's bytes, RISC-V's instructions and bytes.

    python benchmarks/ports.py BUNDLE            # a table
    python benchmarks/ports.py BUNDLE --update   # and budgets.json anew

BUNDLE is an export of `micro`. Budgets are kept for each version of a compiler.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.compile.c import write_c
from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError
from edgehar.files import temporary_folder, write_json

BUDGETS = Path(__file__).with_name("budgets.json")
MODULES = ("edgehar.wasm", "edgehar_simd.wasm")


def clang() -> str:
    """The compiler of the modules, for example `clang 14.0.6`."""
    done = subprocess.run(["clang", "-dumpversion"], capture_output=True, text=True, check=True)
    return f"clang {done.stdout.strip()}"


def build_modules(model: Path, folder: Path, *, personal: bool = True) -> Path:
    """Build both modules; returns their folder.

    Args:
        model: folder with one generated model.
        folder: where objects and modules go.
        personal: with rotation, profiles and learning.
    Raises:
        EdgeharError: a tool is missing, or the compiler refuses.
    """
    command = ["make", "-s", "-C", str(engine_dir()), "wasm", f"MODEL={model.resolve()}", f"BUILD={folder.resolve()}"]
    command.append(f"PERSONAL={'yes' if personal else 'no'}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EdgeharError(f"cannot build the modules: {done.stderr.strip().splitlines()[0]}")
    return folder / "wasm"


def measure_modules(model: Path) -> dict[str, dict[str, int]]:
    """Rows of the budget: `bytes` of each module of a model, `bare` without what makes it personal."""
    rows = {}
    with temporary_folder() as folder:
        for personal in (True, False):
            place = build_modules(model, folder / str(personal), personal=personal)
            for module in MODULES:
                name = f"{module} micro" if personal else f"{module} micro bare"
                rows[name] = {"bytes": (place / module).stat().st_size}
    return rows


def riscv() -> str:
    """The compiler of the RISC-V image, for example `riscv64-unknown-elf-gcc 12.2.0`."""
    tool = "riscv64-unknown-elf-gcc"
    done = subprocess.run([tool, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"{tool} {done.stdout.strip()}"


@dataclass(frozen=True)
class Replayed:
    """What `edgehar_push` gave for one sample, where it gave anything.

    Attributes:
        decision: (time in microseconds, label, raw, p, scores); None for a flush.
        instructions: of this push.
    """

    decision: tuple[int, int, int, tuple[int, ...], tuple[int, ...]] | None
    instructions: int


def write_riscv(bundle: Path, folder: Path) -> Path:
    """A bundle's model as C source for the kernels of RISC-V, in `folder`, which is returned."""
    write_c(bundle / "model_int8.tflite", folder, kernels="riscv")
    return folder


def build_riscv(model: Path, folder: Path) -> Path:
    """Build the image of one generated model; raises EdgeharError where that fails."""
    return _make_riscv(folder / "riscv", "all", f"MODEL={model.resolve()}") / "edgehar-rv32imc.elf"


def build_riscv_kernels(kernel: str, folder: Path) -> Path:
    """Build the image that runs one kernel on cases; raises EdgeharError where that fails."""
    return _make_riscv(folder / "riscv", "kernels", f"KERNEL={kernel}") / f"{kernel}-rv32imc.elf"


def build_riscv_blob(folder: Path) -> Path:
    """Build the image that takes a model's blob; raises EdgeharError where that fails."""
    return _make_riscv(folder / "riscv", "blob") / "blob-rv32imc.elf"


def _make_riscv(folder: Path, *words: str) -> Path:
    command = ["make", "-s", "-C", str(engine_dir() / "port" / "riscv"), *words, f"BUILD={folder.resolve()}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EdgeharError(f"cannot build the RISC-V image: {done.stderr.strip().splitlines()[0]}")
    return folder


def run_riscv(
    image: Path, samples: NDArray[np.float32], times_us: NDArray[np.int64], hop: int, folder: Path, *words: str
) -> tuple[list[Replayed], int]:
    """Replay samples (N, 3) in the emulator: what came of it, and the bytes of stack used; `words` are the image's own.

    Raises:
        EdgeharError: the emulator ends otherwise than it should, or does not count instructions exactly.
    """
    records = zip(samples.tolist(), times_us.tolist(), strict=True)
    (folder / "samples.bin").write_bytes(b"".join(struct.pack("<3fq", *sample, time) for sample, time in records))
    said = emulate_riscv(image, folder / "samples.bin", folder / "results.bin", str(hop), *words)
    return _decode((folder / "results.bin").read_bytes(), int(said["classes"])), int(said["stack"])


def emulate_riscv(image: Path, *words: Path | str) -> dict[str, str]:
    """Run an image to its end: what it said, by the first word of each line.

    Raises:
        EdgeharError: the emulator ends otherwise than it should, or does not count instructions exactly.
    """
    command = ["qemu-system-riscv32", "-M", "virt", "-bios", "none"]
    command += ["-nographic", "-monitor", "none", "-serial", "none"]
    semihosting = ",".join(["enable=on", "target=native", "arg=edgehar", *(f"arg={word}" for word in words)])
    command += ["-icount", "shift=0", "-semihosting-config", semihosting, "-kernel", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False)
    said = dict(line.split(" ", 1) for line in (done.stdout + done.stderr).splitlines() if " " in line)
    if done.returncode or "calibration" not in said:
        raise EdgeharError(f"the RISC-V image ended with status {done.returncode}: {done.stderr.strip()[-200:]}")
    loop, counted = map(int, said["calibration"].split())
    if abs(counted - loop) > 4:
        raise EdgeharError(f"expected {loop} instructions of the loop, got {counted}: minstret counts something else")
    return said


def _decode(data: bytes, classes: int) -> list[Replayed]:
    """What port_replay.c wrote."""
    rows, at = [], 0
    while at < len(data):
        status, label, _, raw, ticks, _, _, time_us = struct.unpack_from("<4i3IQ", data, at)
        at += 36
        decision = None
        if status == 1:
            p = struct.unpack_from(f"<{classes}B", data, at)
            scores = struct.unpack_from(f"<{classes}i", data, at + classes)
            at += 5 * classes
            decision = (time_us, label, raw, p, scores)
        rows.append(Replayed(decision, ticks))
    return rows


def measure_riscv(bundle: Path) -> dict[str, dict[str, int]]:
    """The budget's row of a bundle's model: a whole window, bytes of code, constants and RAM, and of stack."""
    samples = np.random.default_rng(3).normal((0, 9.8, 0), 3, (400, 3)).astype(np.float32)
    with temporary_folder() as folder:
        image = build_riscv(write_riscv(bundle, folder / "c"), folder)
        rows, stack = run_riscv(image, samples, np.arange(400) * 50_000, 80, folder)
        listing = subprocess.run(
            ["riscv64-unknown-elf-size", "-A", str(image)], capture_output=True, text=True, check=True
        ).stdout
    sizes = {line.split()[0]: int(line.split()[1]) for line in listing.splitlines() if line.startswith(".")}
    return {
        "rv32imc micro whole window": {
            "instructions": max(row.instructions for row in rows),
            "code_bytes": sizes[".text"],
            "constant_bytes": sizes[".rodata"],
            "ram_bytes": sizes[".bss"] + sizes.get(".data", 0),
            "stack_bytes": stack,
        }
    }


def main(arguments: list[str]) -> int:
    """Measure, print, and with --update write."""
    paths = [Path(word) for word in arguments if not word.startswith("--")]
    if len(paths) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        measured = {clang(): measure_modules(paths[0] / "c"), riscv(): measure_riscv(paths[0])}
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    for compiler, rows in measured.items():
        for name, row in rows.items():
            print(f"{compiler}  {name:32}" + "".join(f"  {key} {value:,}" for key, value in row.items()))
    if "--update" in arguments:
        budgets = json.loads(BUDGETS.read_text(encoding="utf-8"))
        write_json(BUDGETS, {**budgets, **measured})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
