"""The vector kernels of hosts: each level against the definition, under sanitizers and before pages nobody may touch.

Levels are those of EDGEHAR_VECTOR_MOST: 0 portable C, 1 vectors of 128 bits, 2 AVX2, 3 AVX-512 VNNI; where the
processor lacks one, the one below runs.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile import host
from tests.emulated.kernel_cases import Case, expected, make, pack, read_results, write_cases
from tests.emulated.test_kernels import SHAPES

from .engine import COMPILER, FIRMWARE, Engine, compile_objects
from .networks import NetworkWriter, random_network, windows_of

LEVELS = (0, 1, 2, 3) if platform.machine() in ("x86_64", "AMD64") else (0, 1)
PROT_NONE = 0
SOURCES = sorted((FIRMWARE / "src").glob("conv1d_vector*.c"))
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler; on Debian or Ubuntu: apt-get install gcc")


def kernels(level: int, folder: Path) -> ctypes.CDLL:
    """The convolutions of a level, as a library."""
    library = folder / "vector.so"
    command = [COMPILER, "-O2", "-fPIC", "-shared", f"-DEDGEHAR_VECTOR_MOST={level}", f"-I{FIRMWARE / 'src'}"]
    subprocess.run([*command, *map(str, SOURCES), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def cases() -> list[Case]:
    """Odd numbers of channels, filters and positions; the largest numbers and shifts to both sides."""
    made = [make(seed, *shape, extreme=seed > 1) for seed in (1, 2, 3) for shape in SHAPES]
    rng = np.random.default_rng(30)
    for seed in range(90):
        channels, filters, taps, stride, positions = (int(rng.integers(1, most)) for most in (40, 70, 12, 4, 20))
        made.append(make(seed, channels, filters, taps, stride, positions, extreme=bool(seed % 2), quick=seed % 3 == 1))
    for case in made[::5]:
        case.weights[0] = -128
    return made


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_definition_under_sanitizers(compiler, level, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}; on Debian or Ubuntu: apt-get install {compiler}")
    port = FIRMWARE / "port" / "qemu"
    sources = [*SOURCES, port / "port_kernels.c", FIRMWARE.parent / "tests" / "emulated" / "host_board.c"]
    command = [compiler, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command += [
        "-DKERNEL=edgehar_conv1d_vector",
        f"-DEDGEHAR_VECTOR_MOST={level}",
        f"-I{FIRMWARE / 'src'}",
        f"-I{port}",
    ]
    subprocess.run([*command, *map(str, sources), "-o", str(tmp_path / "kernels")], check=True)
    run = cases()
    write_cases(run, "vector", tmp_path)
    subprocess.run([tmp_path / "kernels", tmp_path / "cases.bin", tmp_path / "results.bin"], check=True)
    for case, (out, _, clean) in zip(run, read_results(run, tmp_path), strict=True):
        assert clean, f"{case}: wrote outside its buffers"
        np.testing.assert_array_equal(out, expected(case), str(case))


class Conv(ctypes.Structure):
    _fields_ = (
        ("weights", ctypes.c_void_p), ("bias", ctypes.c_void_p), ("multiplier", ctypes.c_void_p),
        ("shift", ctypes.c_void_p), ("in_channels", ctypes.c_uint16), ("out_channels", ctypes.c_uint16),
        ("kernel", ctypes.c_uint16), ("stride", ctypes.c_uint16), ("output_zero", ctypes.c_int8),
        ("activation_min", ctypes.c_int8), ("activation_max", ctypes.c_int8),
    )  # fmt: skip


class Block(ctypes.Structure):
    _fields_ = (
        ("columns", ctypes.c_void_p), ("out", ctypes.c_void_p), ("scratch", ctypes.c_void_p),
        ("positions", ctypes.c_int), ("first", ctypes.c_int),
    )  # fmt: skip


class Fenced:
    """Bytes that end where a page begins that may not be touched: reading one more is a fault."""

    def __init__(self, size: int) -> None:
        room = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self._pages = mmap.mmap(-1, room + mmap.PAGESIZE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._pages))
        libc = ctypes.CDLL(None)
        assert libc.mprotect(ctypes.c_void_p(base + room), mmap.PAGESIZE, PROT_NONE) == 0
        self.address = base + room - size
        self.bytes = np.frombuffer(self._pages, np.uint8, size, room - size)


@pytest.mark.skipif(platform.system() == "Windows", reason="needs mprotect")
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_read_behind_a_buffer(level, tmp_path):
    kernel = kernels(level, tmp_path).edgehar_conv1d_vector
    for case in cases()[::2]:
        packed, scratch_bytes = pack(case, "vector")
        want = expected(case)
        weights, columns = Fenced(len(packed.weights)), Fenced(case.columns.size)
        scratch, out = Fenced(-(-scratch_bytes // 4) * 4), Fenced(want.size)
        weights.bytes[:] = np.frombuffer(packed.weights, np.uint8)
        columns.bytes[:] = case.columns.view(np.uint8).ravel()
        conv = Conv(
            weights.address, None, None, None, case.columns.shape[1], len(case.weights), case.weights.shape[1],
            case.stride, case.zero, case.low, case.high,
        )  # fmt: skip
        block = Block(columns.address, out.address, scratch.address, case.positions, 0)
        kernel(ctypes.byref(conv), ctypes.byref(block))
        np.testing.assert_array_equal(out.bytes.view(np.int8).reshape(want.shape), want, str(case))


class Pool(ctypes.Structure):
    _fields_ = (
        ("channels", ctypes.c_uint16), ("kernel", ctypes.c_uint16), ("stride", ctypes.c_uint16),
        ("inputs", ctypes.c_uint16), ("pad_left", ctypes.c_uint16), ("padded", ctypes.c_uint8),
        ("activation_min", ctypes.c_int8), ("activation_max", ctypes.c_int8),
    )  # fmt: skip


@pytest.mark.skipif(platform.system() == "Windows", reason="needs mprotect")
@pytest.mark.parametrize("channels", [1, 15, 16, 17, 33, 100])
def test_a_pool_stays_within_its_buffers(channels, tmp_path):
    library = tmp_path / "pool.so"
    sources = [FIRMWARE / "src" / name for name in ("pool.c", "max_pool_vector.c")]
    command = [COMPILER, "-O2", "-fPIC", "-shared", f"-I{FIRMWARE / 'src'}", *map(str, sources), "-o", str(library)]
    subprocess.run(command, check=True)
    values = np.random.default_rng(channels).integers(-128, 128, (11, channels)).astype(np.int8)
    columns, out = Fenced(values.size), Fenced(5 * channels)
    columns.bytes[:] = values.view(np.uint8).ravel()
    pool, block = Pool(channels, 3, 2, 11, 0, 0, -100, 90), Block(columns.address, out.address, None, 5, 0)
    ctypes.CDLL(str(library)).edgehar_max_pool_vector(ctypes.byref(pool), ctypes.byref(block))
    want = np.stack([values[2 * at : 2 * at + 3].max(axis=0) for at in range(5)]).clip(-100, 90)
    np.testing.assert_array_equal(out.bytes.view(np.int8).reshape(want.shape), want)


@pytest.fixture(scope="module")
def objects(tmp_path_factory) -> dict[int, list[Path]]:
    """The engine at each level."""
    made = {}
    for level in LEVELS:
        made[level] = compile_objects(tmp_path_factory.mktemp(f"level{level}"), (f"-DEDGEHAR_VECTOR_MOST={level}",))
    return made


@pytest.mark.parametrize("seed", range(42))
def test_networks_are_those_of_the_portable_path(seed, objects, tmp_path):
    """Every layer; each network at the highest level and at one other."""
    content = random_network(seed)
    portable = Engine(content, tmp_path / "portable", objects[0])
    for level in {LEVELS[-1], LEVELS[seed % len(LEVELS)]}:
        vector = Engine(content, tmp_path / f"vector{level}", objects[level], kernels="vector")
        for window in windows_of(np.random.default_rng(seed), portable.window, 6):
            pairs = zip(portable.layers(window), vector.layers(window), portable.network.layers, strict=True)
            for one, two, layer in pairs:
                # Larger blocks may compute columns that nothing reads.
                np.testing.assert_array_equal(one, two[: one.size], layer.name)


@pytest.mark.parametrize("channels", [15, 16, 17, 31, 100])
def test_pools_and_means_of_many_channels(channels, objects, tmp_path):
    net = NetworkWriter(channels)
    net.conv(channels, 4, 2, activation=3)
    net.pool("MAX_POOL_2D", 3, 2)
    net.mean()
    net.dense(5)
    net.softmax()
    content = net.bytes()
    portable = Engine(content, tmp_path / "portable", objects[0])
    kinds = {layer.kind for layer in portable.network.layers}
    assert {"max_pool", "mean"} <= kinds
    for level in LEVELS:
        vector = Engine(content, tmp_path / f"vector{level}", objects[level], kernels="vector")
        for window in windows_of(np.random.default_rng(5), portable.window, 10):
            for one, two in zip(portable.layers(window), vector.layers(window), strict=True):
                np.testing.assert_array_equal(one, two[: one.size])


def test_each_machine_has_the_kernels_that_fit_it():
    assert [host.kernels_of(name) for name in ("x86_64", "AMD64", "arm64", "aarch64")] == ["vector"] * 4
    assert [host.kernels_of(name) for name in ("riscv64", "i686", "armv7l", "ppc64le", "")] == ["portable"] * 5
