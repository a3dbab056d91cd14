"""Worn as never trained, on emulated cores: the host port's decisions, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import DECISION, Replay, replay
from edgehar.compile.c import write_c
from edgehar.compile.read import read_network
from edgehar.contract import Contract

from ..firmware.test_placement import PLACED, lines_of
from ..firmware.test_sample_path import contract, network
from ..firmware.test_streamer import build_program, run_program
from ..streaming.test_placement import PLACEMENT, restless

pytestmark = pytest.mark.emulated

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
HOP, SAMPLES = 4, 600
#: Share of a window of `micro` on the Cortex-M4, some 80,000 instructions, that 20 samples and their blocks may take.
MOST = 0.02 * 80_000


@pytest.fixture(scope="module")
def tflite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(network())
    return path


def samples(tflite: Path) -> np.ndarray:
    tensor = read_network(tflite).tensors[read_network(tflite).source]
    codes = restless(np.random.default_rng(12), SAMPLES)
    return ((codes.astype(np.float64) - tensor.zero_point) * tensor.scale).astype(np.float32)


def replayed(core: str, tflite: Path, folder: Path, told: Contract) -> Replay:
    folder.mkdir(parents=True, exist_ok=True)
    write_c(tflite, folder, kernels=qemu.board(core).kernel, contract=told)
    image = qemu.build(core, "image", folder, model=folder)
    return replay(core, image, samples(tflite), HOP, folder)


@pytest.mark.parametrize("core", CORES)
def test_every_core_decides_as_the_host(core, tflite, tmp_path):
    pushes = replayed(core, tflite, tmp_path / "core", PLACED).pushes
    write_c(tflite, tmp_path / "host", contract=PLACED)
    program = build_program(tmp_path / "host", tmp_path / "build")
    expected = run_program(program, lines_of(samples(tflite)), "--hop", HOP)
    got = [(push.label, push.reason, list(push.p)) for push in pushes if push.status == DECISION]
    assert got == [(row["label"], row["reason"], row["p"]) for row in expected]
    assert {reason for _, reason, _ in got} >= {None, "placement"}


def test_the_cost(tflite, tmp_path, capsys):
    """Of a second of samples, in blocks of 40 as models at 20 Hz have them."""
    placed = replace(PLACED, placement=replace(PLACEMENT, block=40))
    cost = []
    for name, told in (("with", placed), ("without", contract("none"))):
        decisions = replayed("cortex-m4", tflite, tmp_path / name, told).decisions
        cost.append(sum(one.since for one in decisions[1:]) / HOP / (len(decisions) - 1))
    second = 20 * (cost[0] - cost[1])
    with capsys.disabled():
        print(f"instructions for 20 samples on the Cortex-M4: {second:.0f}")
    assert 0 < second <= MOST
