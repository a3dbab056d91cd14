"""One runtime in a process of its own: `python -m edgehar.benchmark.worker`.

It reads requests, one JSON object a line, on standard input and answers each with one line on standard
output. An answer with `error` says what failed; a process that ends without an answer has crashed.
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark.memory import peak_bytes, reset_peak
from edgehar.contract import Contract
from edgehar.errors import EdgeharError, MissingExtra
from edgehar.files import write_bytes
from edgehar.runtimes import Runtime, open_model

if TYPE_CHECKING:
    from edgehar.benchmark.results import LoadedJson

# Enough single windows after loading for lazily made buffers to exist before memory is read.
_SETTLE = 5


def save_array(path: Path, array: NDArray[np.float32]) -> None:
    """Write a `.npy`; numpy itself does not say where a disk is full.

    Raises:
        EdgeharError: it cannot be written.
    """
    content = io.BytesIO()
    np.save(content, array)
    write_bytes(path, content.getvalue())


class WorkerSession:
    """What the process holds between requests."""

    windows: NDArray[np.float32]
    runtime: Runtime
    load_arguments: dict[str, Any]

    def load(self, row: str, path: str, contract: dict[str, object], threads: int, windows: str) -> LoadedJson:
        """Load windows and model; times include the import of the runtime's library.

        Returns:
            first_load_ms, first_ms (the first prediction), memory_bytes above the empty process, threads.
        """
        self.windows = np.load(windows, allow_pickle=False)
        self.load_arguments = {
            "path": Path(path), "runtime": row, "threads": threads, "contract": Contract.from_dict(contract),
        }  # fmt: skip
        gc.collect()
        reset_peak()
        empty = peak_bytes()
        start = time.perf_counter_ns()
        self.runtime = open_model(**self.load_arguments)
        loaded = time.perf_counter_ns()
        self.runtime.predict_one(self.windows[0])
        first = time.perf_counter_ns()
        for window in self.windows[:_SETTLE]:
            self.runtime.predict_one(window)
        peak = peak_bytes()
        # The arena has a query only where the runtime has an arena.
        arena = getattr(self.runtime, "arena_bytes", None)
        return {
            "first_load_ms": (loaded - start) / 1e6,
            "first_ms": (first - loaded) / 1e6,
            "memory_bytes": None if peak is None or empty is None else peak - empty,
            "arena_bytes": arena() if arena is not None else None,
            "threads": self.runtime.threads,
        }

    def predict(self, to: str) -> dict[str, object]:
        """Save the probabilities of all windows, float32 (N, classes), to a `.npy`."""
        save_array(Path(to), self.runtime.predict(self.windows))
        return {}

    def round(self, warmup: int, count: int, seconds: float, offset: int) -> dict[str, list[int]]:
        """Time single windows after an untimed warm-up, until `count` are done or `seconds` have passed.

        Returns:
            warmup_ns, invoke_ns, total_ns: lists of nanoseconds; total is raw m/s² to label.
        """
        gc.collect()
        gc.disable()
        try:
            _, warm = self._timed(range(offset, offset + warmup), float("inf"))
            invoke, total = self._timed(range(offset + warmup, offset + warmup + count), seconds)
        finally:
            gc.enable()
        return {"warmup_ns": warm, "invoke_ns": invoke, "total_ns": total}

    def reload(self, times: int) -> dict[str, list[float]]:
        """Time loading the model again, the library being in memory: load_ms, a list of milliseconds."""
        spent = []
        for _ in range(times):
            self.runtime.close()
            gc.collect()
            start = time.perf_counter_ns()
            self.runtime = open_model(**self.load_arguments)
            spent.append((time.perf_counter_ns() - start) / 1e6)
        return {"load_ms": spent}

    def _timed(self, indices: range, seconds: float) -> tuple[list[int], list[int]]:
        """Nanoseconds of invoke and of all three steps for these windows, until the time is up."""
        runtime, windows, clock = self.runtime, self.windows, time.perf_counter_ns
        invoke, total = [], []
        deadline = clock() + seconds * 1e9
        for index in indices:
            window = windows[index % len(windows)]
            start = clock()
            tensor = runtime.prepare(window)
            before = clock()
            output = runtime.invoke(tensor)
            after = clock()
            int(runtime.finish(output).argmax())
            end = clock()
            invoke.append(after - before)
            total.append(end - start)
            if end > deadline:
                break
        return invoke, total


def main() -> int:
    """Answer requests until standard input ends."""
    # Native libraries may print; the channel must hold nothing but answers.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    session = WorkerSession()
    actions: dict[str, Callable[..., Mapping[str, object]]] = {
        "load": session.load, "predict": session.predict, "round": session.round, "reload": session.reload,
    }  # fmt: skip
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = actions[request.pop("do")](**request)
        except MissingExtra as error:
            answer = {"error": str(error), "missing": True}
        except EdgeharError as error:
            answer = {"error": str(error)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(answer) + "\n")
        channel.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
