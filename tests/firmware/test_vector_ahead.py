"""Convolutions that add up the next position ahead: each position as the plain ones have it, whatever came before."""

from __future__ import annotations

import ctypes
import platform
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.pack.vector import FILTERS
from edgehar.compile.plan import make_plan
from edgehar.compile.read import read_network
from tests.emulated.kernel_cases import expected, make, pack

from .engine import COMPILER, FIRMWARE, FLAGS, Engine, compile_objects
from .networks import NetworkWriter, distinct, stream_of
from .test_vector import LEVELS, Block, Conv, Fenced, kernels

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler; on Debian or Ubuntu: apt-get install gcc"),
    pytest.mark.skipif(platform.system() == "Windows", reason="needs mprotect"),
]

#: Channels, filters, taps: columns of whole and of broken pairs and fours of quads, whole and broken blocks of filters.
SHAPES = [(4, 1, 3), (4, 16, 10), (12, 20, 4), (20, 33, 7), (100, 48, 10), (160, 7, 3), (8, 100, 5), (36, 17, 9)]


@pytest.mark.parametrize("level", LEVELS)
def test_each_position_is_the_plain_one(level, tmp_path):
    """Blocks of one position and of more in any order, from both first states; nothing is read behind a buffer."""
    kernel = kernels(level, tmp_path).edgehar_conv1d_vector_ahead
    rng = np.random.default_rng(level)
    for seed, (channels, filters, taps) in enumerate(SHAPES * 2):
        case = make(seed, channels, filters, taps, 1, 24, extreme=bool(seed % 2))
        packed, want = pack(case, "vector")[0], expected(case)
        for first in (1, 2):
            sums = 4 + 4 * FILTERS * -(-filters // FILTERS)
            scratch = Fenced(sums + -(-pack(replace(case, positions=5), "vector")[1] // 4) * 4)
            scratch.bytes[:] = rng.integers(0, 256, scratch.bytes.size)
            scratch.bytes[:4] = (first, 0, 0, 0)
            weights = Fenced(len(packed.weights))
            weights.bytes[:] = np.frombuffer(packed.weights, np.uint8)
            conv = Conv(
                weights.address, None, None, None, channels, filters, taps, 1, case.zero, case.low, case.high,
            )  # fmt: skip
            at = 0
            while at < case.positions:
                now = min(int(rng.choice([1, 1, 1, 1, 1, 2, 5])), case.positions - at)
                piece = case.columns[at : at + taps + now - 1]
                columns, out = Fenced(piece.size), Fenced(now * filters)
                columns.bytes[:] = piece.view(np.uint8).ravel()
                block = Block(columns.address, out.address, scratch.address, now, 0)
                kernel(ctypes.byref(conv), ctypes.byref(block))
                np.testing.assert_array_equal(out.bytes.view(np.int8).reshape(now, -1), want[at : at + now], str(case))
                at += now


def network(last: int = 5) -> bytes:
    """At a hop of 3: two layers that get more columns, one that can go ahead, one with few taps, one that can.

    A window has one column of the last one where that has 16 taps: its very first call is for one position.
    """
    net = NetworkWriter(3)
    net.conv(20, 6)
    net.conv(24, 5)
    net.pool("MAX_POOL_2D", 3, 3)
    net.conv(36, 7)
    net.conv(12, 2)
    net.conv(33, last)
    net.mean()
    net.dense(5)
    net.softmax()
    return net.bytes()


@pytest.fixture(scope="module")
def objects(tmp_path_factory) -> list[Path]:
    return compile_objects(tmp_path_factory.mktemp("ahead"))


def test_they_take_turns(tmp_path):
    (tmp_path / "model.tflite").write_bytes(network())
    plan = make_plan(read_network(tmp_path / "model.tflite"), kernels="vector", hop=3)
    assert plan.keeps == (0, 0, 0, 1, 0, 2, 0, 0, 0)
    assert not any(make_plan(plan.network, kernels="vector", hop=6).keeps[:6])
    assert not any(make_plan(plan.network, kernels="vector").keeps)
    assert not any(make_plan(plan.network, kernels="portable", hop=3).keeps)


@pytest.mark.parametrize("last", [5, 16])
@pytest.mark.parametrize("schedule", ["hop", "spread"])
def test_a_stream_is_that_of_the_portable_path(schedule, last, objects, tmp_path):
    content = network(last)
    vector = Engine(content, tmp_path / "v", objects, kernels="vector", hop=3, schedule=schedule)
    portable = Engine(content, tmp_path / "p", objects, hop=3)
    assert "edgehar_conv1d_vector_ahead" in (tmp_path / "v" / "model_data.c").read_text()
    samples = stream_of(np.random.default_rng(5), 400)
    theirs = portable.stream(samples, 3)
    assert distinct(theirs) > 20
    np.testing.assert_array_equal(vector.stream(samples, 3), theirs)


def test_a_new_stream_owes_nothing_to_the_one_before(objects, tmp_path):
    """After an odd or an even number of decisions, so that either layer was ahead; the memory is not wiped between."""
    fresh = Engine(network(last=16), tmp_path, objects, kernels="vector", hop=3)
    library, host = tmp_path / "kept.so", FIRMWARE / "port" / "host" / "host_library.c"
    folders = (FIRMWARE / "include", FIRMWARE / "src", tmp_path)
    command = [COMPILER, *FLAGS, "-UEDGEHAR_CHECK", "-shared", "-Wl,-Bsymbolic", *(f"-I{place}" for place in folders)]
    units = [host, tmp_path / "model_data.c", *objects]
    subprocess.run([*command, *map(str, units), "-o", str(library)], check=True)
    kept = ctypes.CDLL(str(library))
    rng = np.random.default_rng(6)
    for length in (83, 86, 89, 92):
        for samples in (stream_of(rng, length), stream_of(rng, 110)):
            out = np.zeros((11, 5), np.int8)
            made = kept.edgehar_host_stream(
                samples.ctypes.data_as(ctypes.c_void_p), len(samples), 3, out.ctypes.data_as(ctypes.c_void_p)
            )
            np.testing.assert_array_equal(out[:made], fresh.stream(samples, 3))
