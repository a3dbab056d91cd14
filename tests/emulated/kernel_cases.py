"""Convolutions with random numbers, packed for a kernel path, and what they must give."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark import qemu
from edgehar.compile.kernel_path import PackedConv, load_kernel_path
from edgehar.compile.network import Layer


@dataclass(frozen=True)
class Case:
    """One firing of one convolution; arrays as the kernels define them."""

    weights: NDArray[np.int8]  # (filters, taps, channels); depthwise: (channels, taps, 1)
    bias: NDArray[np.int32]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    columns: NDArray[np.int8]  # (taps + (positions - 1) * stride, channels)
    stride: int
    positions: int
    zero: int
    low: int
    high: int
    depthwise: bool = False

    @property
    def macs(self) -> int:
        return self.weights.size * self.positions

    def __str__(self) -> str:
        filters, taps, _ = self.weights.shape
        channels = self.columns.shape[1]
        return f"{channels}→{filters} kernel {taps} stride {self.stride} positions {self.positions}"


def make(
    seed: int,
    channels: int,
    filters: int,
    taps: int,
    stride: int,
    positions: int,
    *,
    extreme: bool = False,
    quick: bool = False,
    depthwise: bool = False,
) -> Case:
    """A case with typical numbers, or with the largest ones and shifts to both sides.

    `quick`: only shifts to the right and int8's own bounds, which the kernels may requantise the quick way.
    """
    rng = np.random.default_rng([seed, channels, filters, taps, stride, positions])
    shape = (filters, taps, 1 if depthwise else channels)
    column_shape = (taps + (positions - 1) * stride, channels)
    if extreme:
        weights = rng.choice([-127, 127], shape) * np.sign(rng.standard_normal((filters, 1, 1)) + 1.5).astype(int)
        columns = rng.choice([-128, 127], column_shape, p=[0.9, 0.1] if seed % 2 else [0.1, 0.9])
        weights[rng.random(shape) < 0.02] = rng.integers(-127, 128)
        shift = rng.integers(-12, 2, filters)
        multiplier = rng.choice([0, 1 << 30, (1 << 31) - 1, 1999999999], filters)
        bias = rng.integers(-(1 << 20), 1 << 20, filters)
        if quick:
            shift = rng.integers(-23, 0, filters)
            bias[rng.random(filters) < 0.3] *= 255
    else:
        weights = np.clip(np.rint(rng.standard_normal(shape) * 38), -127, 127)
        columns = np.clip(np.rint(rng.standard_normal(column_shape) * 50), -128, 127)
        spread = 38 * 50 * np.sqrt(taps * shape[2])
        real = 60 / spread * np.exp(rng.uniform(-0.7, 0.7, filters))
        mantissa, exponent = np.frexp(real)
        multiplier, shift = np.rint(mantissa * 2.0**31), exponent
        bias = rng.integers(-int(spread), int(spread) + 1, filters)
    bounded = seed % 3 == 0 and not quick
    low, high = sorted(rng.choice([-128, -100, -7, 0, 99, 127], 2, replace=False))
    return Case(
        weights.astype(np.int8),
        bias.astype(np.int32),
        multiplier.astype(np.int64).clip(0, (1 << 31) - 1).astype(np.int32),
        shift.astype(np.int8),
        columns.astype(np.int8),
        stride,
        positions,
        int(rng.choice([-128, -3, 0, 17])),
        int(low) if bounded else -128,
        int(high) if bounded else 127,
        depthwise,
    )


def furthest(case: Case) -> Case:
    """The case with the activations that take the first filter's sum as far up as they can at its first position, and
    as far down at the second: random ones never come near either end. Positions must not overlap."""
    taps = case.weights.shape[1]
    assert case.stride == taps and case.positions == 2
    up = np.where(case.weights[0] > 0, 127, -128)
    return replace(case, columns=np.concatenate([up, -1 - up]).astype(np.int8))


def expected(case: Case) -> NDArray[np.int8]:
    """(positions, filters) by the definition of TensorFlow Lite's reference kernel, in 64 bits."""
    taps = case.weights.shape[1]
    rows = []
    for position in range(case.positions):
        window = case.columns[position * case.stride : position * case.stride + taps].astype(np.int64)
        weights = case.weights.astype(np.int64)
        dots = (weights[..., 0].T * window).sum(0) if case.depthwise else np.tensordot(weights, window, 2)
        rows.append(dots + case.bias)
    total = np.stack(rows)
    left, right = np.maximum(case.shift, 0).astype(np.int64), np.maximum(-case.shift, 0).astype(np.int64)
    total = (total << left).astype(np.int32).astype(np.int64)
    product = total * case.multiplier
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.sign(product + nudge) * (np.abs(product + nudge) // (1 << 31))
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    rounded = (high >> right) + ((high & mask) > threshold)
    return np.clip(rounded + case.zero, case.low, case.high).astype(np.int8)


def pack(case: Case, kernel: str) -> tuple[PackedConv, int]:
    """The case packed for a kernel path, and the bytes of scratch that it needs."""
    path, weights = load_kernel_path(kernel), case.weights
    layer = Layer(
        "depthwise" if case.depthwise else "conv",
        "case",
        (0,),
        1,
        weights.shape[1],
        case.stride,
        weights=weights[..., 0].T if case.depthwise else weights,
        bias=case.bias,
        multiplier=tuple(case.multiplier.tolist()),
        shift=tuple(case.shift.tolist()),
        activation=(case.low, case.high),
    )
    if case.depthwise:
        return path.pack_depthwise(layer, case.bias, case.columns.shape[1]), 0
    return path.pack_conv(layer, case.bias), path.conv_scratch(layer, case.positions)


def encode(case: Case, kernel: str) -> bytes:
    """The case as port_kernels.c reads it."""
    filters, taps, _ = case.weights.shape
    packed, scratch = pack(case, kernel)
    bias = np.zeros(filters, np.int32) if packed.bias is None else packed.bias
    weights = _pad(packed.weights)
    columns = _pad(case.columns.tobytes())
    head = struct.pack(
        "<11i",
        case.columns.shape[1],
        filters,
        taps,
        case.stride,
        case.positions,
        case.zero,
        case.low,
        case.high,
        len(weights) // 4,
        scratch,
        len(columns),
    )
    tables = bias.astype("<i4").tobytes() + case.multiplier.astype("<i4").tobytes() + _pad(case.shift.tobytes())
    return head + tables + weights + columns


Result = tuple[NDArray[np.int8], int, bool]


def run_all(cases: list[Case], target: str, folder: Path, kernel: str | None = None) -> list[Result]:
    """Output, instructions and "wrote nowhere else" of every case, in one run of the emulator."""
    kernel = kernel or qemu.board(target).kernel
    image = qemu.build(target, "kernels", folder, KERNEL=pack(cases[0], kernel)[0].kernel)
    write_cases(cases, kernel, folder)
    qemu.run(target, image, [folder / "cases.bin", folder / "results.bin"])
    return [(out, qemu.instructions(target, ticks), clean) for out, ticks, clean in read_results(cases, folder)]


def write_cases(cases: list[Case], kernel: str, folder: Path) -> None:
    """cases.bin for port_kernels.c."""
    (folder / "cases.bin").write_bytes(b"".join(encode(case, kernel) for case in cases))


def read_results(cases: list[Case], folder: Path) -> list[Result]:
    """What port_kernels.c wrote to results.bin; ticks in place of instructions."""
    data = (folder / "results.bin").read_bytes()
    results, at = [], 0
    for case in cases:
        ticks, clean = struct.unpack_from("<2I", data, at)
        size = case.positions * len(case.weights)
        out = np.frombuffer(data, np.int8, size, at + 8).reshape(case.positions, -1)
        results.append((out, ticks, bool(clean)))
        at += 8 + -(-size // 4) * 4
    assert at == len(data)
    return results


def _pad(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
