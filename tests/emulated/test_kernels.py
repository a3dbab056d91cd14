"""The DSP and MVE convolutions against their definition, on emulated cores, in one run each."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehar.bench import qemu

from .kernel_cases import Case, expected, make, read_results, run_all, write_cases

#: channels, filters, taps, stride, positions; each row is there for a path through the code.
SHAPES = [
    (3, 100, 10, 1, 3),  # first layer: fewer channels than a word or a vector
    (100, 100, 10, 1, 2),
    (100, 16, 10, 1, 5),  # odd positions: the last one alone
    (160, 16, 10, 1, 1),
    (160, 6, 1, 1, 1),  # fully connected
    (1, 1, 1, 1, 1),
    (1, 2, 2, 1, 4),
    (2, 3, 3, 1, 6),
    (4, 4, 12, 1, 7),  # the longest chain
    (5, 5, 13, 1, 4),  # one tap more than the chain
    (16, 7, 4, 1, 9),  # whole vectors only
    (17, 9, 5, 2, 3),  # stride
    (31, 33, 3, 1, 4),  # one vector less a channel; a second group of filters with one filter
    (33, 65, 11, 1, 2),
    (40, 8, 7, 7, 2),  # stride as wide as the kernel
    (28, 6, 6, 9, 2),  # stride wider than the kernel
    (64, 4, 60, 1, 3),  # a kernel of 3,840 products: several chunks of the 24-bit accumulator
    (4, 3, 129, 1, 2),  # the longest kernel that the DSP path takes whatever the weights
]


FIRMWARE = qemu.FIRMWARE


def _cases() -> list[Case]:
    cases = [make(seed, *shape, extreme=seed > 2) for seed in range(1, 6) for shape in SHAPES]
    rng = np.random.default_rng(20)
    for seed in range(100, 160):
        shape = [int(rng.integers(1, most)) for most in (70, 40, 16, 4, 8)]
        cases.append(make(seed, *shape, extreme=bool(rng.integers(2))))
    return cases


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc: apt-get install gcc")
@pytest.mark.parametrize("kernel", ["portable", "dsp", "mve"])
def test_definition_in_c_gives_the_same_under_the_sanitizers(kernel: str, tmp_path: Path) -> None:
    """The portable C beside the assembly, on this machine: a slip there would make the definition worthless."""
    port = FIRMWARE / "port" / "qemu"
    sources = [*(FIRMWARE / "src").glob("conv1d_*.c"), port / "port_kernels.c", Path(__file__).parent / "host_board.c"]
    command = ["gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command += [f"-DKERNEL=edgehar_conv1d_{kernel}", f"-I{FIRMWARE / 'src'}", f"-I{port}", *map(str, sources)]
    subprocess.run([*command, "-o", str(tmp_path / "kernels")], check=True)
    cases = _cases()
    write_cases(cases, kernel, tmp_path)
    subprocess.run([tmp_path / "kernels", tmp_path / "cases.bin", tmp_path / "results.bin"], check=True)
    for case, (out, _, clean) in zip(cases, read_results(cases, tmp_path), strict=True):
        np.testing.assert_array_equal(out, expected(case), err_msg=f"{case}")
        assert clean, f"{case}: wrote outside its scratch or output"


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("target", "kernel"),
    [
        ("cortex-m4", "dsp"),
        ("cortex-m7", "dsp"),
        ("cortex-m33", "dsp"),
        ("cortex-m55", "mve"),
        ("cortex-m3", "portable"),
    ],
)
def test_kernel_gives_the_definitions_bytes_and_writes_nowhere_else(target: str, kernel: str, tmp_path: Path) -> None:
    cases = _cases()
    for case, (out, _, clean) in zip(cases, run_all(cases, target, tmp_path, kernel), strict=True):
        np.testing.assert_array_equal(out, expected(case), err_msg=f"{case}")
        assert clean, f"{case}: wrote outside its scratch or output"


@pytest.mark.emulated
def test_two_runs_count_the_same(tmp_path: Path) -> None:
    cases = [make(1, *shape) for shape in SHAPES[:4]]
    first = run_all(cases, "cortex-m4", tmp_path)
    second = run_all(cases, "cortex-m4", tmp_path)
    assert [count for _, count, _ in first] == [count for _, count, _ in second]


@pytest.mark.emulated
@pytest.mark.parametrize(("target", "most"), [("cortex-m4", 0.83), ("cortex-m55", 0.112)])
def test_a_wide_layer_costs_few_instructions_a_product(target: str, most: float, tmp_path: Path) -> None:
    case = make(1, 100, 100, 10, 1, 4)
    [(_, count, _)] = run_all([case], target, tmp_path)
    assert count / case.macs <= most
