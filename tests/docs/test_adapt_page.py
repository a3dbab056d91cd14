"""docs/adapt.md: its C compiles against a generated model, and its figures are those of the budget."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgehar.engine import engine_dir
from edgehar.schema import read_json

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adapt.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc: apt-get install gcc")
def test_the_c_compiles(bundle_of, tmp_path):
    lines = "".join(re.findall(r"```c\n(.*?)```", PAGE, re.S)).splitlines()
    declared = [line for line in lines if line.startswith("static")]
    code = [
        '#include "edgehar_align.h"',
        '#include "edgehar_profile.h"',
        '#include "model_data.h"',
        *declared,
        "void use(void); static edgehar stream; static int count, bytes;",
        "void use(void) {",
        *(line for line in lines if line not in declared),
        "}",
    ]
    (tmp_path / "page.c").write_text("\n".join(code))
    include = [f"-I{folder}" for folder in (engine_dir() / "include", engine_dir() / "src", bundle_of("micro") / "c")]
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *include, tmp_path / "page.c"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_cost_is_the_budgets():
    budgets = read_json(ROOT / "benchmarks" / "budgets.json", dict)
    row = next(rows["cortex-m4 adapt, 6 windows of micro"] for rows in budgets.values())
    for name in ("instructions", "ram_bytes", "stack_bytes"):
        assert f"{row[name]:,}" in PAGE, name


def test_the_cost_of_alignment_is_the_budgets():
    budgets = read_json(ROOT / "benchmarks" / "budgets.json", dict)
    row = next(rows["cortex-m4 profile and alignment, micro"] for rows in budgets.values())
    for name in ("waiting_instructions", "aligned_instructions"):
        assert re.search(rf"\b{row[name]}\b", PAGE), name
    assert f"{row['ram_bytes']} bytes of RAM" in PAGE


def test_the_picture_is_there():
    for name in re.findall(r"\]\((images/\w+\.png)\)", PAGE):
        assert (ROOT / "docs" / name).read_bytes().startswith(b"\x89PNG")
