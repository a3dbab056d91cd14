"""`edgehar bench` as a process: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgehar.benchmark.results import COLUMNS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def quick(bundle, tmp_path_factory, run_cli):
    """One quick run of two runtimes that the base install has: (process, result folder)."""
    out = tmp_path_factory.mktemp("bench") / "result"
    names = "litert-float,litert-int8"
    return run_cli("bench", bundle, "--quick", "--runtimes", names, "--out", out), out


def test_writes_the_whole_folder(quick):
    done, out = quick
    assert done.returncode == 0, done.stderr
    assert {p.name for p in out.iterdir()} == {
        "results.json", "samples.csv", "env.json", "summary.md", "accuracy.png",
    }  # fmt: skip
    results = json.loads((out / "results.json").read_text())
    assert results["complete"] and [row["name"] for row in results["rows"]] == ["litert-float", "litert-int8"]
    for row in results["rows"]:
        assert row["status"] == "ok" and row["accuracy"] > 0.8 and row["macro_f1"] > 0.8
        assert row["invoke"]["median"] < row["total"]["median"]
        assert row["load_ms"] > 0 and row["file_bytes"] > 100_000 and row["threads"] == 1
        assert row["invoke"]["rounds"] == results["plan"]["rounds"]
    with (out / "samples.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    measured = [row for row in rows if row["phase"] == "measured"]
    assert len(measured) == sum(row["invoke"]["samples"] for row in results["rows"])
    turns = list(dict.fromkeys((int(row["round"]), row["runtime"]) for row in rows))
    assert turns == sorted(turns), "rounds are not interleaved"
    environment = json.loads((out / "env.json").read_text())
    assert {"cpu", "os", "packages", "command", "date", "load_average"} <= set(environment)
    assert (out / "accuracy.png").read_bytes()[:4] == b"\x89PNG"


def test_table_and_summary_say_what_the_figures_rest_on(quick):
    done, out = quick
    for text in (done.stdout, (out / "summary.md").read_text()):
        assert "litert-int8" in text and "macro-F1" in text and "p99" in text and "IQR" in text
        assert "a subset of" in text and "stratified" in text and "not in training" in text
    results = json.loads((out / "results.json").read_text())
    for doubt in results["doubts"]:
        assert doubt in (out / "summary.md").read_text()


BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""


def test_base_install_measures_litert_and_says_how_to_get_the_rest(bundle, tmp_path, run_cli):
    """With nothing but NumPy, LiteRT, click and rich, every other runtime is a row with a pip command."""
    absent = {"tensorflow", "keras", "onnxruntime", "tflite_micro", "matplotlib", "psutil", "scipy", "pandas", "onnx"}
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(names=absent))
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    names = "keras,litert-int8,onnx-float,tflm-int8"
    done = run_cli(
        "bench", bundle, "--quick", "--runtimes", names, "--out", tmp_path / "r", env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads((tmp_path / "r" / "results.json").read_text())["rows"]}
    assert rows["litert-int8"]["status"] == "ok"
    for name, extra in (("keras", "train"), ("onnx-float", "bench"), ("tflm-int8", "bench")):
        assert rows[name]["status"] == "not installed"
        assert rows[name]["note"] == f"pip install 'edgehar[{extra}]'"
        assert f"{name}: not installed; pip install 'edgehar[{extra}]'" in done.stdout
    assert "edgehar[bench]" in done.stderr  # the picture
    assert not (tmp_path / "r" / "accuracy.png").exists()


def test_row_whose_file_the_export_left_out_and_json_on_standard_output(bundle, tmp_path, run_cli):
    copy = shutil.copytree(bundle, tmp_path / "b")
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["files"]["model_int8.onnx"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    done = run_cli("bench", copy, "--quick", "--runtimes", "onnx-int8", "--json", "--out", tmp_path / "r")
    assert done.returncode == 1
    results = json.loads(done.stdout)
    assert results == json.loads((tmp_path / "r" / "results.json").read_text())
    assert results["rows"][0]["status"] == "not in the bundle" and "--int8" in results["rows"][0]["note"]
    assert "no runtime could be measured" in done.stderr


def damage(bundle: Path, tmp_path: Path) -> Path:
    copy = shutil.copytree(bundle, tmp_path / "b")
    with (copy / "model_int8.tflite").open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"\0\1\2\3")
    return copy


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing-bundle"],
        ["--runtimes", "litert"],
        ["--threads", "0"],
        ["--threads", "many"],
        ["--split", "leave:nobody"],
        ["--dataset", "missing.csv"],
        ["--out", "/proc/no-such-place/result"],
        ["--no-such-option"],
        ["--target", "cortex-z9"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(bundle, tmp_path, run_cli, arguments):
    if not arguments[0].startswith("missing"):
        arguments = [str(bundle), *arguments]
    out = tmp_path / "r"
    if "--out" not in arguments:
        arguments = [*arguments, "--out", str(out)]
    done = run_cli("bench", *arguments, "--quick", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert not (out / "results.json").exists()


def test_changed_bundle_stops_before_anything_is_measured(bundle, tmp_path, run_cli):
    done = run_cli("bench", damage(bundle, tmp_path), "--quick", "--runtimes", "litert-int8", "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "SHA-256" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_interrupt_keeps_what_was_measured_and_leaves_no_process(bundle, tmp_path):
    out = tmp_path / "r"
    command = [sys.executable, "-m", "edgehar", "bench", str(bundle), "--runtimes", "litert-int8-reference"]
    # A group of its own, as a terminal makes it, so that the signal reaches nobody else.
    process = subprocess.Popen(
        [*command, "--out", str(out)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (out / "samples.csv").exists() and len((out / "samples.csv").read_text().splitlines()) > 100:
            break
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "interrupted" and "Traceback" not in errors
    results = json.loads((out / "results.json").read_text())
    assert results["complete"] is False and results["rows"][0]["accuracy"] > 0.8
    assert children and not any(Path(f"/proc/{pid}").exists() for pid in children)


HELP = """
import sys
from edgehar.cli import main
main(["bench", "--help"])
assert not {"numpy", "rich", "keras"} & set(sys.modules)
"""


def test_help_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "compare A B" in done.stdout
