"""What a kernel path asks of the compiler: how it wants weights packed, and how much room it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import EdgeharError

TARGETS = ("portable", "dsp", "mve")


@dataclass(frozen=True)
class PackedConv:
    """A convolution's constants as its kernel reads them.

    Attributes:
        weights: bytes, emitted as little-endian words.
        bias: int32 (filters,), with whatever the packing folds in.
    """

    weights: bytes
    bias: NDArray[np.int32]


#: (weights int8 (filters, kernel, channels), bias int32 with the input offset folded in, shift int8, stride)
ConvPacker = Callable[[NDArray[np.int8], NDArray[np.int32], NDArray[np.int8], int], PackedConv]


@dataclass(frozen=True)
class Target:
    """One kernel path.

    Attributes:
        name: one of `TARGETS`.
        kernels: C kernel for each kind of layer in `network.Kind`.
        guard: C preprocessor condition under which this packing may be compiled.
        pack_conv: packs a convolution; see `ConvPacker`.
        pack_depthwise: int8 (kernel, filters) to the bytes that the depthwise kernel reads.
        conv_scratch: bytes of scratch for (kernel, stride, channels, filters, positions).
        positions: output columns that a convolution computes best in one block.
    """

    name: str
    kernels: dict[str, str]
    guard: str
    pack_conv: ConvPacker
    pack_depthwise: Callable[[NDArray[np.int8]], bytes]
    conv_scratch: Callable[[int, int, int, int, int], int]
    positions: int


def load_target(name: str) -> Target:
    """The target of that name.

    Raises:
        EdgeharError: no such target.
    """
    if name not in TARGETS:
        raise EdgeharError(f"expected a target of {', '.join(TARGETS)}, got {name!r}")
    target = import_module(f"edgehar.export.c.pack_{name}").TARGET
    assert isinstance(target, Target)
    return target
