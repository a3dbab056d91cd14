"""The smallest arena with which TFLite-Micro allocates a model, searched in a process of its own.

Too small an arena is an error of TFLite-Micro mostly, but with some networks it crashes, which must not end the caller.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import edgehar
from edgehar.errors import ContractError, MissingExtra

#: TFLite-Micro aligns its arena to 16 bytes.
ALIGNMENT = 16
LARGEST_ARENA = 64 << 20
#: A search takes some 0.1 s.
_SECONDS = 120.0


class ArenaUnknown(ContractError):
    """TFLite-Micro ended while the arena was searched."""


def arena_bytes(model: bytes) -> int:
    """Bytes of the smallest tensor arena with which TFLite-Micro allocates the model, a multiple of 16.

    Found by bisection with the interpreter's own allocator: what a device needs for `AllocateTensors`.

    Raises:
        MissingExtra: `tflite-micro` is not installed.
        ArenaUnknown: TFLite-Micro crashed or hung.
        ContractError: the model does not fit 64 MiB or has operators that TFLite-Micro lacks.
    """
    if importlib.util.find_spec("tflite_micro") is None:
        raise MissingExtra("tflite-micro", "bench")
    search = [str(Path(edgehar.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in search if part)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__], input=model, capture_output=True, env=environment, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ArenaUnknown(f"arena not measured: TFLite-Micro did not end within {_SECONDS:g} s") from error
    if done.returncode != 0:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise ArenaUnknown(f"arena not measured: TFLite-Micro ended with {how}")
    size = int(done.stdout)
    if size == 0:
        raise ContractError("expected a model that TFLite-Micro can allocate, got one with other operators or sizes")
    return size


def search_arena(model: bytes, largest: int = LARGEST_ARENA) -> int:
    """The same in this process, which TFLite-Micro may end; 0 where `largest` is not enough."""
    if not allocates(model, largest):
        return 0
    low, high = 0, largest
    while high - low > ALIGNMENT:
        middle = (low + high) // 2 // ALIGNMENT * ALIGNMENT
        if allocates(model, middle):
            high = middle
        else:
            low = middle
    return high


def allocates(model: bytes, size: int) -> bool:
    """Whether TFLite-Micro allocates the model within so many bytes."""
    from tflite_micro import runtime

    try:
        runtime.Interpreter.from_bytes(model, arena_size=size)
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    print(search_arena(sys.stdin.buffer.read()))
