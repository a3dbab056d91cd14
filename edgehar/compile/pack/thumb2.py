"""Constants as `conv1d_thumb2.c` reads them (Cortex-M3): four filters together, and how their sums become outputs."""

from __future__ import annotations

from edgehar.compile.kernel_path import KernelPath
from edgehar.compile.network import Layer
from edgehar.compile.pack import portable as pack_portable
from edgehar.compile.pack.dsp import largest_sum, positions
from edgehar.compile.pack.fours import FourFilters

KERNELS = {
    **pack_portable.KERNELS,
    "conv": "edgehar_conv1d_thumb2",
    "depthwise": "edgehar_depthwise_thumb2",
}


def at_once(layer: Layer) -> bool:
    """Whether `requantise_once` of edgehar_thumb.h holds: sums within 2^29, right shifts of 2 to 23, int8's bounds."""
    fits = min(layer.shift) >= -23 and max(layer.shift) <= -2 and largest_sum(layer) < 1 << 29
    return fits and layer.activation == (-128, 127)


_PACKING = FourFilters(KERNELS, at_once, lambda multiplier, shift: (multiplier, -2 - shift))

KERNEL_PATH = KernelPath(
    name="thumb2",
    kernels=KERNELS,
    # Not a processor of Arm: there the kernel is its definition in portable C.
    guard="defined(__thumb2__) || !defined(__arm__)",
    pack_conv=_PACKING.pack_conv,
    pack_depthwise=_PACKING.pack_depthwise,
    runs=lambda layer, channels: True,
    conv_scratch=lambda layer, positions: 0,
    positions=positions,
)
