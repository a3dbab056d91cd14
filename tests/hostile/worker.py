"""Runs `edgehar` again and again in one process, so that hundreds of bad inputs do not each import everything.

Reads a JSON line {"cwd", "arguments", "stdin"} and answers with {"status", "out", "err", "seconds", "peak",
"resident"}; standard output and error are caught at their descriptors, so that what a library's C++ writes is seen as
well.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path


def run(arguments: list[str], stdin: str | None) -> tuple[int, str, str]:
    from edgehar.cli import main

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        for target, file in ((1, out), (2, err)):
            os.dup2(file.fileno(), target)
        source = os.open(stdin or os.devnull, os.O_RDONLY)
        os.dup2(source, 0)
        os.close(source)
        # Text layers of their own: what one run left in a buffer must not show up in the next.
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(os.dup(fd), "r" if fd == 0 else "w") for fd in (0, 1, 2))
        try:
            status = main(arguments)
        except BaseException:
            traceback.print_exc()
            status = -1
        sys.stdout.flush()
        sys.stderr.flush()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(1 << 20).decode("utf-8", "replace"))
    return status, texts[0], texts[1]


def memory(kind: str) -> int:
    """Bytes resident: `VmRSS` now, `VmHWM` at most since the peak was set back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


def serve() -> None:
    if "keras" in sys.argv:
        from edgehar.models.library import import_keras

        import_keras()  # whose ten seconds are no input's fault
    questions, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    for line in questions:
        asked = json.loads(line)
        os.chdir(asked["cwd"])
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        begun = time.process_time()
        status, out, err = run(asked["arguments"], asked["stdin"])
        answer = {"status": status, "out": out, "err": err, "seconds": time.process_time() - begun}
        answer |= {"peak": memory("VmHWM"), "resident": memory("VmRSS")}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
