"""Arm64 Linux under user-mode emulation: the host streamer, portable and in NEON vectors, and the vector kernels."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehar.streaming import Streamer
from tests.emulated.kernel_cases import expected, read_results, write_cases
from tests.firmware.engine import FIRMWARE, Engine
from tests.firmware.networks import NetworkWriter
from tests.firmware.test_sample_path import restless
from tests.firmware.test_streamer import EngineRuntime, as_row, network, run_program
from tests.firmware.test_vector import SOURCES, cases

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
ABSENT = [tool for tool in (COMPILER, EMULATOR, "make") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(
    bool(ABSENT),
    reason=f"needs {', '.join(ABSENT)}; on Debian or Ubuntu: apt-get install qemu-user gcc-aarch64-linux-gnu "
    "libc6-dev-arm64-cross make",
)


def wide() -> bytes:
    """A network whose layers fill vectors, and one filter more."""
    net = NetworkWriter(90)
    net.conv(33, 5, 2, activation=3)
    net.pool("MAX_POOL_2D", 3, 2)
    net.conv(17, 3)
    net.mean()
    net.dense(5)
    net.softmax()
    return net.bytes()


@pytest.mark.parametrize("kernels", ["portable", "vector"])
@pytest.mark.parametrize("content", [network, wide])
def test_the_host_program(content, kernels, engine_objects, tmp_path):
    runtime = EngineRuntime(Engine(content(), tmp_path / "here", engine_objects))
    Engine(content(), tmp_path / "there", engine_objects, kernels=kernels)
    command = ["make", "-s", "-C", FIRMWARE, f"MODEL={tmp_path / 'there'}", f"BUILD={tmp_path / 'build'}"]
    program = tmp_path / "build" / "host" / "edgehar_host"
    command += [f"CC={COMPILER}", "CFLAGS=-static", program]
    subprocess.run([str(word) for word in command], check=True, timeout=300)
    emulated = tmp_path / "emulated"
    emulated.write_text(f'#!/bin/sh\nexec {EMULATOR} {program} "$@"\n')
    emulated.chmod(0o755)
    x, times = restless(np.random.default_rng(8), 900), np.arange(900) * 50_000
    times[300:] += 170_000
    times[600:] -= 60_000
    lines = [
        f"{t / 1e6:.6f},{a!r},{b!r},{c!r}"
        for t, (a, b, c) in zip(times.tolist(), x.astype(np.float64).tolist(), strict=True)
    ]
    rows = run_program(emulated, lines, "--hop", 5)
    assert rows == [as_row(event) for event in Streamer(runtime, hop=5).push(x, times)] and len(rows) > 100


@pytest.mark.parametrize("level", [0, 1])
def test_the_kernels(level, tmp_path: Path):
    """Level 1 is NEON."""
    port = FIRMWARE / "port" / "qemu"
    sources = [*SOURCES, port / "port_kernels.c", FIRMWARE.parent / "tests" / "emulated" / "host_board.c"]
    command = [COMPILER, "-O2", "-static", "-DKERNEL=edgehar_conv1d_vector", f"-DEDGEHAR_VECTOR_MOST={level}"]
    command += [f"-I{FIRMWARE / 'src'}", f"-I{port}", *map(str, sources), "-o", str(tmp_path / "kernels")]
    subprocess.run(command, check=True)
    run = cases()
    write_cases(run, "vector", tmp_path)
    paths = [str(tmp_path / name) for name in ("kernels", "cases.bin", "results.bin")]
    subprocess.run([EMULATOR, *paths], check=True, timeout=300)
    for case, (out, _, clean) in zip(run, read_results(run, tmp_path), strict=True):
        assert clean, f"{case}: wrote outside its buffers"
        np.testing.assert_array_equal(out, expected(case), str(case))
