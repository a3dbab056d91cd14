"""One factor for many values gives what the requantisation of each gives, halves below zero included."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .engine import FIRMWARE

FLAGS = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc: apt-get install gcc")
def test_equals_the_requantisation(tmp_path):
    source, program = Path(__file__).with_name("factor.c"), tmp_path / "factor"
    subprocess.run(["gcc", *FLAGS, f"-I{FIRMWARE / 'src'}", str(source), "-o", str(program)], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 700_000
