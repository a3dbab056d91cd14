"""Break a copy of the project, one mutant at a time, and demand that the tests notice: `python -m tests.mutants`.

Words behind it choose mutants whose name or file has one of them. Exit 0: all killed; 1: one survived, or does not
build; 2: nothing was chosen, or the tests fail without a mutant.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.compilers import remembering
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
#: What the tests named by mutants need.
COPIED = ("edgehar", "firmware_ref", "tests", "benchmarks", "pyproject.toml")
PROCESSES = 2
#: An endless loop is noticed by the processor time of its process, to which a busy machine does not add. The clock ends
#: what waits for ever; it kills nothing, since the machine may have been busy.
WORK_SECONDS, BASELINE_WORK_SECONDS = 200, 3600
SECONDS, BASELINE_SECONDS = 1800, 7200


@dataclass(frozen=True)
class Outcome:
    """What became of a run: `killed`, `survived` or `broken` (it does not build, so that it says nothing)."""

    word: str
    reason: str
    seconds: float


@contextmanager
def copies(count: int) -> Iterator[SimpleQueue[Path]]:
    """A queue of copies of the project, removed in the end; beside them `ccache`, see `tests.compilers`."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        queue: SimpleQueue[Path] = SimpleQueue()
        for index in range(count):
            place = Path(folder) / f"copy{index}"
            place.mkdir()
            for name in COPIED:
                source, target = ROOT / name, place / name
                if source.is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "build", ".*"))
                else:
                    shutil.copy2(source, target)
            queue.put(place)
        yield queue


def run_tests(place: Path, tests: Sequence[str], work: int, seconds: float) -> tuple[int | None, dict, str]:
    """pytest's exit code (None: it did not end in `seconds`), what `verdict` wrote, and what it printed.

    Each process, and each that it starts, may work for `work` seconds.
    """
    verdict = place / "verdict.json"
    verdict.unlink(missing_ok=True)
    # Without caches: a mutant of equal length within the same second would else be taken for the original.
    environment = (
        os.environ
        | remembering(place.parent / "ccache")
        | {
            "PYTHONPATH": str(place),
            "PYTHONDONTWRITEBYTECODE": "1",
            "EDGEHAR_VERDICT": str(verdict),
            "EDGEHAR_WORK_SECONDS": str(work),
            # Objects of one copy serve the other: paths below it count as relative.
            "CCACHE_BASEDIR": str(place),
        }
    )
    options = ("-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.verdict", f"--basetemp={place / 'scratch'}")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    code: int | None
    try:
        printed, _ = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        code = None
    found = json.loads(verdict.read_text()) if verdict.exists() else {}
    shutil.rmtree(place / "scratch", ignore_errors=True)
    return code, found, printed


def judge(code: int | None, found: dict, printed: str) -> tuple[str, str]:
    """Whether the mutant was killed, and by what."""
    running = str(found.get("running")).rpartition("::")[2]
    if code is None:
        return "broken", f"neither an end nor {WORK_SECONDS} s of work in {SECONDS} s: {running}"
    if code < 0 or code == 128 + signal.SIGABRT:  # SIGXCPU: no end
        return "killed", f"{signal.Signals(-code if code < 0 else code - 128).name}: {running}"
    if code == 0:
        return "survived", f"{len(found['passed'])} tests passed"
    failures = found.get("failures", [])
    if code != 1 or not failures or failures[0]["broken"]:
        error = failures[0]["error"] if failures else f"exit {code}"
        return "broken", f"{error}: {printed.strip().splitlines()[-1] if printed.strip() else ''}"
    return "killed", f"{failures[0]['error']}: {failures[0]['test'].rpartition('::')[2]}"


def try_mutant(mutant: Mutant, queue: SimpleQueue[Path]) -> Outcome:
    """Break a copy, run the mutant's tests, mend it."""
    place = queue.get()
    path = place / mutant.file
    original = path.read_text()
    begin = time.monotonic()
    try:
        path.write_text(mutant.apply(original))
        word, reason = judge(*run_tests(place, mutant.tests, WORK_SECONDS, SECONDS))
    finally:
        path.write_text(original)
        queue.put(place)
    outcome = Outcome(word, reason, time.monotonic() - begin)
    print(f"{outcome.word:<9}{outcome.seconds:5.0f} s  {mutant.name}", file=sys.stderr, flush=True)
    return outcome


def fails_unbroken(mutants: Sequence[Mutant], queue: SimpleQueue[Path]) -> str | None:
    """Run all tests of these mutants without one; what is wrong, where not every one passes."""
    tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    place = queue.get()
    code, found, printed = run_tests(place, tests, BASELINE_WORK_SECONDS, BASELINE_SECONDS)
    queue.put(place)
    if code != 0:
        return f"expected the tests to pass without a mutant, got exit {code}; mend this first:\n{printed}"
    if found["skipped"]:
        test, reason = next(iter(found["skipped"].items()))
        return f"expected every test to run, got {len(found['skipped'])} skipped; {test}: {reason}"
    return None


def main(words: Sequence[str]) -> int:
    """See the module."""
    chosen = [one for one in MUTANTS if not words or any(word in one.name or word in one.file for word in words)]
    if not chosen:
        print(f"expected words of a mutant's name or file, got {' '.join(words)}", file=sys.stderr)
        return 2
    begin = time.monotonic()
    with copies(PROCESSES) as queue, ThreadPoolExecutor(PROCESSES) as pool:
        wrong = fails_unbroken(chosen, queue)
        if wrong:
            print(wrong, file=sys.stderr)
            return 2
        print(f"{'passed':<9}{time.monotonic() - begin:5.0f} s  without a mutant", file=sys.stderr, flush=True)
        outcomes = list(pool.map(lambda mutant: try_mutant(mutant, queue), chosen))
    for mutant, outcome in sorted(zip(chosen, outcomes, strict=True), key=lambda pair: pair[0].file):
        print(f"{outcome.word:<9} {mutant.file:<40} {mutant.name:<34} {outcome.reason}")
    killed = sum(outcome.word == "killed" for outcome in outcomes)
    print(f"{killed} of {len(chosen)} killed in {time.monotonic() - begin:.0f} s")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
