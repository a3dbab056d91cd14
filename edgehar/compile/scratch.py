"""Where the layers of a plan have their working memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgehar.compile.kernel_path import KernelPath
from edgehar.compile.network import Network
from edgehar.compile.schedule import Firing


@dataclass(frozen=True)
class Scratch:
    """Working memory, in bytes of the engine's.

    Attributes:
        offsets: of each layer's.
        keeps: where a layer's is its own and lasts (`KernelPath.kept_bytes`), its first word after a reset, else 0.
            Layers have 1 and 2 in turn: to add up the next column with the first, or to wait for another.
        end: behind all of it.
    """

    offsets: tuple[int, ...]
    keeps: tuple[int, ...]
    end: int


def place_scratch(
    network: Network, path: KernelPath, firings: Sequence[Firing], singly: Sequence[bool], place: int
) -> Scratch:
    """Lay the working memory out: first what lasts, then what all other layers share.

    Args:
        singly: whether each layer puts out one column at a decision.
        place: where it begins.
    """
    own: dict[int, int] = {}
    keeps: list[int] = []
    shared = 0
    for index, (layer, firing) in enumerate(zip(network.layers, firings, strict=True)):
        channels = network.tensors[layer.inputs[0]].channels
        size = path.conv_scratch(layer, firing.positions) if layer.kind == "conv" else 0
        if layer.kind == "softmax":
            size = 4 * channels
        # Without an end, the next call computes the next column.
        endless = layer.kind == "conv" and firing.outputs == 0
        kept = path.kept_bytes(layer) if endless and singly[index] else 0
        turn = 1 + sum(map(bool, keeps)) % 2
        keeps.append(turn if kept else 0)
        if layer.reduces or kept:
            own[index] = place
            lasting = kept + size if kept else 4 * channels if layer.kind == "mean" else channels
            place += aligned(lasting)
        else:
            shared = max(shared, size)
    offsets = tuple(own.get(index, place) for index in range(len(firings)))
    return Scratch(offsets, tuple(keeps), place + aligned(shared))


def aligned(size: int) -> int:
    """The next multiple of 4, where what follows begins."""
    return (size + 3) & ~3
