"""docs/walk.ipynb, executed as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: In a process of its own: the kernel's sockets and loops stay out of the test's.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""))
"""


def test_the_notebook_runs_from_a_csv_to_a_timeline(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, ROOT / "docs" / "walk.ipynb"],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    share = next(
        float(line.split(" %")[0]) for line in done.stdout.splitlines() if "labelled decisions are right" in line
    )
    assert share > 70
    assert (tmp_path / "bundle" / "manifest.json").exists() and (tmp_path / "timeline.png").stat().st_size > 20_000
