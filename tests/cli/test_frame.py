"""What every command has in common: help at once, light imports, one-line errors, clean interruption."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgehar.cli import COMMANDS

HEAVY = ("tensorflow", "keras", "numpy", "onnx", "onnxruntime", "matplotlib", "scipy", "pandas", "ai_edge_litert")


def test_help_answers_at_once():
    """Processor time of the process, best of three: another process may have the core meanwhile."""
    seconds = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([sys.executable, "-m", "edgehar", "--help"], capture_output=True, text=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
        assert done.returncode == 0
    assert min(seconds) < 0.5
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(command):
    code = (
        "import sys\nfrom edgehar.cli import main\n"
        f"status = main([{command!r}, '--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "[] 0", done.stdout + done.stderr
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["export", "--nothing"],
        ["export", "--gate", "much"],
        ["export", "--gate", "101,5"],
        ["export", "--model", "nothing"],
        ["export", "--model", "missing.keras"],
        ["export", "--model", "empty.keras"],
        ["export", "--model", "text.keras"],
        ["export", "--int8", "--calibration", "missing.npy"],
        ["export", "--int8", "--calibration", "2"],
        ["export", "--dataset", "missing.csv"],
        ["export", "--split", "leave:nobody"],
        ["export", "--out", "/proc/nowhere"],
        ["evaluate", "missing.tflite"],
        ["evaluate", "text.tflite"],
        ["evaluate", "empty.onnx"],
        ["bench", "missing"],
        ["bench", "--runtimes", "nothing"],
        ["stream", "missing.csv"],
        ["stream", "hapt", "--bundle", "missing"],
        ["stream", "hapt", "--hop", "0"],
        ["train", "--arch", "nothing"],
        ["train", "--epochs", "0"],
        ["data", "check", "missing.csv"],
        ["data", "info", "nothing"],
    ],
    ids=" ".join,
)
def test_mistakes_are_one_line_and_status_2(tmp_path, arguments):
    for name, content in {
        "empty.keras": b"",
        "text.keras": b"hello",
        "text.tflite": b"hello",
        "empty.onnx": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "edgehar", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.endswith("…")]
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_full_disk_is_one_line(tmp_path):
    """Root may write anywhere, so an unwritable place is played by a limit on the file size."""
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from edgehar.files import write_bytes\nfrom edgehar.errors import EdgeharError\n"
        "try:\n    write_bytes(sys.argv[1], b'x' * 100000)\n"
        "except EdgeharError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "out.bin"], capture_output=True, text=True)
    assert done.stdout.startswith("cannot write ") and not list(tmp_path.iterdir()), done.stderr


def test_interruption_is_clean(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "edgehar", "export", "--int8", "--out", "out"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("model_float.tflite"):
            break
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors and errors.splitlines()[-1] == "interrupted"
    assert not Path(tmp_path, "out").exists()


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m edgehar data info hapt | true", shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
