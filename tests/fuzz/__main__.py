"""Fuzzes readers with Atheris, which is libFuzzer for Python; Linux and Python 3.11 … 3.13 alone have its wheels.

    python -m tests.fuzz --inputs 1000000                every reader, each its share
    python -m tests.fuzz profile --seconds 60            one of them, so long

What it finds new is kept in build/fuzz/READER, from where it goes on; an input with which something else than an
EdgeharError leaves a reader is written beside it, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
LONGEST = 8192


def main() -> int:
    """Run the readers that are named, one after another, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--inputs", type=int, default=0, help="in all, shared out; 0: no bound")
    parser.add_argument("--seconds", type=int, default=0, help="for each reader; 0: no bound")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        return fuzz(told.readers[0], told.inputs, told.seconds, told.out)
    if not told.inputs and not told.seconds:
        parser.error("give --inputs or --seconds")
    shares = {name: share for name, share in SHARES.items() if not told.readers or name in told.readers}
    failed, total = False, 0
    for name, share in shares.items():
        inputs = int(told.inputs * share / sum(shares.values()))
        command = [sys.executable, "-m", "tests.fuzz", name, "--child", f"--inputs={inputs}"]
        start = time.monotonic()
        done = subprocess.run(
            [*command, f"--seconds={told.seconds}", f"--out={told.out}"], stderr=subprocess.PIPE, text=True, check=False
        )
        log = told.out / f"{name}.log"
        log.write_text(done.stderr)
        runs = [int(number) for number in re.findall(r"#(\d+)\s", done.stderr)]
        covered = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
        edges, features = covered[-1] if covered else ("?", "?")
        total += max(runs, default=0)
        outcome = "nothing found" if done.returncode == 0 else f"FOUND SOMETHING, see {log}"
        seconds = time.monotonic() - start
        print(
            f"{name}: {max(runs, default=0):,} inputs, {edges} edges, {features} features, {seconds:.0f} s: {outcome}",
            flush=True,
        )
        failed |= done.returncode != 0
    print(f"{total:,} inputs")
    return int(failed)


def fuzz(name: str, inputs: int, seconds: int, out: Path) -> int:
    """Run one reader in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["edgehar"]):
        from edgehar.errors import EdgeharError

        from .readers import READERS
    reader = READERS[name]
    found, seeds, folder = out / name, out / f"{name}-seeds", Path(tempfile.mkdtemp(prefix="edgehar-fuzz-"))
    for place in (found, seeds):
        place.mkdir(parents=True, exist_ok=True)
    for seed, content in reader.seeds().items():
        (seeds / seed).write_bytes(content)

    def one(data: bytes) -> None:
        try:
            reader.read(data, folder)
        except EdgeharError as error:
            assert "\n" not in str(error), "a message of several lines"

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        changed = bytes(atheris.Mutate(data, most))
        return changed if reader.repair is None or seed % 8 == 0 else reader.repair(changed)

    bounds = [f"-runs={inputs}"] if inputs else []
    bounds += [f"-max_total_time={seconds}"] if seconds else []
    arguments = [
        name, *bounds, f"-max_len={LONGEST}", f"-artifact_prefix={found}-", "-rss_limit_mb=4096",
        "-timeout=60", str(found), str(seeds), *([str(CORPUS / name)] if (CORPUS / name).is_dir() else []),
    ]  # fmt: skip
    atheris.Setup(arguments, one, **({"custom_mutator": mutate} if reader.repair else {}))
    atheris.Fuzz()
    return 0


#: Of a hundred inputs; readers that take long get few.
SHARES = {
    "documents": 20, "origin": 5, "lines": 25, "sensorlogger": 10, "sensorserver": 10, "phyphox": 10, "profile": 15,
    "tables": 2, "toml": 2, "tflite": 0.9, "keras": 0.1,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
