"""Commands on a full disk: `python -m tests.hold.full [TRIES [SEED]] [COMMAND…]`.

Two disks. A limit on the size of a file, which any process may set for itself: drawn from the sizes of the files that a
whole run makes, so that each of them is once the first that does not fit. And, where this user may mount one, a real
file system of a few blocks: the folder of the command, or the one for temporary files, with room for a part of what a
whole run writes. Demanded: status 2, one line that names what could not be written, nothing half-written, no temporary
file; and with room again the command goes on as after a kill (`tests.hold.kills`).
"""

from __future__ import annotations

import functools
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.hold.cases import CASES, Case, Kept, prepare
from tests.hold.kills import Run, preload, run

#: What the system says of a full disk, and SQLite.
FULL = "File too large|No space left on device|database or disk is full|disk I/O error"
#: For each file system that a command meets, whether it is the one of temporary files.
DISKS = (False, True, False)
#: Bytes of a file system's block; a folder with nothing in it has none.
BLOCK = 4096


def check_record(where: Path, whole: Path, kept: Kept) -> None:
    """The lines that fitted are whole; another file has all."""
    wanted = (whole / "live.csv").read_bytes()
    first = (where / "live.csv").read_bytes() if (where / "live.csv").exists() else b"\n"
    assert first == b"\n" or (first.endswith(b"\n") and wanted.startswith(first)), "torn lines"
    assert (where / "again.csv").read_bytes() == wanted


RECORD = Case("record", ["record", "-", "live.csv"], "", lambda _: ["record", "-", "again.csv"], check_record)


class Tried(NamedTuple):
    """Exit status of a run on a full disk, and what is wrong, or nothing."""

    status: int
    said: str


def listened(arguments: list[str], where: Path, before: Callable[[], None] = lambda: None) -> Run:
    """A run whose outputs go to a pipe, which no limit and no disk fills."""
    reads, writes = os.pipe()

    def set_up() -> None:
        os.dup2(writes, 1)
        os.dup2(writes, 2)
        before()

    done = run(arguments, where, where / "nothing", before=set_up)
    os.close(writes)
    with os.fdopen(reads, "rb") as stream:
        said = stream.read().decode(errors="replace")
    return Run(done.status, done.seconds, done.changes, said)


def wrong(done: Run, where: Path) -> str:
    """What is wrong with what a full disk left, or nothing; another run of a command may need less, and fit."""
    errors = [line for line in done.said.splitlines() if re.match(r"error|\w*Error|Traceback|Exception|\[", line)]
    if done.status == 1 and re.search(rf"^\S+: failed; cannot write \S+: ({FULL})", done.said, re.MULTILINE):
        errors = []  # a runtime of `bench` keeps its row, which says why it was not measured
    elif done.status not in (0, 2) or len(errors) != (done.status == 2):
        return f"expected status 2 and one line, got {done.status}: {done.said[-1500:]}"
    if errors and not re.match(rf"error: cannot write \S+: ({FULL})", errors[0]):
        return f"expected what cannot be written, got {errors[0]!r}"
    left = [str(path.relative_to(where)) for path in where.rglob(".tmp-*")]
    if left:
        return f"left behind: {left}"
    return ""


def recovers(case: Case, where: Path, made: Path, whole: Path) -> str:
    """What is wrong with a command that goes on with room again, or nothing."""
    try:
        kept = case.after_kill(where, made, whole)
        again = case.again(where)
        if again:
            done = listened(again, where)
            assert done.status == 0, f"status {done.status}: {done.said[-600:]}"
        case.check(where, whole, kept)
    except AssertionError as error:
        return str(error)
    return ""


def limited(limit: int) -> Callable[[], None]:
    """Files of this process hold so many bytes; Python ignores the signal, so that a write beyond it fails."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def sizes(made: Path, whole: Path) -> list[int]:
    """Of the files that a whole run makes."""
    before = {path.relative_to(made): path.stat().st_size for path in made.rglob("*") if path.is_file()}
    after = {path.relative_to(whole): path.stat().st_size for path in whole.rglob("*") if path.is_file()}
    return sorted({size for path, size in after.items() if before.get(path) != size and size > 1})


class Disk:
    """A file system in memory, of so many bytes; or none where this user may not mount one."""

    def __init__(self, place: Path, size: int) -> None:
        self.place = place
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True)
        self.mounted = done.returncode == 0

    def grow(self) -> None:
        subprocess.run(["mount", "-o", "remount,size=64m", self.place], check=True)

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run(["umount", self.place], check=True)


def blocks(folder: Path) -> int:
    """Bytes that a file system needs for a folder."""
    return sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in folder.rglob("*") if path.is_file())


def try_limit(case: Case, limit: int, where: Path, made: Path, whole: Path) -> Tried:
    shutil.copytree(made, where)
    done = listened(case.command, where, limited(limit))
    said = wrong(done, where) or recovers(case, where, made, whole)
    shutil.rmtree(where)
    return Tried(done.status, said and f"files of {limit} bytes: {said}")


def _use_for_temporary_files(place: Path) -> None:
    """In a fork, whose parent has looked for a place already."""
    os.environ["TMPDIR"] = str(place)
    tempfile.tempdir = None


def try_disk(case: Case, share: float, temporary: bool, where: Path, made: Path, whole: Path) -> Tried | None:
    """None where nothing can be mounted."""
    need = max(BLOCK, blocks(whole) - blocks(made))
    room = int(share * need) // BLOCK * BLOCK
    with Disk(where, max(BLOCK, room) if temporary else blocks(made) + room) as disk:
        if not disk.mounted:
            return None
        folder = where.with_name(f"{where.name}-on") if temporary else where / "here"
        shutil.copytree(made, folder)
        set_up = functools.partial(_use_for_temporary_files, where) if temporary else (lambda: None)
        done = listened(case.command, folder, set_up)
        said = wrong(done, folder)
        disk.grow()
        said = said or recovers(case, folder, made, whole)
        if temporary:
            shutil.rmtree(folder)
    place = "for temporary files" if temporary else "for the folder"
    return Tried(done.status, said and f"{room} of {need} bytes {place}: {said}")


def sweep(case: Case, tries: int, rng: random.Random, folder: Path, made: Path) -> list[Tried | None]:
    """Every try; none where a file system was to be mounted and could not."""
    whole = folder / f"whole-{case.name}"
    shutil.copytree(made, whole)
    undisturbed = listened(case.command, whole)
    assert undisturbed.status == 0, f"{case.name}: {undisturbed.said}"
    found = sizes(made, whole)
    limits = rng.sample(found, min(tries, len(found)))
    return [try_limit(case, size - 1, folder / "limited", made, whole) for size in limits] + [
        try_disk(case, rng.uniform(0, 0.9), temporary, folder / f"disk-{number}", made, whole)
        for number, temporary in enumerate(DISKS[:tries])
    ]


def main(arguments: list[str]) -> int:
    """Prints a line for each command, and what is wrong."""
    numbers = [int(text) for text in arguments if text.isdigit()]
    names = [text for text in arguments if not text.isdigit()]
    tries, seed = (*numbers, *(3, 1)[len(numbers) :])
    preload()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="edgehar-full-") as name:
        made = prepare(Path(name), lambda arguments, cwd: run(arguments, cwd, cwd / "nothing"))
        (made / "plain" / "given").write_text("".join(f"{step / 20:.2f},0,0,9.8\n" for step in range(900)))
        for case in [*CASES, RECORD]:
            if names and case.name not in names:
                continue
            place = Path(name) / case.name.replace(" ", "-")
            place.mkdir()
            tried = sweep(case, tries, random.Random(f"{seed} {case.name}"), place, made / case.start)
            done = [one for one in tried if one is not None]
            said = [one.said for one in done if one.said]
            failed += len(said)
            refused = sum(one.status != 0 and not one.said for one in done)
            fitted = sum(one.status == 0 and not one.said for one in done)
            missing = f", {len(tried) - len(done)} file systems could not be mounted" if len(tried) > len(done) else ""
            print(f"{case.name}: {refused} refused in one line and went on, {fitted} fitted{missing}", flush=True)
            for text in said:
                print(f"  {text}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
