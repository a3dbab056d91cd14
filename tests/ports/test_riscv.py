"""The engine on rv32imc under qemu-system-riscv32: decides as Python does, within its budget."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgehar.compile.c import write_c
from edgehar.runtimes import open_model
from edgehar.schema import read_json
from edgehar.streaming import Decision, Streamer
from tests.emulated.kernel_cases import expected, pack, read_results, write_cases
from tests.emulated.test_kernels import cases_of
from tests.scripts import load_runner
from tests.small_models import SMALL, int8_of

from .recordings import recording

RUNNER = load_runner("ports")
ABSENT = [tool for tool in ("riscv64-unknown-elf-gcc", "qemu-system-riscv32", "make") if shutil.which(tool) is None]
GROWTH = 1.02
pytestmark = pytest.mark.skipif(
    bool(ABSENT),
    reason=f"needs {', '.join(ABSENT)}; on Debian or Ubuntu: apt-get install qemu-system-misc gcc-riscv64-unknown-elf "
    "picolibc-riscv64-unknown-elf make",
)


@pytest.fixture(scope="module")
def riscv_folder(tmp_path_factory):
    """One folder for all images: make compiles the engine once."""
    return tmp_path_factory.mktemp("riscv")


@pytest.mark.parametrize(("name", "kernels"), [("micro", "portable"), *((name, "riscv") for name in SMALL)])
def test_a_recording(name, kernels, riscv_folder):
    """With a gap, a repeated time, one that goes back and a sample that is no number; by TFLite-Micro's interpreter."""
    pytest.importorskip("tflite_micro", reason="needs tflite-micro: pip install 'edgehar[bench]'")
    x = recording("exp21")[:2000].copy()
    x[1300, 1] = np.nan
    times = np.arange(len(x)) * 50_000
    times[703:] += 170_000
    times[1500] = times[1499]
    times[1801:] -= 60_000
    tflite = int8_of(name, riscv_folder)
    events = Streamer(open_model(tflite, runtime="tflm-int8"), hop=20).push(x, times)
    write_c(tflite, riscv_folder / "c", kernels=kernels)
    image = RUNNER.build_riscv(riscv_folder / "c", riscv_folder)
    rows, _ = RUNNER.run_riscv(image, x, times, 20, riscv_folder)
    got = [row.decision for row in rows if row.decision is not None]
    wanted = [event for event in events if isinstance(event, Decision)]
    assert got == [tuple(event)[:5] for event in wanted] and len(wanted) > 70
    # A sample that is ignored is written, too: the repeated time.
    assert len(rows) == len(events) + 1


@pytest.mark.parametrize("kind", ["conv", "depthwise"])
def test_the_kernels_in_assembly(kind, riscv_folder):
    """Each case of the kernels' tests: the definition's bytes, and nothing written beside them."""
    cases = cases_of("riscv", kind)
    packed = pack(cases[0], "riscv")[0]
    assert packed.kernel.endswith("_riscv")
    write_cases(cases, "riscv", riscv_folder)
    image = RUNNER.build_riscv_kernels(packed.kernel, riscv_folder)
    RUNNER.emulate_riscv(image, riscv_folder / "cases.bin", riscv_folder / "results.bin")
    for case, (out, _, clean) in zip(cases, read_results(cases, riscv_folder), strict=True):
        np.testing.assert_array_equal(out, expected(case), err_msg=f"{case}")
        assert clean, f"{case}: wrote outside its output"


def test_within_the_budget(bundle_of):
    rows = RUNNER.measure_riscv(bundle_of("micro"))
    assert rows == RUNNER.measure_riscv(bundle_of("micro")), "instructions are counted, not timed"
    (row,) = rows.values()
    assert row["instructions"] < 200_000 and row["ram_bytes"] < 3_000 and row["code_bytes"] < 16_000
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.riscv() not in budgets:
        pytest.skip(f"limits hold; no budget for {RUNNER.riscv()}: benchmarks/ports.py --update")
    (name, budget) = next(iter(budgets[RUNNER.riscv()].items()))
    assert set(rows) == set(budgets[RUNNER.riscv()])
    assert {key: row[key] for key, most in budget.items() if row[key] > most * GROWTH} == {}, name
