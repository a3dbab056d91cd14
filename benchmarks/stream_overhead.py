"""What streaming costs above the bare model: time a decision through `Streamer.push` against `invoke` alone.

The two are measured in turn, block by block, so that a busy machine slows both. Run:

    python benchmarks/stream_overhead.py [BUNDLE or MODEL] [--limit 1.30]

It exits 1 where the median ratio for one push a hop is above the limit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from edgehar.errors import EdgeharError
from edgehar.streaming import Streamer
from edgehar.streaming.model import open_stream_model

HOP = 20
DECISIONS = 10
ROUNDS = 400


def per_decision(work: Callable[[], object]) -> float:
    """Microseconds a decision of one block of work."""
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1000 / DECISIONS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", help="bundle folder or model file")
    parser.add_argument("--limit", type=float, default=1.30, help="largest ratio of medians (default 1.30)")
    options = parser.parse_args()
    try:
        runtime = open_stream_model(options.model)
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status

    count = HOP * DECISIONS
    x = np.random.default_rng(5).normal((0, 9.8, 0), 3, (count, 3)).astype(np.float32)
    t = np.arange(count, dtype=np.int64) * round(1e6 / runtime.contract.rate_hz)
    tensor = runtime.prepare(x[: runtime.contract.window])

    def streamer() -> Streamer:
        """One that has its first window, so that every further hop is a decision."""
        made = Streamer(runtime, hop=HOP)
        made.push(x[: runtime.contract.window])
        return made

    def bare() -> None:
        for _ in range(DECISIONS):
            runtime.invoke(tensor)

    def pushes(size: int) -> Callable[[], None]:
        made = streamer()
        clock = [t[: runtime.contract.window][-1]]

        def run() -> None:
            times = t + clock[0] + (t[1] - t[0])
            clock[0] = times[-1]
            for start in range(0, count, size):
                made.push(x[start : start + size], times[start : start + size])

        return run

    cases = {"one push a hop": pushes(HOP), "one push a sample": pushes(1), "one push for all": pushes(count)}
    for work in (bare, *cases.values()):
        for _ in range(5):
            work()
    base: list[float] = []
    timed: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        base.append(per_decision(bare))
        for name, work in cases.items():
            timed[name].append(per_decision(work))

    print(f"{runtime.name}, hop {HOP}, {ROUNDS} interleaved rounds of {DECISIONS} decisions, µs a decision")
    print(f"{'invoke alone':20} median {np.median(base):7.1f}")
    for name, values in timed.items():
        ratios = np.array(values) / np.array(base)
        low, middle, high = np.percentile(ratios, (25, 50, 75))
        print(f"{name:20} median {np.median(values):7.1f}   ratio {middle:.3f}, IQR {low:.3f} … {high:.3f}")
    ratio = float(np.median(np.array(timed["one push a hop"]) / np.array(base)))
    verdict = "within" if ratio <= options.limit else "above"
    print(f"one push a hop: {ratio:.3f} × invoke alone, {verdict} the limit of {options.limit:.2f}")
    return 0 if ratio <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
