"""Rotation and front end on emulated cores: the host port's decisions, and what a sample costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import DECISION, Replay, replay
from edgehar.compile.c import write_c

from ..firmware.test_sample_path import PERIOD, any_rotation, contract, network, restless
from ..firmware.test_streamer import build_program, run_program

pytestmark = pytest.mark.emulated

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
HOP, SAMPLES = 4, 400
ROTATION = ",".join(map(str, any_rotation(np.random.default_rng(6))))
#: Instructions for a sample on the Cortex-M4, beyond those of a model that has neither.
MOST = {"rotation": 400, "front end": 400, "both": 400}


@pytest.fixture(scope="module")
def tflite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(network())
    return path


def replayed(core: str, tflite: Path, folder: Path, front: str, rotation: str | None) -> Replay:
    folder.mkdir(parents=True, exist_ok=True)
    write_c(tflite, folder, kernels=qemu.board(core).kernel, contract=contract(front))
    defines = {"DEFINES": f"-DEDGEHAR_REPLAY_ROTATION={rotation}"} if rotation else {}
    image = qemu.build(core, "image", folder, model=folder, **defines)
    return replay(core, image, samples(), HOP, folder)


def samples() -> np.ndarray:
    return restless(np.random.default_rng(8), SAMPLES)


@pytest.mark.parametrize("core", CORES)
def test_every_core_decides_as_the_host(core, tflite, tmp_path):
    pushes = replayed(core, tflite, tmp_path / "core", "pocket", ROTATION).pushes
    write_c(tflite, tmp_path / "host", contract=contract("pocket"))
    program = build_program(tmp_path / "host", tmp_path / "build")
    lines = [f"{i * PERIOD / 1e6:.6f},{x!r},{y!r},{z!r}" for i, (x, y, z) in enumerate(samples().tolist())]
    expected = run_program(program, lines, "--hop", HOP, "--rotation", ROTATION)
    got = [(push.label, push.raw, list(push.p), list(push.scores)) for push in pushes if push.status == DECISION]
    assert got == [(row["label"], row["raw"], row["p"], row["scores"]) for row in expected]
    assert len({tuple(row["p"]) for row in expected}) > 20


def test_the_cost_of_a_sample(tflite, tmp_path, capsys):
    cases = {"neither": ("none", None), "rotation": ("none", ROTATION), "front end": ("pocket", None)}
    cases["both"] = ("pocket", ROTATION)
    cost = {}
    for name, (front, rotation) in cases.items():
        folder = tmp_path / name.replace(" ", "-")
        decisions = replayed("cortex-m4", tflite, folder, front, rotation).decisions
        cost[name] = sum(one.since for one in decisions[1:]) / HOP / (len(decisions) - 1)
    more = {name: round(cost[name] - cost["neither"]) for name in MOST}
    with capsys.disabled():
        print(f"instructions for a sample on the Cortex-M4: {more}")
    assert all(0 < more[name] <= most for name, most in MOST.items()), more
