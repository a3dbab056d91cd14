"""The C is formatted as `.clang-format` says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .engine import FIRMWARE


def test_c_is_formatted():
    program = shutil.which("clang-format", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("needs clang-format: pip install 'edgehar[dev]'")
    root = FIRMWARE.resolve().parent
    files = [path for path in sorted((root / "firmware_ref").rglob("*.[ch]")) if "build" not in path.parts]
    assert len(files) > 20
    command = [program, "--dry-run", "-Werror", "--style=file", *files]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr[:2000]
