"""The C engine on this machine against LiteRT (XNNPACK): one thread, the same windows, in turn, in one run.

    python benchmarks/host_speed.py BUNDLE [--hop 3]

BUNDLE is an export of `cnn` with --int8. Printed are medians with their quartiles over interleaved rounds, and ratios
to LiteRT's whole window; it exits 1 where one is above its limit: 1.1 for a whole window, 0.12 for a decision at a hop
of 3. Every output byte of the engine is compared with that of its portable kernels.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.compile.c import write_c
from edgehar.compile.host import kernels_of
from edgehar.errors import EdgeharError
from edgehar.files import temporary_folder
from edgehar.runtimes import Runtime, native, open_model

LIMITS = {"whole window": 1.1, "hop 3": 0.12}
ROUNDS, CALLS, WARM = 200, 20, 10

Samples = NDArray[np.int8]


class Library:
    """The engine with one model, called as a stream pays for it: samples in, probabilities out."""

    def __init__(self, model: Path, kernels: str, hop: int | None, folder: Path) -> None:
        place = folder / f"{kernels}-{hop}"
        write_c(model, place, kernels=kernels, hop=hop)
        self._library = ctypes.CDLL(str(native.build(place)))
        self.window = int(self._library.edgehar_host_window())
        self._out = np.zeros(int(self._library.edgehar_host_classes()), np.int8)
        self._to = ctypes.c_void_p(self._out.ctypes.data)

    def invoking(self, window: Samples) -> Callable[[], object]:
        """The call that runs a window (window, channels)."""
        return partial(self._library.edgehar_host_invoke, ctypes.c_void_p(window.ctypes.data), self._to)

    def extending(self, samples: Samples, hop: int) -> Callable[[], object]:
        """The call that a stream goes on with; another decision comes `hop` samples after one."""
        pointer = ctypes.c_void_p(samples.ctypes.data)
        return partial(self._library.edgehar_host_extend, pointer, len(samples), hop, self._to)

    def invoke(self, window: Samples) -> bytes:
        """The output bytes of a window."""
        self.invoking(window)()
        return self._out.tobytes()

    def begin(self, window: Samples, hop: int) -> bytes:
        """A fresh stream's first decision."""
        self._library.edgehar_host_reset()
        return self.extend(window, hop)

    def extend(self, samples: Samples, hop: int) -> bytes:
        """The one decision that these samples bring."""
        made = self.extending(samples, hop)()
        assert made == 1
        return self._out.tobytes()


def timed(calls: list[Callable[[], object]]) -> list[float]:
    """Microseconds of each call."""
    taken = []
    for call in calls:
        start = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start) / 1000)
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--hop", type=int, default=3)
    options = parser.parse_args()
    path = options.bundle / "model_int8.tflite"
    try:
        litert = open_model(path, runtime="litert-int8")
        with temporary_folder() as folder:
            return compare(path, litert, options.hop, folder)
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status


def compare(path: Path, litert: Runtime, hop: int, folder: Path) -> int:
    """Time all of them in turn, print, and say whether a limit is passed."""
    kernels = kernels_of(platform.machine())
    whole, step = Library(path, kernels, None, folder), Library(path, kernels, hop, folder)
    plain, plain_step = Library(path, "portable", None, folder), Library(path, "portable", hop, folder)
    shape = litert.prepare(np.zeros(litert.contract.input_shape, np.float32)).shape
    channels = int(np.prod(shape)) // whole.window
    stream = np.random.default_rng(1).integers(-128, 128, (whole.window + hop * CALLS * ROUNDS, channels))
    stream = stream.astype(np.int8)
    windows = [np.ascontiguousarray(stream[at : at + whole.window]) for at in range(CALLS)]
    tensors = [window.reshape(shape) for window in windows]
    pieces = [stream[at : at + hop] for at in range(whole.window, whole.window + hop * CALLS, hop)]

    unequal = sum(whole.invoke(window) != plain.invoke(window) for window in windows)
    unequal += step.begin(windows[0], hop) != plain_step.begin(windows[0], hop)
    unequal += sum(step.extend(piece, hop) != plain_step.extend(piece, hop) for piece in pieces)

    calls: dict[str, list[Callable[[], object]]] = {
        "LiteRT, whole window": [partial(litert.invoke, tensor) for tensor in tensors],
        f"{kernels}, whole window": [whole.invoking(window) for window in windows],
        f"{kernels}, hop {hop}": [step.extending(piece, hop) for piece in pieces],
        "portable, whole window": [plain.invoking(window) for window in windows],
    }
    taken: dict[str, list[list[float]]] = {name: [] for name in calls}
    gc.disable()
    for number in range(-WARM, ROUNDS):
        for name, call in calls.items():
            row = timed(call)
            if number >= 0:
                taken[name].append(row)
    gc.enable()
    base = np.array(taken["LiteRT, whole window"])
    failed = unequal > 0
    print(f"one thread, {ROUNDS} interleaved rounds of {CALLS} calls; µs a decision, and the ratio to LiteRT's")
    for name, rows in taken.items():
        each = np.array(rows)
        ratio = np.median(each) / np.median(base)
        low, high = np.percentile(np.median(each, axis=1) / np.median(base, axis=1), (25, 75))
        first, last = np.percentile(each, (25, 75))
        line = f"{name:24} median {np.median(each):8.2f}, IQR {first:.2f} … {last:.2f}"
        line += f"   ratio {ratio:.3f}, IQR {low:.3f} … {high:.3f}"
        limit = LIMITS.get(name.partition(", ")[2]) if name.startswith("vector") else None
        if limit is not None:
            failed |= bool(ratio > limit)
            line += f"   {'above' if ratio > limit else 'within'} the limit of {limit:.2f}"
        print(line)
    print(f"{unequal} of {2 * CALLS + 1} outputs differ from the portable kernels'")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
