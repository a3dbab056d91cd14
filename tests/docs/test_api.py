"""docs/api.md: every public name stands there, and the examples run as they stand, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import edgehar

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def write_walk(path: Path) -> None:
    """20 s at 50 Hz: a phone upright at somebody who walks."""
    t = np.arange(1000) / 50
    rows = np.column_stack([t, 9.81 + 2 * np.sin(12 * t), 0.5 * np.sin(6 * t), 0.5 * np.cos(12 * t)])
    np.savetxt(path, rows, "%.5f", ",", header="time,x,y,z", comments="")


def test_every_public_name_is_in_the_table():
    table = PAGE.split("|---|---|")[1].split("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")}
    assert named == set(edgehar.__all__) - {"__version__"}


def test_the_examples_run(tmp_path):
    write_walk(tmp_path / "walk.csv")
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert "walking" in done.stdout and "litert-int8 ok" in done.stdout and "edgehar.h" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_as_documented(shell):
    assert f"_EDGEHAR_COMPLETE={shell}_source edgehar" in PAGE
    words = {"COMP_WORDS": "edgehar exp", "COMP_CWORD": "1" if shell != "fish" else "exp"}
    code = "import sys; sys.argv[0] = 'edgehar'; from edgehar.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **words, "_EDGEHAR_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
    )
    assert "export" in done.stdout, done.stdout + done.stderr
