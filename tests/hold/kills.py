"""Kills commands with SIGKILL, has them run again, and compares with a run that nobody killed.

`python -m tests.hold.kills [POINTS [SEED]]` (`make kill`): points in all, over the commands by their weight. Two of
three points are changes to the folder of the command (the N-th file opened for writing, renamed, removed, folder made:
the process dies before it), drawn from those that a whole run makes; the others are times.

TensorFlow is imported once: each run is a fork of this process in a session of its own, which dies as a whole.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.hold.cases import CASES, Case, prepare

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Run:
    """A process that ended: its exit status (negative: the signal), seconds, changes that it made, what it said."""

    status: int
    seconds: float
    changes: int
    said: str


def run(
    arguments: list[str],
    cwd: Path,
    target: Path,
    die_at: int = 0,
    after: float = 0,
    before: Callable[[], None] = lambda: None,
) -> Run:
    """Run the command line in a fork.

    Args:
        target: changes in here are counted.
        die_at: kill the process before this change, from 1; 0 for never.
        after: kill it after so many seconds; 0 for never.
        before: called in the fork, where standard output and standard error are a log, before they are opened.
    """
    log, counted = cwd / "said.log", cwd / "changes.log"
    counted.write_bytes(b"")
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(arguments, cwd, target, die_at, log, counted, before)
    if after:
        while time.monotonic() < begun + after:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                break
            time.sleep(0.002)
        else:
            os.killpg(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
    else:
        _, status = os.waitpid(child, 0)
    seconds, changes, said = time.monotonic() - begun, counted.stat().st_size, log.read_text(errors="replace")
    log.unlink()
    counted.unlink()
    return Run(os.waitstatus_to_exitcode(status), seconds, changes, said)


def _become(
    arguments: list[str],
    cwd: Path,
    target: Path,
    die_at: int,
    log: Path,
    counted: Path,
    before: Callable[[], None],
) -> None:
    """In the fork: the command, from the session to its exit."""
    status = 99
    try:
        os.setsid()
        os.chdir(cwd)
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        given = cwd / "given"
        os.dup2(os.open(given if given.exists() else os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        before()
        sys.stdout, sys.stderr = stream(1), stream(2)
        tally = os.open(counted, os.O_WRONLY | os.O_APPEND)
        watch(str(target), die_at, tally)
        from edgehar.cli import main

        found = main(arguments)
        finish()
        status = found
    finally:
        os._exit(status)


def stream(number: int) -> TextIO | None:
    """As Python opens it at its start: none where it is closed."""
    try:
        return os.fdopen(number, "w", closefd=False)
    except OSError:
        return None


def finish() -> None:
    """What Python writes at its end; it would exit with 120 where that fails."""
    for one in (sys.stdout, sys.stderr):
        if one is not None:
            one.flush()


def watch(target: str, die_at: int, tally: int) -> None:
    """Count the changes of this process to a folder from now on, a byte into `tally` each, and die before one."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event == "open":
            if not isinstance(arguments[2], int) or not arguments[2] & _WRITING:
                return
        elif event not in _CHANGES:
            return
        place = arguments[0]
        if not isinstance(place, str | os.PathLike) or not str(Path(place).absolute()).startswith(target):
            return
        seen += 1
        if seen == die_at:
            os.killpg(os.getpid(), signal.SIGKILL)
        os.write(tally, b".")

    sys.addaudithook(hook)


def try_point(case: Case, whole: Path, made: Path, rng: random.Random, run_whole: Run, where: Path) -> str:
    """Kill a run at a drawn point and let it recover; what is wrong, or nothing.

    Args:
        whole: the folder in which the command ran undisturbed.
        made: what every run starts from.
        run_whole: that run.
        where: a folder that is not there yet.
    """
    shutil.copytree(made, where)
    at = rng.randint(1, run_whole.changes) if rng.random() < case.hooks else 0
    after = 0.0 if at else rng.uniform(0.02, run_whole.seconds)
    killed = run(case.command, where, where / case.target, at, after)
    point = f"{case.name}, {f'change {at} of {run_whole.changes}' if at else f'{after:.2f} s'}"
    if at and killed.status != -signal.SIGKILL:
        return f"{point}: expected it to be killed, got {killed.status}: {killed.said[-300:]}"
    try:
        kept = case.after_kill(where, made, whole)
        again = case.again(where)
        if again:
            done = run(again, where, where / case.target)
            assert done.status == 0, f"status {done.status}: {done.said[-600:]}"
        case.check(where, whole, kept)
        left = [str(path.relative_to(where)) for path in where.rglob(".tmp-*")]
        assert not left, f"left behind: {left}"
    except AssertionError as error:
        return f"{point}: {error}"
    shutil.rmtree(where)
    return ""


def sweep(points: int, seed: int, names: list[str], folder: Path) -> int:
    """Try so many points over the commands; prints a line for each command, returns how many did not recover."""
    chosen = [case for case in CASES if not names or case.name in names]
    made = prepare(folder, lambda arguments, cwd: run(arguments, cwd, cwd / "nothing"))
    total, failed = sum(case.weight for case in chosen), 0
    for case in chosen:
        rng, whole = random.Random(f"{seed} {case.name}"), folder / f"whole-{case.name}"
        shutil.copytree(made / case.start, whole)
        undisturbed = run(case.command, whole, whole / case.target)
        if undisturbed.status:
            raise SystemExit(f"{case.name}: {undisturbed.said}")
        count, wrong, begun = max(1, round(points * case.weight / total)), [], time.monotonic()
        for number in range(count):
            said = try_point(case, whole, made / case.start, rng, undisturbed, folder / f"{case.name}-{number}")
            wrong += [said] if said else []
        failed += len(wrong)
        print(
            f"{case.name}: {count - len(wrong)} of {count} recovered ({undisturbed.changes} changes a run, "
            f"{time.monotonic() - begun:.0f} s)",
            flush=True,
        )
        for said in wrong:
            print(f"  {said}", flush=True)
    return failed


def main(arguments: list[str]) -> int:
    numbers = [int(text) for text in arguments if text.isdigit()]
    names = [text for text in arguments if not text.isdigit()]
    points, seed = (*numbers, *(200, 1)[len(numbers) :])
    preload()
    with tempfile.TemporaryDirectory(prefix="edgehar-kill-") as name:
        return 1 if sweep(points, seed, names, Path(name)) else 0


def preload() -> None:
    """Import what every fork would import; nothing is computed here, which forks would not survive."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import importlib

    from edgehar.models.library import import_keras

    import_keras()
    for module in ("optuna", "sklearn.metrics", "scipy.signal", "tf2onnx", "onnxruntime", "matplotlib.figure"):
        importlib.import_module(module)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
