"""`edgehar stream` as a process: what it prints, its exit statuses, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading
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
    assert err.split("\n") == ["note: standard input: samples come at about 20 Hz", "", "interrupted", ""]


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


def warnings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("warning: ")]


@pytest.mark.parametrize(
    ("factor", "options", "hint"),
    [
        (1 / 9.80665, [], "--unit g"),
        (1000 / 9.80665, [], "--unit mg"),
        (0.01, [], "gravity seems to be removed"),
        (5, [], "--unit"),
        (1 / 9.80665, ["--unit", "g"], None),
        (1, ["--axes", "y,-x,z"], None),
        (1, [], None),
    ],
)
def test_a_mean_that_is_not_gravity_is_told_once(factor, options, hint, bundle, run_cli) -> None:
    rows = [f"{i / 20:.2f},{factor * 0.1 * (i % 3)},0,{factor * 9.8}" for i in range(700)]
    done = run_cli("stream", "-", "--json", "--bundle", bundle, *options, input="\n".join(rows))
    assert done.returncode == 0, done.stderr
    found = warnings_of(done.stderr)
    assert len(found) == (hint is not None)
    assert not found or hint in found[0]


def test_a_recording_without_gravity_is_told(bundle, run_cli, tmp_path) -> None:
    table = tmp_path / "linear.csv"
    table.write_text("t,x,y,z\n" + "".join(f"{i / 20:.2f},{(i % 3) - 1},0.2,0.1\n" for i in range(400)))
    done = run_cli("stream", table, "--unit", "m/s^2", "--bundle", bundle)
    assert len(warnings_of(done.stderr)) == 1 or (done.returncode == 2 and "gravity" in done.stderr), done.stderr


def test_a_rate_that_changes_is_told_once(bundle, run_cli) -> None:
    t = [i / 20 for i in range(200)] + [10 + i / 26 for i in range(300)] + [22 + i / 20 for i in range(200)]
    text = "".join(f"{at:.4f},0,0,9.8\n" for at in t)
    done = run_cli("stream", "-", "--json", "--bundle", bundle, input=text)
    assert done.returncode == 0, done.stderr
    (warning,) = warnings_of(done.stderr)
    assert "expected samples at 20 Hz, now they come at about 26 Hz" in warning
    assert "--rate 26" in warning
    assert "note: standard input: samples come at about 20 Hz" in done.stderr
    rows = rows_of(done.stdout)
    assert rows[-1]["flushes"]["rate"] >= 6
    times = [row["t"] for row in rows if "event" not in row]
    assert not [at for at in times if 14.1 < at < 22]
    assert [at for at in times if at > 27]


def test_bad_lines_are_in_the_summary(bundle, run_cli) -> None:
    lines = walk(300).splitlines()
    lines[100] = "105.0,oops"
    done = run_cli("stream", "-", "--json", "--bundle", bundle, input="\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert rows_of(done.stdout)[-1]["bad_lines"] == 1
    assert "note: standard input: skipped line 101: expected t,x,y,z, got '105.0,oops'" in done.stderr


def test_lines_from_a_server_with_the_base_install_only(bundle) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                for start in range(0, len(text), 1000):
                    peer.sendall(text[start : start + 1000])

        text = walk(300).encode()
        thread = threading.Thread(target=serve)
        thread.start()
        done = base_only("stream", f"tcp://127.0.0.1:{server.getsockname()[1]}", "--json", "--bundle", bundle)
        thread.join()
    assert done.returncode == 0, done.stderr
    same = base_only("stream", "-", "--json", "--bundle", bundle, input=walk(300))
    assert done.stdout == same.stdout
    assert rows_of(done.stdout)[-1]["decisions"] == 12


def test_a_folder_says_what_it_took_and_all_sums_up(bundle, run_cli, tmp_path) -> None:
    for person in ("ann", "bob"):
        rows = "".join(f"{i / 20:.2f},9.8,0.{i % 3},0,{'walking' if i > 200 else 'standing'}\n" for i in range(400))
        (tmp_path / f"{person}.csv").write_text("t,x,y,z,activity\n" + rows)
    (tmp_path / "short.csv").write_text("t,x,y,z,activity\n" + "".join(f"{i / 20},9.8,0,0,walking\n" for i in range(9)))
    common = ("stream", tmp_path, "--bundle", bundle, "--subject-column", "@file", "--unit", "m/s^2")
    one = run_cli(*common)
    assert one.returncode == 0, one.stderr
    assert "took 1 of 3 recordings; --all plays all of them" in one.stderr
    assert "among the model's labels" not in one.stderr
    odd = run_cli(*common, "--label", "standing=fencing", "--all")
    assert "note: not among the model's labels, so not in the accuracy: fencing" in odd.stderr
    both = run_cli(*common, "--all", "--json")
    assert both.returncode == 0, both.stderr
    assert "left out 1 of 3 recordings" in both.stderr
    rows = rows_of(both.stdout)
    summaries = [row for row in rows if row.get("event") == "summary"]
    total = rows[-1]
    assert (total["event"], total["recordings"], len(summaries)) == ("total", 2, 2)
    assert [row["subject"] for row in rows if row.get("event") == "recording"] == ["ann", "bob"]
    for key in ("decisions", "labelled_s", "samples"):
        assert total[key] == pytest.approx(sum(one[key] for one in summaries))
    right = sum(one["accuracy"] * one["labelled_s"] for one in summaries)
    assert total["accuracy"] == pytest.approx(right / total["labelled_s"])
    text = run_cli(*common, "--all")
    assert text.returncode == 0, text.stderr
    assert "Recording by recording" in text.stdout and "bob" in text.stdout
    assert f"accuracy per second {100 * total['accuracy']:.1f} %" in text.stdout


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
    (["hapt", "--votes", "5"], "", "expected --smooth majority with --votes, got --smooth ema"),
    (["hapt", "--smooth", "none", "--alpha", "0.5"], "", "expected --smooth ema with --alpha, got --smooth none"),
    (["hapt", "--threshold", "1.5"], "", "--threshold"),
    (["hapt", "--runtime", "abacus"], "", "abacus"),
    (["-", "--realtime"], walk(100), "--realtime"),
    (["-", "--rate", "nan"], walk(100), "--rate"),
    (["-", "--rate", "-5"], walk(100), "--rate"),
    (["-", "--rate", "33.37"], walk(100, rate=33.37), "cannot resample"),
    (["-"], "", "no sample"),
    (["-"], walk(100, rate=50), "expected samples at 20 Hz, got about 50 Hz; use --rate 50"),
    (["-"], walk(5) + "1,2,three,4\n", "1 bad of 6; the last is line 7"),
    (["-", "--kind", "csv"], walk(100), "--kind is for recordings"),
    (["-", "--label", "a=b"], walk(100), "--label is for recordings"),
    (["-", "--schema", "a.toml"], walk(100), "--schema is for recordings"),
    (["-", "--subject-column", "who"], walk(100), "--subject-column is for recordings"),
    (["-", "--label-column", "what"], walk(100), "--label-column is for recordings"),
    (["-", "--all"], walk(100), "--all is for recordings"),
    (["-", "--axes", "x,y"], walk(100), "expected axes"),
    (["hapt", "--all", "--plot", "a.png"], "", "not for --all"),
    (["hapt", "--all", "--subject", "99"], "", "of subject '99'"),
    (["tcp://127.0.0.1:1"], "", "expected a server of lines t,x,y,z at tcp://127.0.0.1:1"),
    (["tcp://nowhere"], "", "expected tcp://HOST:PORT"),
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
