"""A process that takes bad inputs, watched for time and memory."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.rows_documents import CROSS
from tests.hostile.things import bench_results, recording

SECONDS = 20


class Victim:
    """The worker's process; started again after it died, hung or grew."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, cwd: Path, arguments: list[str], stdin: str | None) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        print(json.dumps({"cwd": str(cwd), "arguments": arguments, "stdin": stdin}), file=process.stdin, flush=True)
        # The first import of TensorFlow on a busy machine is not the input's fault.
        if not select.select([process.stdout], [], [], SECONDS + 40)[0]:
            self.stop()
            pytest.fail(f"no answer in {SECONDS + 40} s")
        line = process.stdout.readline()
        if not line:
            self.stop()
            pytest.fail("the process died")
        answer: dict[str, Any] = json.loads(line)
        if answer["peak"] > 1 << 30:
            self.stop()
        return answer

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        program = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        )  # fmt: skip
        return self._process


@pytest.fixture(scope="session")
def victim():
    process = Victim()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def good(bundle_of, run_cli, tmp_path_factory) -> Path:
    """What the rows damage: `b`, a bundle; `cv`, a cross-validation of `walk.csv` in two folds; `r1`, `r2`, results."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = base / "hostile"
    with (base / "hostile.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "r2").exists():
            folder.mkdir(exist_ok=True)
            shutil.copytree(bundle_of("micro"), folder / "b", dirs_exist_ok=True)
            recording()(folder)
            done = run_cli(*CROSS.split(), cwd=folder)
            assert done.returncode == 0, done.stderr
            for name in ("r1", "r2"):
                bench_results(folder / name)
    return folder
