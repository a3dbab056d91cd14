"""Constants as `conv1d_riscv.c` reads them (rv32im): four filters together, and how their sums become outputs."""

from __future__ import annotations

from edgehar.compile.kernel_path import KernelPath
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.fours import FourFilters

KERNELS = {**pack_portable.KERNELS, "conv": "edgehar_conv1d_riscv", "depthwise": "edgehar_depthwise_riscv"}


def _shifts_right(layer: Layer) -> bool:
    """Whether `requantise_right` of conv1d_riscv.c holds: every shift goes 2 … 31 to the right."""
    return min(layer.shift) >= -31 and max(layer.shift) <= -2


_PACKING = FourFilters(KERNELS, _shifts_right, lambda multiplier, shift: (2 * multiplier, -1 - shift))

KERNEL_PATH = KernelPath(
    name="riscv",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="defined(__riscv) || !defined(__arm__)",
    pack_conv=_PACKING.pack_conv,
    pack_depthwise=_PACKING.pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=lambda layer, positions: 0,
    positions=lambda step, output: 4,
)
