"""Time and peak memory of loading a file of WISDM v1.1's size.

    python benchmarks/load_wisdm.py [--lines 1100000] [--repeat 3] [--file PATH]

Generates the file (36 people, 20 Hz, with the set's known irregularities), loads it in a process of its
own each time, and prints seconds, peak resident memory and what the loader dropped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.files import temporary_folder

ACTIVITIES = ("Walking", "Jogging", "Upstairs", "Downstairs", "Sitting", "Standing")

#: One in this many records is made irregular, in turn in each known way.
IRREGULAR_EVERY = 5000

LOAD = """
import json, resource, sys, time
start = time.perf_counter()
from edgehar.data import load
imported = time.perf_counter()
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = time.process_time()
dataset = load("wisdm:" + sys.argv[1])
done = time.perf_counter()
cpu = time.process_time() - before
print(json.dumps({
    "cpu_s": cpu, "import_s": imported - start, "load_s": done - imported, "base_mb": base / 1024,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "samples": sum(map(len, dataset.recordings)), "recordings": len(dataset.recordings),
    "people": len(dataset.subjects), "findings": dict(dataset.findings),
}))
"""


def generate(path: Path, lines: int, seed: int = 0) -> None:
    """Write `lines` records of plausible values, some irregular, as v1.1 has them."""
    rng = np.random.default_rng(seed)
    per_person = -(-lines // 36)
    with path.open("w", encoding="ascii", newline="\n") as stream:
        written = 0
        for person in range(1, 37):
            count = min(per_person, lines - written)
            acc = rng.normal((0, 9.8, 0), 4, (count, 3)).astype(np.float32)
            start = 49_000_000_000_000 + person * 100_000_000_000_000
            block = -(-count // len(ACTIVITIES))
            rows = []
            for index, sample in enumerate(acc):
                x, y, z = map(str, sample)
                activity = ACTIVITIES[index // block]
                stamp = start + index * 50_000_000 + (index // block) * 10_000_000_000
                row = f"{person},{activity},{stamp},{x},{y},{z};\n"
                number = written + index
                if number % IRREGULAR_EVERY == IRREGULAR_EVERY - 1:
                    row = irregular(number // IRREGULAR_EVERY % 8, person, activity, stamp, x, y, z)
                rows.append(row)
            stream.writelines(rows)
            written += count


def irregular(case: int, person: int, activity: str, stamp: int, x: str, y: str, z: str) -> str:
    """One record in one of the ways that v1.1 is known for."""
    head = f"{person},{activity}"
    return (
        f"{head},{stamp},{x},{y},{z};{head},{stamp + 1_000_000},{x},{y},{z};\n",
        f"{head},{stamp},{x},{y},{z}\n",
        f"{head},{stamp},{x},{y},{z},;\n",
        f"{head},{stamp},{x},{y},;\n",
        f"\n{head},{stamp},{x},{y},{z};\n\n",
        f"{head},0,{x},{y},{z};\n",
        f"{head},{stamp - 50_000_000},{x},{y},{z};\n",
        f"{head},{stamp - 200_000_000},{x},{y},{z};\n",
    )[case]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--file", type=Path, help="load this file instead of a generated one")
    arguments = parser.parse_args()
    with temporary_folder() as folder:
        path = arguments.file or folder / "WISDM_ar_v1.1_raw.txt"
        if arguments.file is None:
            generate(path, arguments.lines)
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
        for _ in range(arguments.repeat):
            result = subprocess.run([sys.executable, "-c", LOAD, str(path)], check=True, capture_output=True, text=True)
            found = json.loads(result.stdout)
            print(
                f"loaded {found['samples']:,} samples of {found['people']} people in {found['load_s']:.2f} s "
                f"(processor {found['cpu_s']:.2f} s, import {found['import_s']:.2f} s), "
                f"peak {found['peak_mb']:.0f} MB (before: {found['base_mb']:.0f} MB)"
            )
        print(json.dumps(found["findings"], indent=2))


if __name__ == "__main__":
    main()
