"""From generated C to a WebAssembly module, by whichever compiler is here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError
from edgehar.extras import found
from edgehar.files import temporary_folder

_LONGEST = 300


@dataclass(frozen=True)
class Tools:
    """The commands of a C compiler for WebAssembly and of its linker."""

    compiler: tuple[str, ...]
    linker: tuple[str, ...]


def tools() -> Tools:
    """clang with wasm-ld, else those that come with `edgehar[web]`.

    Raises:
        EdgeharError: neither is here.
    """
    if shutil.which("clang") and shutil.which("wasm-ld"):
        return Tools(("clang", "--target=wasm32"), ("wasm-ld",))
    if found("ziglang"):
        zig = (sys.executable, "-m", "ziglang")
        return Tools((*zig, "cc", "-target", "wasm32-freestanding", "-fno-sanitize=undefined"), (*zig, "wasm-ld"))
    raise EdgeharError(
        "expected clang and wasm-ld, or the package ziglang, to compile the engine for a browser, got neither; "
        "run: pip install 'edgehar[web]', or apt-get install clang lld"
    )


def read_flags(port: Path) -> dict[str, list[str]]:
    """The words of each name in flags.mk, which port/wasm/Makefile includes."""
    text = (port / "flags.mk").read_text(encoding="utf-8")
    return {name: words.split() for name, words in re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE)}


def build_module(model: Path, *, simd: bool) -> bytes:
    """Compile the engine with one model.

    Args:
        model: folder with `model_data.c` and `model_data.h`.
        simd: for browsers that have SIMD128.
    Raises:
        EdgeharError: no compiler, or one that refuses.
    """
    here, engine = tools(), engine_dir()
    port = engine / "port" / "wasm"
    flags = read_flags(port)
    sources = [*sorted((engine / "src").glob("*.c")), model / "model_data.c", *sorted(port.glob("*.c"))]
    places = [f"-I{place}" for place in (port / "include", engine / "include", engine / "src", port, model)]
    with temporary_folder() as folder:
        out = folder / "edgehar.wasm"
        objects = []
        for source in sources:
            made = folder / f"{source.stem}.o"
            kernel = source.parent.name == "src" and not source.stem.startswith("edgehar")
            own = [*flags["COMPILE"], *flags["SMALL"]]
            own += flags["MEMORY"] if source.stem == "port_memory" else []
            own += flags["SIMD"] if simd else []
            own += flags["SIMD_KERNELS"] if simd and kernel else []
            _run([*here.compiler, *own, *places, "-c", str(source), "-o", str(made)])
            objects.append(str(made))
        _run([*here.linker, *flags["LINK"], *objects, "-o", str(out)])
        return out.read_bytes()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST)
    except subprocess.TimeoutExpired as error:
        raise EdgeharError(f"expected {command[0]} to compile in {_LONGEST} s, it did not") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise EdgeharError(f"cannot compile the engine for a browser with {command[0]}: {said[0]}")
