"""export --incremental, stream --engine and bench --engine as commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from edgehar.bundle import open_bundle
from edgehar.cli import main
from edgehar.compile.incremental_plan import figures
from edgehar.compile.read import read_network
from edgehar.files import sha256_file

HOPS = (3, 21)


@pytest.fixture(scope="session")
def incremental_bundle(made_once, run_cli):
    """A bundle with incremental models."""

    def make(folder):
        hops = [word for hop in HOPS for word in ("--hop", str(hop))]
        done = run_cli("export", "--int8", "--incremental", *hops, "--calibration", "60", "--no-gate", "--out", folder)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once("incremental_bundle", make)


def test_bundle(incremental_bundle):
    bundle = open_bundle(incremental_bundle)
    bundle.verify()
    manifest = json.loads((incremental_bundle / "manifest.json").read_text())
    assert [entry["hop"] for entry in manifest["streaming"]] == list(HOPS)
    network = read_network(bundle.file("model_int8.tflite"))
    for entry in manifest["streaming"]:
        assert entry["file"] in manifest["files"]
        assert entry["golden_windows_equal"] >= 6
        expected = json.loads(json.dumps(figures(network, entry["hop"])))
        assert {key: entry[key] for key in expected} == expected
        assert sum(a * b * c * d for a, b, c, d in entry["states"]) == entry["state_bytes"]
        assert {"CONCATENATION", "STRIDED_SLICE"} <= set(entry["operators"])
    page = (incremental_bundle / "README.md").read_text()
    assert all(entry["file"] in page for entry in manifest["streaming"])
    assert sha256_file(incremental_bundle / "README.md") == manifest["files"]["README.md"]["sha256"]


def test_readme_blocks_run(incremental_bundle):
    blocks = re.findall(r"```python\n(.*?)```", (incremental_bundle / "README.md").read_text(), re.S)
    assert len(blocks) == 2
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=incremental_bundle, capture_output=True, text=True, timeout=120
        )
        for code in blocks
    ]
    assert [done.returncode for done in said] == [0, 0], [done.stderr for done in said]
    # One label, and probabilities of the same network; XNNPACK may choose other kernels for other shapes.
    assert said[0].stdout.split()[0] == said[1].stdout.split()[0]


def test_stream(incremental_bundle, run_cli):
    arguments = ("stream", "hapt", "--bundle", incremental_bundle, "--hop", "21", "--json", "--runtime")
    whole = run_cli(*arguments, "litert-int8-reference")
    steps = run_cli(*arguments, "litert-int8-reference", "--engine", "incremental")
    assert whole.returncode == steps.returncode == 0, whole.stderr + steps.stderr
    assert steps.stdout == whole.stdout and whole.stdout.count("\n") > 300


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("stream hapt --engine incremental --hop 81 --bundle", "expected a hop of 1 to 80 samples, got 81"),
        ("stream hapt --engine incremental --hop 0 --bundle", "--hop"),
        ("stream hapt --engine incremental --hop 2.5 --bundle", "--hop"),
        ("stream hapt --engine incremental --runtime keras --bundle", "got keras"),
        ("stream hapt --hop 3 --bundle STEP", "--engine incremental"),
        ("stream hapt --engine incremental --hop 4 --bundle STEP", "of hop 4, got one of hop 3"),
        ("export --incremental --out", "expected --int8"),
        ("export --int8 --io float --incremental --out", "--io int8"),
        ("export --int8 --hop 3 --out", "expected --incremental with --hop"),
        ("export --int8 --incremental --hop 81 --out ABSENT", "expected a hop of 1 to 80 samples, got 81"),
        ("export --int8 --incremental --hop 3 --hop 0 --out ABSENT", "expected a hop of 1 to 80 samples, got 0"),
        ("bench --hop 3", "expected --engine incremental"),
    ],
)
def test_refusals(incremental_bundle, tmp_path, capsys, arguments, words):
    places = {"STEP": str(incremental_bundle / "model_int8_stream_hop3.tflite"), "ABSENT": str(tmp_path / "absent")}
    given = [places.get(word, word) for word in arguments.split()]
    given += [] if given[-1] in places.values() else [str(incremental_bundle)]
    before = sorted(path.name for path in incremental_bundle.iterdir())
    assert main(given) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("error: ") and words in said[-1]
    assert not (tmp_path / "absent").exists()
    assert sorted(path.name for path in incremental_bundle.iterdir()) == before


def test_bench_has_a_row_for_a_step(incremental_bundle, run_cli, tmp_path):
    done = run_cli(
        "bench", incremental_bundle, "--quick", "--runtimes", "litert-int8", "--engine", "incremental",
        "--hop", "3", "--hop", "5", "--out", tmp_path / "results",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    whole, step, absent = results["rows"]
    assert (step["name"], step["step_samples"]) == ("litert-int8-stream-hop3", 3)
    assert step["invoke"]["median"] < whole["invoke"]["median"] / 2
    assert abs(step["accuracy"] - whole["accuracy"]) < 0.01
    assert absent["status"] == "not in the bundle" and "--incremental --hop 5" in absent["note"]
    summary = (tmp_path / "results" / "summary.md").read_text()
    assert "one step of 3 new samples" in summary and "of litert-int8's whole window" in summary
