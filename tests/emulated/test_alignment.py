"""Walking, rotation and an aligned stream on every emulated core: the reference's bits, and their cost on the M4."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.aligning import ALIGNED, run_streams
from edgehar.benchmark.emulated import DECISION, replay
from edgehar.compile.c import write_c
from edgehar.schema import read_json

from ..firmware.test_alignment import CONTRACT, TARGET, found_in_python, random_stream
from ..firmware.test_sample_path import PERIOD, network
from ..firmware.test_streamer import build_program, run_program
from .test_budgets import GROWTH, RUNNER

pytestmark = pytest.mark.emulated

STREAMS, HOP = 60, 4
#: Of a sample, beyond the model's own; RAM is that of the profile, the alignment and what they change.
LIMITS = {"waiting_instructions": 400, "aligned_instructions": 400, "ram_bytes": 1_024, "code_bytes": 6_144}


@pytest.mark.parametrize("core", list(qemu.BOARDS))
def test_a_core_gives_the_references_bits(core: str, tmp_path: Path) -> None:
    streams = [random_stream(np.random.default_rng(seed)) for seed in range(5000, 5000 + STREAMS)]
    found = 0
    for values, run in zip(streams, run_streams(streams, TARGET, core, tmp_path), strict=True):
        expected = found_in_python(values)
        if expected is None:
            assert run.found == 0
        else:
            assert (run.found, list(run.rotation)) == expected
            assert run.turn > 0
        found += expected is not None
    assert 5 < found < STREAMS


@pytest.mark.parametrize("core", list(qemu.BOARDS))
def test_a_core_aligns_its_stream_as_the_host(core: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    t = np.arange(400)[:, None]
    samples = np.float32([2, -4, 8] + np.array([1, -2, 3]) * np.sin(t * 2 * np.pi / 11) + rng.normal(0, 0.4, (400, 3)))
    model = tmp_path / "model.tflite"
    model.write_bytes(network())
    folder = tmp_path / "core"
    write_c(model, folder, kernels=qemu.board(core).kernel, contract=CONTRACT)
    image = qemu.build(core, "image", folder, model=folder, DEFINES="-DEDGEHAR_REPLAY_PERSONAL")
    pushes = replay(core, image, samples, HOP, folder).pushes
    write_c(model, tmp_path / "host", contract=CONTRACT)
    program = build_program(tmp_path / "host", tmp_path / "build")
    lines = [f"{i * PERIOD / 1e6:.6f},{x!r},{y!r},{z!r}" for i, (x, y, z) in enumerate(samples.tolist())]
    expected = run_program(program, lines, "--hop", HOP, "--align", 1)
    got = [(push.label, push.raw, list(push.p), list(push.scores)) for push in pushes if push.status == DECISION]
    assert got == [(row["label"], row["raw"], row["p"], row["scores"]) for row in expected if "event" not in row]
    assert [push.status for push in pushes if push.status != DECISION] == [ALIGNED]
    assert [row["reason"] for row in expected if "event" in row] == ["aligned"]
    assert len({push.p for push in pushes}) > 10


def test_within_limits_and_budget(bundle_of) -> None:
    row = RUNNER._aligning(bundle_of("micro"))[RUNNER.ALIGN]
    assert set(row) == set(LIMITS)
    assert not {name: (row[name], most) for name, most in LIMITS.items() if row[name] > most}
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.compiler() not in budgets:
        pytest.skip("limits hold; no budget for this arm-none-eabi-gcc: benchmarks/instructions.py --align --update")
    budget = budgets[RUNNER.compiler()][RUNNER.ALIGN]
    assert not {name: (row[name], most) for name, most in budget.items() if row[name] > most * GROWTH}
