"""Comparing result folders that are made up, so that the truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import statistics
from edgehar.benchmark.compare import compare
from edgehar.benchmark.results import FORMAT, ResultFolder, read_results, read_samples
from edgehar.errors import EdgeharError


def result(path: Path, factor: float = 1.0, cpu: str = "a cpu", target: int = 1000, rows=("litert-int8", "keras")):
    """A complete result folder whose latencies are `factor` times the usual."""
    environment = {"cpu": cpu, "cores": 2, "os": "Linux", "python": "3.11", "packages": {}}
    folder = ResultFolder(path, environment)
    rng = np.random.default_rng(1)
    entries = []
    for name in rows:
        rounds = [(rng.normal(80_000, 500, 50) * factor).astype(int) for _ in range(8)]
        for number, samples in enumerate(rounds):
            invoke = samples.tolist()
            answer = {"warmup_ns": [999_999], "invoke_ns": invoke, "total_ns": [value + 9000 for value in invoke]}
            folder.add_round(name, number, answer)
        latency = {
            "invoke": statistics.summary([r / 1000 for r in rounds]),
            "total": statistics.summary([(r + 9000) / 1000 for r in rounds]),
        }
        entries.append({"name": name, "status": "ok", "note": "", "file_bytes": 540_000, "accuracy": 0.914, **latency})
    folder.write(
        {
            "format": FORMAT,
            "complete": True,
            "threads": 1,
            "dataset": {"note": "hapt"},
            "rows": entries,
            "targets": [{"target": "cortex-m4", "instructions": target}],
            "doubts": [],
        }
    )
    return path


def test_samples_come_back_as_written_without_the_warm_up(tmp_path):
    samples = read_samples(result(tmp_path / "a"))
    assert set(samples) == {"litert-int8", "keras"}
    assert [len(samples_of) for samples_of in samples["keras"]["invoke"]] == [50] * 8
    assert np.median(np.concatenate(samples["keras"]["invoke"])) == pytest.approx(80, rel=0.01)
    assert max(np.concatenate(samples["keras"]["total"])) < 999


def test_a_new_run_in_the_same_folder_removes_what_the_old_one_said(tmp_path):
    old = result(tmp_path / "a")
    ResultFolder(old, {"cpu": "new"})
    with pytest.raises(EdgeharError, match=r"results\.json"):
        read_results(old)
    assert read_samples(old) == {}


def test_equal_results_have_no_regression(tmp_path, run_cli):
    a, b = result(tmp_path / "a"), result(tmp_path / "b")
    found = compare(a, b)
    assert found.regressions(1.1) == [] and found.unfair == []
    assert {r.figure for r in found.ratios} == {"invoke", "total", "file_bytes", "instructions"}
    done = run_cli("bench", "compare", a, b)
    assert done.returncode == 0, done.stderr
    assert "litert-int8" in done.stdout and "1.000" in done.stdout


def test_slower_result_exits_1_and_a_higher_threshold_lets_it_pass(tmp_path, run_cli):
    a, b = result(tmp_path / "a"), result(tmp_path / "b", factor=1.2)
    slower = compare(a, b).regressions(1.1)
    assert {r.runtime for r in slower} == {"litert-int8", "keras"}
    invoke = next(r for r in slower if r.figure == "invoke")
    assert invoke.ratio == pytest.approx(1.2, rel=0.01) and invoke.low is not None and invoke.low > 1.15
    done = run_cli("bench", "compare", a, b)
    assert done.returncode == 1 and "grew past 1.1" in done.stderr and "Traceback" not in done.stderr
    assert run_cli("bench", "compare", a, b, "--threshold", "1.3").returncode == 0
    assert run_cli("bench", "compare", b, a).returncode == 0
    as_json = run_cli("bench", "compare", a, b, "--json", "--threshold", "1.3")
    assert len(json.loads(as_json.stdout)["ratios"]) == 7


def test_instruction_counts_are_gated_without_an_interval(tmp_path):
    found = compare(result(tmp_path / "a"), result(tmp_path / "b", target=1200))
    assert [(r.runtime, r.figure) for r in found.regressions(1.1)] == [("cortex-m4", "instructions")]


def test_another_machine_is_called_unfair(tmp_path):
    found = compare(result(tmp_path / "a"), result(tmp_path / "b", cpu="another"))
    assert found.unfair == ["cpu differs: a cpu and another"]


def damaged(path: Path, name: str, content: bytes | None) -> Path:
    if content is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.json", None),
        ("results.json", b""),
        ("results.json", b"{}"),
        ("results.json", b"\xff\xfe\0binary"),
        ("samples.csv", None),
        ("samples.csv", b"a,b\n1,2\n"),
        ("samples.csv", b"runtime,round,phase,index,invoke_ns,total_ns\nkeras,0,measured,0,x,y\n"),
        ("samples.csv", b"\xff\xfe\0binary"),
        ("env.json", None),
    ],
)
def test_damaged_results_are_refused_in_one_line(tmp_path, name, content):
    a = result(tmp_path / "a")
    b = damaged(result(tmp_path / "b"), name, content)
    with pytest.raises(EdgeharError) as error:
        compare(a, b)
    assert "\n" not in str(error.value)


def test_nothing_to_compare(tmp_path, run_cli):
    a = result(tmp_path / "a", rows=("keras",))
    b = result(tmp_path / "b", rows=("onnx-float",))
    results = read_results(b)
    (b / "results.json").write_text(json.dumps({**results, "targets": []}))
    with pytest.raises(EdgeharError, match="measured in both"):
        compare(a, b)
    done = run_cli("bench", "compare", tmp_path / "a", tmp_path / "missing")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert run_cli("bench", "compare", a).returncode == 2
    assert run_cli("bench", "compare", a, b, "--threshold", "0").returncode == 2
