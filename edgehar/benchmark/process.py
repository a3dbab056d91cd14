"""The parent's end of a worker process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import edgehar


class WorkerError(Exception):
    """A worker answered with an error, crashed, or did not answer in time.

    Attributes:
        status: `failed`, `crashed` or `not installed`.
    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class Worker:
    """One `edgehar.benchmark.worker`; use as a context manager so that it never outlives its parent's work."""

    def __init__(self, command: list[str] | None = None) -> None:
        package_parent = str(Path(edgehar.__file__).parent.parent)
        search = [package_parent, os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(part for part in search if part),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        # A file rather than a pipe: nobody reads it meanwhile, and a full pipe would block the worker.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            command or [sys.executable, "-m", "edgehar.benchmark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            # Ctrl-C reaches the parent alone, which then ends the workers in order.
            start_new_session=True,
        )

    def ask(self, do: str, timeout: float = 240.0, **arguments: object) -> dict[str, Any]:
        """Send one request and wait for its answer.

        Raises:
            WorkerError: see there.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        expired = threading.Event()

        def stop() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            self._process.stdin.write((json.dumps({"do": do, **arguments}) + "\n").encode())
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        finally:
            timer.cancel()
        if not line:
            raise WorkerError("crashed", f"no answer within {timeout:g} s" if expired.is_set() else self._end())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError("not installed" if answer.get("missing") else "failed", answer["error"])
        return answer

    def _end(self) -> str:
        """How the process ended, and the last line that it wrote on standard error."""
        code = self._process.wait(timeout=10)
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"{how}; {last}" if last else how

    def close(self) -> None:
        """End the process, by force if it does not end by itself, and release its files."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(timeout=5)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        finally:
            self._process.stdout.close()
            self._errors.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # interrupted: its answer is not wanted any more
            self._process.kill()
        self.close()
