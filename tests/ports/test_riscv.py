"""The engine on rv32imc under qemu-system-riscv32: decides as Python does, within its budget."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgehar.runtimes import open_model
from edgehar.schema import read_json
from edgehar.streaming import Decision, Streamer
from tests.scripts import load_runner

from .recordings import recording

RUNNER = load_runner("ports")
ABSENT = [tool for tool in ("riscv64-unknown-elf-gcc", "qemu-system-riscv32", "make") if shutil.which(tool) is None]
GROWTH = 1.02
pytestmark = pytest.mark.skipif(
    bool(ABSENT),
    reason=f"needs {', '.join(ABSENT)}; on Debian or Ubuntu: apt-get install qemu-system-misc gcc-riscv64-unknown-elf "
    "picolibc-riscv64-unknown-elf make",
)


@pytest.mark.parametrize("name", ["nano", "micro", "mini"])
def test_a_recording(name, bundle_of, tmp_path):
    """With a gap, a repeated time, one that goes back and a sample that is no number."""
    x = recording("exp21")[:3000].copy()
    x[1500, 1] = np.nan
    times = np.arange(len(x)) * 50_000
    times[1003:] += 170_000
    times[2000] = times[1999]
    times[2501:] -= 60_000
    bundle = bundle_of(name)
    events = Streamer(open_model(bundle / "model_int8.tflite", runtime="native-int8"), hop=20).push(x, times)
    rows, _ = RUNNER.run_riscv(RUNNER.build_riscv(bundle / "c", tmp_path), x, times, 20, tmp_path)
    got = [row.decision for row in rows if row.decision is not None]
    expected = [event for event in events if isinstance(event, Decision)]
    assert got == [tuple(event)[:5] for event in expected] and len(expected) > 100
    # A sample that is ignored is written, too: the repeated time.
    assert len(rows) == len(events) + 1


def test_within_the_budget(bundle_of):
    rows = RUNNER.measure_riscv(bundle_of("micro") / "c")
    assert rows == RUNNER.measure_riscv(bundle_of("micro") / "c"), "instructions are counted, not timed"
    (row,) = rows.values()
    assert row["instructions"] < 353_000 and row["ram_bytes"] < 3_000 and row["code_bytes"] < 16_000
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.riscv() not in budgets:
        pytest.skip(f"limits hold; no budget for {RUNNER.riscv()}: benchmarks/ports.py --update")
    (name, budget) = next(iter(budgets[RUNNER.riscv()].items()))
    assert set(rows) == set(budgets[RUNNER.riscv()])
    assert {key: row[key] for key, most in budget.items() if row[key] > most * GROWTH} == {}, name
