"""`edgehar stream` as a process: what it prints, its exit statuses, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BLOCKED = ("tensorflow", "keras", "scipy", "pandas", "sklearn", "matplotlib", "onnx", "onnxruntime", "psutil", "pooch")

# Runs the command line with every package outside the base install made impossible to import.
BASE_ONLY = f"""
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"blocked: {{name}}", name=name)

sys.meta_path.insert(0, Block())
from edgehar.cli import main
status = main(sys.argv[1:])
loaded = sorted(set({BLOCKED!r}) & set(sys.modules))
assert not loaded, loaded
sys.exit(status)
"""


def walk(count: int, rate: float = 20.0, header: bool = True) -> str:
    """A phone at rest on its back, with a slow tremble."""
    rows = [f"{100 + i / rate:.3f},{0.1 * (i % 3)},{0.05 * (i % 5)},9.8" for i in range(count)]
    return "\n".join((["t,x,y,z"] if header else []) + rows) + "\n"


def rows_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def base_only(*arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BASE_ONLY, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, **options,
    )  # fmt: skip


def test_base_install_streams_a_recording(bundle) -> None:
    done = base_only("stream", "hapt", "--bundle", bundle, "--json")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    decisions = [row for row in rows if "event" not in row]
    summary = rows[-1]
    assert summary["event"] == "summary"
    assert summary["decisions"] == len(decisions) > 300
    assert decisions[0]["t"] == 3.95
    assert list(decisions[0]) == ["t", "label", "raw", "probabilities", "scores"]
    assert len(decisions[0]["probabilities"]) == len(decisions[0]["scores"]) == 6
    assert summary["accuracy"] > 0.7
    assert summary["labelled_s"] == pytest.approx(sum(map(sum, summary["confusion_s"])))
    assert len(summary["transitions"]) == 12


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from edgehar.cli import main; status = main(['stream', '--help']); "
        f"heavy = sorted(set({(*BLOCKED, 'numpy', 'ai_edge_litert', 'rich')!r}) & set(sys.modules)); "
        "print(heavy, file=sys.stderr); sys.exit(status or bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--hysteresis" in done.stdout


def test_text_and_plot_of_a_chosen_recording(bundle, run_cli, tmp_path) -> None:
    chosen = ("--recording", "exp05", "--smooth", "majority", "--hop", "40")
    done = run_cli("stream", "hapt", "--bundle", bundle, *chosen, "--plot", tmp_path / "timeline.png")
    assert done.returncode == 0, done.stderr
    assert "hapt exp05, subject 3" in done.stderr
    assert "accuracy per second" in done.stdout
    assert "From each change to the right label" in done.stdout
    assert "\x1b" not in done.stdout
    picture = (tmp_path / "timeline.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.png"]


def test_plot_without_matplotlib_says_so_before_the_run(bundle, tmp_path) -> None:
    done = base_only("stream", "hapt", "--bundle", bundle, "--plot", tmp_path / "a.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_standard_input_with_a_gap_and_nan(bundle, run_cli) -> None:
    lines = walk(300).splitlines()
    lines[101] = "105.000,nan,0,9.8"
    del lines[201:211]
    done = run_cli("stream", "-", "--bundle", bundle, "--json", input="\n".join(lines))
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert [(row["t"], row["reason"]) for row in rows if row.get("event") == "flush"] == [
        (105.0, "nan"),
        (110.5, "gap"),
    ]
    assert [row["t"] for row in rows if "event" not in row] == [103.95, 104.95, 109.0, 114.45]
    assert rows[-1]["flushes"] == {"gap": 1, "nan": 1}
    assert "accuracy" not in rows[-1]


def test_rate_resamples_standard_input(bundle, run_cli) -> None:
    done = run_cli("stream", "-", "--bundle", bundle, "--json", "--rate", "50", input=walk(500, rate=50))
    assert done.returncode == 0, done.stderr
    assert [row["t"] for row in rows_of(done.stdout)[:-1]] == pytest.approx([103.95 + i for i in range(6)])


def test_decisions_come_while_the_input_is_open(bundle) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edgehar", "stream", "-", "--bundle", str(bundle), "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    process.stdin.write(walk(100))
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["t"] == 103.95
    # Ctrl-C: what there is so far, and the status that shells expect.
    assert json.loads(process.stdout.readline())["t"] == 104.95
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["decisions"] == 2
    assert err.strip() == "interrupted"


def test_closed_pipe_is_no_error(bundle) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edgehar", "stream", "hapt", "--bundle", str(bundle)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in err
    assert "Broken" not in err


def test_realtime_takes_its_time(bundle, run_cli, tmp_path) -> None:
    table = tmp_path / "short.csv"
    table.write_text(walk(100))
    begun = time.monotonic()
    fast = run_cli("stream", table, "--bundle", bundle, "--unit", "m/s^2", "--json")
    middle = time.monotonic()
    slow = run_cli("stream", table, "--bundle", bundle, "--unit", "m/s^2", "--json", "--realtime")
    assert fast.returncode == slow.returncode == 0, fast.stderr + slow.stderr
    assert fast.stdout == slow.stdout
    assert time.monotonic() - middle >= 4.9
    assert middle - begun < time.monotonic() - middle


def test_live_line_on_a_terminal(bundle, tmp_path) -> None:
    lines = tmp_path / "lines.csv"
    lines.write_text(walk(200))
    leader, follower = pty.openpty()
    terminal = os.environ | {"TERM": "xterm", "COLUMNS": "60"}
    with lines.open() as source:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgehar", "stream", "-", "--bundle", str(bundle)],
            stdin=source, stdout=follower, stderr=subprocess.DEVNULL, env=terminal,
        )  # fmt: skip
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # Linux says so where the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    live = [part for part in text.split("\r\x1b[K") if part.startswith("▶")]
    assert len(live) == 7
    assert all(len(line.strip("\r\n")) < 60 for line in live)
    assert "Time in each label" in text


BAD = [
    ([], "", "Missing argument"),
    (["nowhere.csv"], "", "nowhere.csv"),
    (["hapt", "--recording", "exp99"], "", "no recording 'exp99'"),
    (["hapt", "--subject", "99"], "", "no subject '99'"),
    (["hapt", "--hop", "0"], "", "--hop"),
    (["hapt", "--hop", "2.5"], "", "--hop"),
    (["hapt", "--smooth", "median"], "", "--smooth"),
    (["hapt", "--alpha", "0"], "", "--alpha"),
    (["hapt", "--votes", "16"], "", "--votes"),
    (["hapt", "--threshold", "1.5"], "", "--threshold"),
    (["hapt", "--runtime", "abacus"], "", "abacus"),
    (["-", "--realtime"], walk(100), "--realtime"),
    (["-", "--rate", "nan"], walk(100), "--rate"),
    (["-", "--rate", "-5"], walk(100), "--rate"),
    (["-", "--rate", "33.37"], walk(100, rate=33.37), "cannot resample"),
    (["-"], "", "no sample"),
    (["-"], walk(100, rate=50), "expected samples at 20 Hz, got about 50 Hz; use --rate 50"),
    (["-"], walk(10) + "1,2,three,4\n", "line 12"),
    (["-", "--plot", "/dev/null/x.png"], walk(100), "cannot write"),
]


@pytest.mark.parametrize(("arguments", "text", "message"), BAD)
def test_bad_input(arguments, text, message, bundle, run_cli, tmp_path) -> None:
    done = run_cli("stream", *arguments, "--bundle", bundle, input=text, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    # Notes may come first, such as which recording it is; the last line is the error.
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert done.stderr.count("error: ") == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["missing", "no bundle", "changed", "truncated", "no model"])
def test_bad_bundle(damage, bundle, run_cli, tmp_path) -> None:
    folder = tmp_path / "bundle"
    if damage == "no bundle":
        folder.mkdir()
    elif damage != "missing":
        shutil.copytree(bundle, folder)
        model = folder / "model_int8.tflite"
        content = model.read_bytes()
        if damage == "no model":
            model.unlink()
        else:
            model.write_bytes(content[:-1] if damage == "truncated" else content[:-1] + bytes([content[-1] ^ 1]))
    done = run_cli("stream", "hapt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
