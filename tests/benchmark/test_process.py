"""Worker processes: answers, refusals, crashes and silence."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgehar.benchmark.process import Worker, WorkerError
from edgehar.contract import Contract
from edgehar.schema import read_json


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def request_of(bundle, tmp_path):
    def make(row: str, file: str) -> dict:
        path = tmp_path / "windows.npy"
        np.save(path, np.random.default_rng(0).normal(0, 5, (7, 80, 3)).astype(np.float32))
        contract = read_json(bundle / "contract.json", Contract).to_dict()
        return {"row": row, "path": str(bundle / file), "contract": contract, "threads": 1, "windows": str(path)}

    return make


def test_load_predict_round_reload(request_of, tmp_path):
    with Worker() as worker:
        loaded = worker.ask("load", **request_of("litert-int8", "model_int8.tflite"))
        assert loaded["first_load_ms"] > 0 and loaded["threads"] == 1 and loaded["arena_bytes"] is None
        assert loaded["memory_bytes"] is None or 1e5 < loaded["memory_bytes"] < 5e8
        worker.ask("predict", to=str(tmp_path / "p.npy"))
        assert np.load(tmp_path / "p.npy").shape == (7, 6)
        timed = worker.ask("round", warmup=3, count=11, seconds=60, offset=5)
        assert [len(timed[name]) for name in ("warmup_ns", "invoke_ns", "total_ns")] == [3, 11, 11]
        assert all(0 < i < t for i, t in zip(timed["invoke_ns"], timed["total_ns"], strict=True))
        short = worker.ask("round", warmup=0, count=10_000, seconds=0.01, offset=0)
        assert 1 <= len(short["invoke_ns"]) < 10_000
        assert len(worker.ask("reload", times=2)["load_ms"]) == 2


def test_arena_where_the_runtime_has_one(request_of):
    with Worker() as worker:
        assert 1000 < worker.ask("load", **request_of("tflm-int8", "model_int8.tflite"))["arena_bytes"] <= 20_500


def test_refusal_is_an_answer_and_the_worker_lives_on(request_of):
    with Worker() as worker:
        with pytest.raises(WorkerError, match="expected an int8 model") as error:
            worker.ask("load", **request_of("litert-int8", "model_float.tflite"))
        assert error.value.status == "failed"
        worker.ask("load", **request_of("litert-float", "model_float.tflite"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "SIGABRT"),
        ("import sys; sys.exit('no such thing')", "status 1; no such thing"),
        ("input(); import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_crash(code, words):
    with Worker(python(code)) as worker, pytest.raises(WorkerError, match=words) as error:
        worker.ask("load")
    assert error.value.status == "crashed"


def test_silence_ends_after_the_timeout():
    with Worker(python("import time; time.sleep(60)")) as worker, pytest.raises(WorkerError, match="no answer within"):
        worker.ask("load", timeout=0.5)


def test_prints_of_libraries_do_not_reach_the_channel():
    """Whatever a native library prints on standard output must not be taken for an answer."""
    noisy = "lambda self: print('noise') or {'ok': 1}"
    code = f"import os, edgehar.benchmark.worker as w; w.WorkerSession.load = {noisy}; w.main()"
    with Worker(python(code)) as worker:
        assert worker.ask("load") == {"ok": 1}
