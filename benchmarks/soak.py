"""Streams of weeks: C on this machine, and Python; no growth, no wrap, decisions equal to those of a fresh start.

    python benchmarks/soak.py BUNDLE                         # 52 M samples (30 days) in C, 24 h in Python
    python benchmarks/soak.py BUNDLE --samples 1000000 --hours 1

The samples are HAPT's recordings one after the other, again and again. In C the clock begins where 2^32 and 2^53 µs are
passed on the way, too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar import data
from edgehar.compile.c import write_c
from edgehar.engine import engine_dir
from edgehar.files import temporary_folder
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Streamer

PERIOD_US = 50_000
#: Beginnings of the clock: 0; just before 2^53 µs, beyond which a double counts no microseconds.
BEGINNINGS = (0, 2**53 - 10**12)


def recorded() -> np.ndarray:
    """HAPT's recordings at 20 Hz, one after the other, float32 (N, 3)."""
    return np.concatenate([data.resample(one, 20.0).acc for one in data.load("hapt").recordings])


def soak_c(model: Path, samples: np.ndarray, count: int, first_us: int = 0) -> dict[str, str]:
    """Run firmware_ref/tests/soak.c; raises CalledProcessError where it finds something wrong."""
    engine = engine_dir()
    with temporary_folder() as place:
        write_c(model, place)
        samples.astype("<f4").tofile(place / "samples")
        sources = [engine / "tests" / "soak.c", place / "model_data.c", *sorted((engine / "src").glob("*.c"))]
        subprocess.run(
            ["cc", "-O2", f"-I{place}", f"-I{engine / 'include'}", f"-I{engine / 'src'}", *map(str, sources), "-o",
             str(place / "soak")], check=True,
        )  # fmt: skip
        done = subprocess.run(
            [place / "soak", place / "samples", str(count), str(first_us)], check=True, capture_output=True, text=True
        )
    words = done.stdout.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def soak_python(model: Path, samples: np.ndarray, hours: float) -> dict[str, object]:
    """The same through Python's streamer; every thousandth decision is compared with one of a fresh streamer."""
    runtime = open_model(model, runtime="litert-int8")
    count, size = round(hours * 72_000), 2_000
    streamer = Streamer(runtime)
    decisions = compared = wrong = warm = 0
    looped = np.concatenate([samples, samples[:size]])
    for start in range(0, count, size):
        at = start % len(samples)
        x = looped[at : at + size]
        t = (start + np.arange(size)) * PERIOD_US
        events = streamer.push(x, t)
        assert all(isinstance(event, Decision) for event in events), events
        decisions += len(events)
        if start // size % 10 == 9:
            last = events[-1]
            end = last.t_us // PERIOD_US
            rows = np.arange(end - 79, end + 1) % len(samples)
            anew = Streamer(runtime).push(samples[rows], (np.arange(end - 79, end + 1)) * PERIOD_US)
            compared += 1
            wrong += anew[0].p != last.p or anew[0].raw != last.raw
        if start < count // 4:
            warm = resident()
    growth = resident() - warm
    runtime.close()
    return {"samples": count, "decisions": decisions, "compared": compared, "wrong": wrong, "growth_bytes": growth}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--samples", type=int, default=52_000_000)
    parser.add_argument("--hours", type=float, default=24.0)
    asked = parser.parse_args()
    model, samples, wrong = asked.bundle / "model_int8.tflite", recorded(), 0
    for first_us in BEGINNINGS:
        begun = time.monotonic()
        found = soak_c(model, samples, asked.samples, first_us)
        print(f"C from {first_us} µs: {found}, {time.monotonic() - begun:.0f} s", flush=True)
        wrong += int(found["wrong"])
    begun = time.monotonic()
    told = soak_python(model, samples, asked.hours)
    print(f"Python: {told}, {time.monotonic() - begun:.0f} s")
    return 1 if wrong or told["wrong"] or int(str(told["growth_bytes"])) > 4 << 20 else 0


if __name__ == "__main__":
    sys.exit(main())
