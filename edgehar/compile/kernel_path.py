"""What a kernel path asks of the compiler: how it wants weights packed, and how much room it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.network import Layer
from edgehar.errors import EdgeharError

KERNEL_PATHS = ("portable", "thumb", "thumb2", "dsp", "mve", "riscv", "vector")


@dataclass(frozen=True)
class PackedConv:
    """A convolution's constants as its kernel reads them.

    Attributes:
        kernel: the C kernel.
        weights: bytes, emitted as little-endian words.
        bias: int32 (filters,), with whatever the packing folds in; None where `weights` holds biases, multipliers
            and shifts as well.
    """

    kernel: str
    weights: bytes
    bias: NDArray[np.int32] | None


#: (a `conv` layer, bias int32 (filters,) with the input offset folded in)
ConvPacker = Callable[[Layer, NDArray[np.int32]], PackedConv]
#: (a `depthwise` layer, bias as above, channels of the input)
DepthwisePacker = Callable[[Layer, NDArray[np.int32], int], PackedConv]


@dataclass(frozen=True)
class KernelPath:
    """One kernel path.

    Attributes:
        name: one of `KERNEL_PATHS`.
        kernels: C kernel for each kind of layer in `network.Kind`, where it can run it; else the portable one does.
        guard: C preprocessor condition under which this packing may be compiled.
        pack_conv, pack_depthwise: choose the kernel of a convolution and pack it.
        runs: whether the path's own kernel can run a layer that is not packed, given the channels of its input.
        conv_scratch: bytes of scratch of a `conv` layer that is fired for blocks of so many positions.
        positions: output columns of a layer that are computed best in one block: (bytes that a column adds to the
            layer's input, bytes of an output column) to columns.
        kept_bytes: what a `conv` layer keeps from call to call, in a scratch of its own, where the stream brings it one
            column at a decision and its kernel has a form that does; 0: it has none.
        whole_lines: weights begin where a cache line of 64 bytes does.
    """

    name: str
    kernels: dict[str, str]
    guard: str
    pack_conv: ConvPacker
    pack_depthwise: DepthwisePacker
    runs: Callable[[Layer, int], bool]
    conv_scratch: Callable[[Layer, int], int]
    positions: Callable[[int, int], int]
    kept_bytes: Callable[[Layer], int] = lambda layer: 0
    whole_lines: bool = False


def load_kernel_path(name: str) -> KernelPath:
    """The kernel path of that name.

    Raises:
        EdgeharError: no such kernel path.
    """
    if name not in KERNEL_PATHS:
        raise EdgeharError(f"expected kernels of {', '.join(KERNEL_PATHS)}, got {name!r}")
    path = import_module(f"edgehar.compile.pack.{name}").KERNEL_PATH
    assert isinstance(path, KernelPath)
    return path
