"""An incremental step against the whole window: the same int8 model through LiteRT, one thread, in turn.

What is timed is a decision as a stream pays for it: samples in, output out, and for a
step every state copied from the outputs back to the inputs. Run:

    python benchmarks/incremental_step.py [BUNDLE or MODEL] [--hop 3 --hop 21] [--equal]

It exits 1 where the ratio of medians of a decision is above the limit: 0.28 at a hop of 3, 0.60 at 21. With --equal
it also compares every output byte of a whole recording, at every hop given, on the reference kernels.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from pathlib import Path

import numpy as np

from edgehar.data import load
from edgehar.errors import EdgeharError
from edgehar.runtimes import Runtime
from edgehar.runtimes.quantise import quantise
from edgehar.streaming.model import open_incremental_model, open_stream_model
from edgehar.streaming.sources import choose_recording, recording_blocks

LIMITS = {3: 0.28, 21: 0.60}
ROUNDS = 200
BLOCK = 20


def timed(runtime: Runtime, tensors: list[np.ndarray]) -> list[float]:
    """Microseconds of each call."""
    taken = []
    for tensor in tensors:
        start = time.perf_counter_ns()
        runtime.invoke(tensor)
        taken.append((time.perf_counter_ns() - start) / 1000)
    return taken


def recording(runtime: Runtime) -> np.ndarray:
    """HAPT's first test recording, quantised, int8 (N, 3)."""
    dataset = load("hapt")
    blocks = recording_blocks(choose_recording(dataset, None, None), dataset.classes, runtime.contract)
    assert runtime.contract.input_quantisation is not None
    return quantise(np.concatenate([block.x for block in blocks]), runtime.contract.input_quantisation)


def differing(bundle: Path, samples: np.ndarray, hop: int, kernels: str) -> tuple[int, int]:
    """Output bytes that differ between the engines over the recording, and how many were compared."""
    whole, step = open_stream_model(bundle, kernels), open_incremental_model(bundle, kernels, hop=hop)
    window, differ, compared = step.contract.window, 0, 0
    shape = whole.prepare(np.zeros((window, 3), np.float32)).shape
    place = 0
    for end in range(window, len(samples) + 1, hop):
        step.extend(samples[place:end])
        place = end
        output = whole.invoke(np.ascontiguousarray(samples[end - window : end]).reshape(shape))
        differ += int((output != step.output()).sum())
        compared += output.size
    return differ, compared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundle", type=Path, help="bundle folder or int8 model")
    parser.add_argument("--hop", type=int, action="append", help="may be repeated (default 3, 9, 20, 21, 39)")
    parser.add_argument("--equal", action="store_true", help="compare every byte over a whole recording too")
    parser.add_argument("--kernels", default="litert-int8-reference", help="for --equal; or tflm-int8")
    options = parser.parse_args()
    hops = options.hop or [3, 9, 20, 21, 39]
    try:
        whole = open_stream_model(options.model, "litert-int8")
        steps = {hop: open_incremental_model(options.model, "litert-int8", hop=hop) for hop in hops}
        samples = recording(whole)
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    window = whole.contract.window
    shape = whole.prepare(np.zeros((window, 3), np.float32)).shape
    starts = np.random.default_rng(1).integers(0, len(samples) - window, BLOCK)
    windows = [np.ascontiguousarray(samples[start : start + window]).reshape(shape) for start in starts]
    pieces = {hop: [samples[None, start : start + hop].copy() for start in starts] for hop in hops}
    base: list[list[float]] = []
    taken: dict[int, list[list[float]]] = {hop: [] for hop in hops}
    gc.disable()
    for number in range(-10, ROUNDS):
        first = timed(whole, windows)
        later = {hop: timed(step, pieces[hop]) for hop, step in steps.items()}
        if number >= 0:  # the first rounds warm caches and clocks
            base.append(first)
            for hop in hops:
                taken[hop].append(later[hop])
    gc.enable()
    print(f"LiteRT int8, one thread, {ROUNDS} interleaved rounds of {BLOCK} decisions, µs a decision")
    print(f"whole window   median {np.median(base):7.1f}")
    failed = False
    for hop in hops:
        ratio = np.median(taken[hop]) / np.median(base)
        # A round's ratio is that of its medians, so that an interruption within it counts once.
        low, high = np.percentile(np.median(taken[hop], axis=1) / np.median(base, axis=1), (25, 75))
        line = f"step, hop {hop:2}   median {np.median(taken[hop]):7.1f}   "
        line += f"ratio {ratio:.3f}, IQR {low:.3f} … {high:.3f}"
        if hop in LIMITS:
            failed |= bool(ratio > LIMITS[hop])
            line += f"   {'above' if ratio > LIMITS[hop] else 'within'} the limit of {LIMITS[hop]:.2f}"
        print(line)
    if options.equal:
        for hop in hops:
            differ, compared = differing(options.model, samples, hop, options.kernels)
            print(f"hop {hop:2}: {differ} of {compared} output bytes differ ({options.kernels}, whole recording)")
            failed |= differ > 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
