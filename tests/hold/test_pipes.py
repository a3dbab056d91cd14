"""Every command whose reader goes away: `head -c 0`, a closed output, a full disk."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.hold.pipes import ROWS, leaves

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


def test_every_command_has_a_row():
    assert sorted(ROWS) == sorted(leaves())


def test_no_command_minds_a_reader_that_goes_away():
    """In a process of its own: it forks, which one that has computed with TensorFlow must not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hold.pipes"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{len(ROWS)} commands, ") and done.stdout.endswith(" runs, 0 wrong\n")


@pytest.mark.parametrize("shell", ["{} | head -c 0", "{} >&-", "{} 2>&1 | head -c 0", "{} >&- 2>&-"])
@pytest.mark.parametrize("command", ["models", "verify nothing", "stream - --bundle micro"])
def test_nor_does_a_shell(command, shell, tmp_path):
    """Processes of their own, with what Python does at its start and at its end; a failure keeps its status."""
    if command.startswith("stream"):
        shell = f"seq 0 0.05 1000 | sed 's/$/,0,0,9.8/' | {shell}"
    asked = shell.format(f"{sys.executable} -m edgehar {command}") + '; echo "${PIPESTATUS[@]}" > status'
    done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if line.startswith(("Traceback", "Exception"))]
    assert not said and "BrokenPipe" not in done.stderr, done.stderr
    place = 2 if command.startswith("stream") else 0
    found = (tmp_path / "status").read_text().split()[place]
    assert found == ("2" if command == "verify nothing" else "0"), os.linesep.join([done.stdout, done.stderr])
