"""The DSP and MVE convolutions against their definition, on emulated cores, in one run each."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.pack.thumb import MOST_INPUTS
from edgehar.engine import engine_dir

from .kernel_cases import Case, expected, furthest, make, pack, read_results, run_all, write_cases

#: channels, filters, taps, stride, positions; each row is there for a path through the code.
SHAPES = [
    (3, 100, 10, 1, 3),  # first layer: fewer channels than a word or a vector
    (100, 100, 10, 1, 2),
    (100, 16, 10, 1, 5),  # odd positions: the last one alone
    (160, 16, 10, 1, 1),
    (160, 6, 1, 1, 1),  # fully connected
    (1, 1, 4, 1, 1),
    (1, 2, 5, 1, 4),
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
    (4, 3, 129, 1, 2),  # nearly as many products as a chunk of the 24-bit accumulator holds whatever the weights
    (3, 16, 9, 2, 8),  # windows that begin at any byte of a word
    (2, 5, 2, 3, 5),  # one word per window
    (7, 3, 9, 1, 3),  # three bytes in the last quad
    (52, 4, 1, 1, 2),  # 13 quads: the chain of double quads once and one quad more; then 26 and 27
    (104, 4, 1, 1, 3),
    (107, 4, 1, 1, 3),
    (100, 9, 10, 1, 16),  # eight positions at once, a flat part behind six chunks
    (16, 5, 12, 1, 7),  # seven that go as eight, the longest chain
    (40, 3, 6, 1, 11),  # eight and three, the shortest chain for eight
    (32, 50, 7, 1, 8),  # two groups of filters
    (16, 101, 1, 1, 5),  # columns that stay in registers: one vector, two groups of filters
    (32, 5, 1, 1, 4),  # two vectors
]

#: channels, taps, stride, positions of depthwise layers
DEPTHWISE = [
    (4, 1, 1, 1),
    (4, 8, 1, 3),  # as many taps as the chain holds, and one more
    (4, 9, 2, 2),
    (5, 5, 1, 3),  # fours that overlap by 3, 2 and 1
    (6, 3, 2, 4),
    (7, 2, 3, 2),
    (16, 5, 2, 8),
    (32, 5, 1, 5),
    (33, 11, 1, 2),
    (48, 33, 1, 2),
    (127, 4, 5, 3),
]


FIRMWARE = engine_dir()


def _cases() -> list[Case]:
    cases = [make(seed, *shape, extreme=seed > 2) for seed in range(1, 6) for shape in SHAPES]
    # Several chunks of the 24-bit accumulator, each filled to its end.
    cases += [furthest(make(seed, 64, 4, 60, 60, 2, extreme=True, quick=seed > 3)) for seed in range(1, 6)]
    rng = np.random.default_rng(20)
    for seed in range(100, 160):
        shape = [int(rng.integers(1, most)) for most in (70, 40, 16, 4, 8)]
        shape[2] += 3 * (shape[0] * shape[2] < 4)
        cases.append(make(seed, *shape, extreme=bool(rng.integers(2)), quick=bool(rng.integers(2))))
    return cases + [make(seed, *shape, extreme=True, quick=True) for seed in (6, 7, 8) for shape in SHAPES]


def _depthwise_cases() -> list[Case]:
    cases = []
    rng = np.random.default_rng(21)
    shapes = [*DEPTHWISE, *(tuple(int(rng.integers(low, 30)) for low in (4, 1, 1, 1)) for _ in range(40))]
    for seed, (channels, taps, stride, positions) in enumerate(3 * shapes):
        shape = channels, channels, taps, stride, positions
        cases.append(make(seed, *shape, extreme=seed >= len(shapes), quick=True, depthwise=True))
        cases[-1].weights[0, 0] = -128
    return cases


def _wide_depthwise_cases() -> list[Case]:
    """Those of 8 channels or more, and the same shapes with bounds of their own: all that vectors take."""
    wide = [case for case in _depthwise_cases() if case.columns.shape[1] >= 8]
    for seed, case in enumerate(list(wide)):
        channels, taps, _ = case.weights.shape
        other = make(3 * seed, channels, channels, taps, case.stride, case.positions, depthwise=True)
        wide.append(replace(other, shift=np.minimum(other.shift, -1)))
    return wide


def cases_of(kernel: str, kind: str) -> list[Case]:
    """What a path's own kernel computes."""
    if kernel.startswith("thumb"):
        most = MOST_INPUTS if kernel == "thumb" and kind == "conv" else 1 << 16
        cases = _at_once(_cases() if kind == "conv" else _depthwise_cases())
        return [case for case in cases if case.weights[0].size <= most]
    if kernel == "riscv":
        cases = _cases() if kind == "conv" else _depthwise_cases()
        return [replace(case, shift=np.minimum(case.shift, np.int8(-2))) for case in cases]
    if kind == "conv":
        return _cases()
    return _wide_depthwise_cases() if kernel == "mve" else _depthwise_cases()


def _at_once(cases: list[Case]) -> list[Case]:
    """The cases with int8's own bounds, and each shift 2 … 23 to the right."""
    lowest, highest = np.int8(-23), np.int8(-2)
    return [replace(case, low=-128, high=127, shift=np.clip(case.shift, lowest, highest)) for case in cases]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc: apt-get install gcc")
@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        (kernel, kind)
        for kernel in ("portable", "thumb", "thumb2", "dsp", "mve", "riscv")
        for kind in ("conv", "depthwise")
    ],
)
def test_definition_in_c_gives_the_same_under_the_sanitizers(kernel: str, kind: str, tmp_path: Path) -> None:
    """The portable C beside the assembly, on this machine: a slip there would make the definition worthless."""
    port, cases = FIRMWARE / "port" / "qemu", cases_of(kernel, kind)
    sources = [path for name in ("conv1d", "depthwise") for path in (FIRMWARE / "src").glob(f"{name}_*.[cS]")]
    sources += [port / "port_kernels.c", Path(__file__).parent / "host_board.c"]
    command = ["gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command += [f"-DKERNEL={pack(cases[0], kernel)[0].kernel}", f"-I{FIRMWARE / 'src'}", f"-I{port}"]
    subprocess.run([*command, *map(str, sources), "-o", str(tmp_path / "kernels")], check=True)
    write_cases(cases, kernel, tmp_path)
    subprocess.run([tmp_path / "kernels", tmp_path / "cases.bin", tmp_path / "results.bin"], check=True)
    for case, (out, _, clean) in zip(cases, read_results(cases, tmp_path), strict=True):
        np.testing.assert_array_equal(out, expected(case), err_msg=f"{case}")
        assert clean, f"{case}: wrote outside its scratch or output"


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("target", "kernel", "kind"),
    [
        ("cortex-m4", "dsp", "conv"),
        ("cortex-m7", "dsp", "conv"),
        ("cortex-m33", "dsp", "conv"),
        ("cortex-m55", "mve", "conv"),
        ("cortex-m3", "thumb", "conv"),  # a Cortex-M0's board has no room for the cases
        ("cortex-m3", "thumb", "depthwise"),
        ("cortex-m3", "portable", "conv"),
        ("cortex-m3", "thumb2", "conv"),
        ("cortex-m3", "thumb2", "depthwise"),
        ("cortex-m4", "dsp", "depthwise"),
        ("cortex-m33", "dsp", "depthwise"),
        ("cortex-m55", "mve", "depthwise"),
    ],
)
def test_kernel_gives_the_definitions_bytes_and_writes_nowhere_else(
    target: str, kernel: str, kind: str, tmp_path: Path
) -> None:
    cases = cases_of(kernel, kind)
    for case, (out, _, clean) in zip(cases, run_all(cases, target, tmp_path, kernel), strict=True):
        np.testing.assert_array_equal(out, expected(case), err_msg=f"{case}")
        assert clean, f"{case}: wrote outside its scratch or output"


def test_the_packer_chooses_the_depthwise_kernel() -> None:
    """The DSP kernel for one filter per channel and the quick requantisation, else the portable one."""
    case = make(1, 8, 8, 5, 1, 1, depthwise=True, quick=True)
    chosen = {
        "plain": case,
        "two filters per channel": replace(case, columns=case.columns[:, :4]),
        "three channels": make(1, 3, 3, 5, 1, 1, depthwise=True, quick=True),
        "a shift to the left": replace(case, shift=np.where(np.arange(8) == 3, 0, case.shift).astype(np.int8)),
        "a long shift": replace(case, shift=np.where(np.arange(8) == 3, -24, case.shift).astype(np.int8)),
        "bounds": replace(case, low=-127),
        "a large bias": replace(case, bias=np.full(8, 1 << 30, np.int32)),
    }
    kernels = {name: pack(each, "dsp")[0].kernel for name, each in chosen.items()}
    assert kernels.pop("plain") == "edgehar_depthwise_dsp"
    assert set(kernels.values()) == {"edgehar_depthwise_portable"}


def test_the_packer_chooses_the_depthwise_vectors() -> None:
    """8 channels or more, one filter each, shifts to the right, any bounds; for fewer channels what DSP has."""
    case = make(1, 8, 8, 5, 1, 1, depthwise=True, quick=True)
    chosen = {
        "plain": (case, "mve"),
        "bounds": (replace(case, low=-127), "mve"),
        "two filters per channel": (replace(case, columns=case.columns[:, :4]), "portable"),
        "a factor above one half": (replace(case, shift=np.zeros(8, np.int8)), "portable"),
        "four channels": (make(1, 4, 4, 5, 1, 1, depthwise=True, quick=True), "dsp"),
        "three channels": (make(1, 3, 3, 5, 1, 1, depthwise=True, quick=True), "portable"),
    }
    kernels = {name: pack(each, "mve")[0].kernel for name, (each, _) in chosen.items()}
    assert kernels == {name: f"edgehar_depthwise_{path}" for name, (_, path) in chosen.items()}


@pytest.mark.parametrize("path", ["thumb", "thumb2"])
@pytest.mark.parametrize("kind", ["conv", "depthwise"])
def test_the_packer_chooses_the_kernels_for_thumb(kind: str, path: str) -> None:
    """Shifts of 2 to 23 to the right, int8's bounds, sums within 2^29; depthwise for a filter per channel of 4."""
    case = replace(make(1, 8, 8, 5, 1, 1, depthwise=kind == "depthwise"), low=-128, high=127)
    case = replace(case, shift=np.full(8, -5, np.int8))
    others = {
        "a shift of one": replace(case, shift=np.where(np.arange(8) == 3, -1, case.shift).astype(np.int8)),
        "a long shift": replace(case, shift=np.where(np.arange(8) == 3, -24, case.shift).astype(np.int8)),
        "bounds": replace(case, high=126),
        "a large bias": replace(case, bias=np.full(8, 1 << 29, np.int32)),
    }
    if kind == "depthwise":
        others["two filters per channel"] = replace(case, columns=case.columns[:, :4])
    if kind == "depthwise" and path == "thumb2":
        others["three channels"] = replace(make(1, 3, 3, 5, 1, 1, depthwise=True, quick=True), shift=case.shift[:3])
    if kind == "conv" and path == "thumb":
        others["many inputs"] = replace(make(1, MOST_INPUTS + 1, 8, 1, 1, 1, quick=True), shift=case.shift)
    kernels = {name: pack(each, path)[0].kernel for name, each in others.items()}
    plain = pack(case, path)[0].kernel
    assert plain.endswith(f"_{path}")
    assert set(kernels.values()) == {plain.replace(path, "portable")}


@pytest.mark.parametrize("kind", ["conv", "depthwise"])
def test_the_packer_chooses_the_kernels_for_riscv(kind: str) -> None:
    """Shifts of 2 or more to the right, any bounds and sums; depthwise for a filter per channel of 4."""
    case = make(1, 8, 8, 5, 1, 1, depthwise=kind == "depthwise")
    case = replace(case, shift=np.full(8, -2, np.int8), low=-100, bias=np.full(8, 1 << 30, np.int32))
    others = {"a shift of one": replace(case, shift=np.where(np.arange(8) == 3, -1, case.shift).astype(np.int8))}
    if kind == "depthwise":
        others["two filters per channel"] = replace(case, columns=case.columns[:, :4])
        others["three channels"] = replace(make(1, 3, 3, 5, 1, 1, depthwise=True), shift=case.shift[:3])
    assert pack(case, "riscv")[0].kernel.endswith("_riscv")
    kernels = {name: pack(each, "riscv")[0].kernel.split("_")[-1] for name, each in others.items()}
    assert set(kernels.values()) == {"portable"}, kernels


@pytest.mark.emulated
def test_two_runs_count_the_same(tmp_path: Path) -> None:
    cases = [make(1, *shape) for shape in SHAPES[:4]]
    first = run_all(cases, "cortex-m4", tmp_path)
    second = run_all(cases, "cortex-m4", tmp_path)
    assert [count for _, count, _ in first] == [count for _, count, _ in second]


@pytest.mark.emulated
@pytest.mark.parametrize(("target", "most"), [("cortex-m4", 0.79), ("cortex-m55", 0.112)])
def test_a_wide_layer_costs_few_instructions_a_product(target: str, most: float, tmp_path: Path) -> None:
    case = make(1, 100, 100, 10, 1, 4)
    [(_, count, _)] = run_all([case], target, tmp_path)
    assert count / case.macs <= most


@pytest.mark.emulated
def test_narrow_layers_cost_few_instructions_a_product(tmp_path: Path) -> None:
    """Of a small network: three channels with a stride, one tap over few channels, and depthwise."""
    first, pointwise = make(1, 3, 16, 9, 2, 8), make(1, 32, 48, 1, 1, 4)
    depthwise = make(1, 32, 32, 5, 1, 8, depthwise=True, quick=True)
    for case, most in ((first, 1.6), (pointwise, 1.25), (depthwise, 4.6)):
        folder = tmp_path / f"{most}"
        folder.mkdir()
        [(_, count, _)] = run_all([case], "cortex-m4", folder)
        assert count / case.macs <= most, f"{case}"
