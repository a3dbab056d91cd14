"""The table of bad inputs: every command, one line an input.

Each ends with status 2 and one line on standard error that names the fragment in the row, without a traceback, with
nothing written or changed, in less than a gigabyte and 20 seconds.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from tests.hostile import rows_bundle, rows_documents, rows_models, rows_recordings, rows_usage
from tests.hostile.conftest import SECONDS

ROWS = [
    pytest.param(*row, id=f"{part.__name__.rpartition('_')[2]}-{number:03d} {row[0]}"[:70])
    for part in (rows_bundle, rows_models, rows_recordings, rows_documents, rows_usage)
    for number, row in enumerate(part.ROWS)
]


def listing(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every entry of a folder with its kind, size and time of change."""
    return {
        str(path.relative_to(folder)): (status.st_mode, status.st_size, status.st_mtime_ns if path.is_file() else 0)
        for path in sorted(folder.rglob("*"))
        for status in [path.lstat()]
    }


def test_there_are_at_least_200():
    assert len(ROWS) >= 200
    assert len({command.split()[0] for command in (row.values[0] for row in ROWS) if command.split()}) >= 9


@pytest.mark.parametrize(("command", "make", "words"), ROWS)
def test_bad_input(command, make, words, victim, good, tmp_path):
    arguments = shlex.split(command)
    for name in ("b", "cv", "r1", "r2"):
        if any(argument.split("/")[0] == name for argument in arguments):
            shutil.copytree(good / name, tmp_path / name)
    if "cv" in arguments:
        shutil.copy(good / "walk.csv", tmp_path)
    make(tmp_path)
    before = listing(tmp_path)
    stdin = tmp_path / "stdin" if (tmp_path / "stdin").exists() else None
    answer = victim.ask(tmp_path, arguments, None if stdin is None else os.fspath(stdin))
    said = answer["err"]
    lines = [line for line in said.splitlines() if not line.startswith(("note: ", "warning: "))]
    errors = [line for line in lines if line.startswith("error: ")]
    assert "Traceback" not in said, said
    assert answer["status"] == 2, f"status {answer['status']}: {said}"
    assert len(errors) == 1 and errors[0] == lines[-1], said
    # What stands before it is progress.
    assert all(line.endswith(("…", "already")) for line in lines[:-1]), said
    assert words in errors[0], errors[0]
    assert len(errors[0]) < 600, errors[0]
    assert listing(tmp_path) == before
    assert answer["peak"] < 1 << 30, f"{answer['peak'] >> 20} MB"
    assert answer["seconds"] < SECONDS, f"{answer['seconds']:.0f} s"
