"""The table of bad inputs: every command, one line an input.

Each ends with status 2 and one line on standard error that names the fragment in the row, without a traceback, with
nothing written or changed, in less than a gigabyte and 20 seconds.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.hostile import rows_bundle, rows_documents, rows_models, rows_own, rows_recordings, rows_usage
from tests.hostile.conftest import SECONDS
from tests.hostile.things import recording

ROWS = [
    pytest.param(*row, id=f"{part.__name__.rpartition('_')[2]}-{number:03d} {row[0]}"[:70])
    for part in (rows_bundle, rows_models, rows_own, rows_recordings, rows_documents, rows_usage)
    for number, row in enumerate(part.ROWS)
]


DOCUMENTATION = ROOT / "docs/testing.md"


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


def test_the_documentation_counts_them():
    """docs/testing.md says how many rows a command has; a cell may name several."""
    count = Counter(row.values[0].split()[0] for row in ROWS if row.values[0].split()[0:1])
    said = {
        cells[0].split()[0]: int(number)
        for names, number in re.findall(r"^\| (`[^|]+) \| (\d+) \|$", DOCUMENTATION.read_text(), re.MULTILINE)
        for cells in [re.findall(r"`([^`]+)`", names)]
    }
    assert len(said) >= 12
    assert said == {name: count[name] for name in said}


@pytest.mark.parametrize(("command", "make", "words"), ROWS)
def test_bad_input(command, make, words, victims, good, tmp_path):
    arguments = shlex.split(command)
    for name in ("b", "cv", "r1", "r2"):
        if any(argument.split("/")[0] == name for argument in arguments):
            shutil.copytree(good / name, tmp_path / name)
    if "cv" in arguments:
        shutil.copy(good / "walk.csv", tmp_path)
    if "me.profile" in arguments:
        shutil.copy(good / "me.profile", tmp_path)
    make(tmp_path)
    before = listing(tmp_path)
    stdin = tmp_path / "stdin" if (tmp_path / "stdin").exists() else None
    answer = victims(arguments[0]).ask(tmp_path, arguments, None if stdin is None else os.fspath(stdin))
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


def test_the_first_import_of_tensorflow_is_silent(run_cli, tmp_path):
    """In a process of its own: those above have imported it before the first input."""
    recording(header="t,x,y,z,mark,subject")(tmp_path)
    command = "search --trials 1 --epochs 1 --out run --dataset walk.csv --split random:0.3"
    done = run_cli(*command.split(), cwd=tmp_path)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert len(lines) == 1 and lines[0].startswith("error: expected"), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["walk.csv"]
