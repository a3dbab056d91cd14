"""A process that takes bad inputs, watched for time and memory."""

from __future__ import annotations

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

#: Bytes with which a worker meets the next input: Keras, pandas and LiteRT take 720 MB.
LARGEST_WORKER = 850 << 20


class Victim:
    """The worker's process; started again after it died, hung or grew.

    Attributes:
        keras: whether it imports Keras before the first input. A process that never needs it has 500 MB less.
    """

    def __init__(self, keras: bool) -> None:
        self.keras = keras
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
        if answer["resident"] > LARGEST_WORKER:  # of earlier inputs, which the next one must not answer for
            self.stop()
        return answer

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        program = Path(__file__).with_name("worker.py")
        arguments = [sys.executable, str(program), *(["keras"] if self.keras else [])]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        )  # fmt: skip
        return self._process


#: Commands that never import Keras.
LIGHT = {"data", "doctor", "plan", "stream", "verify"}


@pytest.fixture(scope="session")
def victims():
    """The process for a command, by its name."""
    light, heavy = Victim(keras=False), Victim(keras=True)
    yield lambda command: light if command in LIGHT else heavy
    for process in (light, heavy):
        process.stop()


@pytest.fixture(scope="session")
def good(bundle_of, run_cli, made_once) -> Path:
    """What the rows damage: `b`, a bundle; `me.profile`, a person's; `cv`, a cross-validation of `walk.csv` in two
    folds; `r1`, `r2`, results."""

    def make(folder: Path) -> None:
        shutil.copytree(bundle_of("micro"), folder / "b")
        recording()(folder)
        for command in (CROSS, "adapt walk.csv --bundle b"):
            done = run_cli(*command.split(), cwd=folder)
            assert done.returncode == 0, done.stderr
        for name in ("r1", "r2"):
            bench_results(folder / name)

    return made_once("hostile", make)
