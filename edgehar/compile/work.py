"""What a layer's firing takes, in instructions: by this a plan spreads work over samples.

The numbers are fitted to what emulated cores counted (tests/emulated/test_kernels.py has the shapes), one set for each
kernel path; the portable kernels' and those of vectors are a Cortex-M3's. A convolution's are within a tenth or so: a
schedule needs no more, since nothing but the order of work depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgehar.compile.network import Layer, Tensor, macs

#: More than any budget, as 32 bits have it.
UNLIMITED = (1 << 32) - 1
#: A value that is looked up, scaled, copied or compared.
_VALUE = 10


@dataclass(frozen=True)
class Loops:
    """What a convolution's kernel takes.

    Attributes:
        together: positions that it computes at once; what is left over, alone.
        group, single: of so many positions and of one: a constant, then for each product and each value of a position.
        fours: filters are computed four at once, missing ones too.
        pads: two positions or more that are left over take as much as a group.
    """

    together: int
    group: tuple[float, float, float]
    single: tuple[float, float, float]
    fours: bool = False
    pads: bool = False

    def work(self, positions: int, products: int, values: int) -> float:
        """Of a block of so many positions; `products` and `values` are of one."""
        if self.fours:
            whole = -(-values // 4) * 4
            products, values = products * whole // values, whole
        groups, left = divmod(positions, self.together)
        if self.pads and left > 1:
            groups, left = groups + 1, 0
        return sum(
            times * (constant + by_product * products + by_value * values)
            for times, (constant, by_product, by_value) in ((groups, self.group), (left, self.single))
        )


@dataclass(frozen=True)
class PathWork:
    """What a kernel path's core takes.

    Attributes:
        push: a sample besides all layers, as floats.
        firing: a firing besides its columns: the engine's own loop, moving columns on, and a kernel's beginning.
        decision: a decision besides its layers: scores, label, the next window's beginning.
        conv, depthwise: kernels.
        mean: of a firing, what the history's columns take to come included; of each of its channels; of each value
            that it sums up; and of each value of the output.
        exponential: of a softmax, for each class.
    """

    push: int
    firing: int
    decision: int
    conv: Loops
    depthwise: Loops
    mean: tuple[float, float, float, float]
    exponential: int

    def block(self, layer: Layer, tensors: tuple[Tensor, ...], columns: int) -> int:
        """A firing of so many output columns; where all outputs together make one (MEAN), of so many input columns."""
        source, values = tensors[layer.inputs[0]].channels, tensors[layer.output].channels
        if layer.kind == "conv":
            work = self.conv.work(columns, macs(layer, tensors), values)
        elif layer.kind == "depthwise":
            work = self.depthwise.work(columns, macs(layer, tensors), values)
        elif layer.reduces:
            work = self.mean[0] + (self.mean[1] + columns * self.mean[2]) * source
        elif layer.kind == "softmax":
            work = float(columns * self.exponential * values)
        else:
            work = float(columns * _VALUE * values * (layer.kernel if "pool" in layer.kind else 1))
        return self.firing + round(work)

    def end(self, layer: Layer, tensors: tuple[Tensor, ...]) -> int:
        """What a MEAN's one column takes beside the firings for its inputs."""
        return round(self.mean[3] * tensors[layer.output].channels) if layer.kind == "mean" else 0


_PORTABLE = PathWork(
    push=1400, firing=330, decision=750,
    conv=Loops(2, (240, 4.0, 60), (230, 3.3, 30), fours=True),
    depthwise=Loops(1, (60, 8, 30), (60, 8, 30)),
    mean=(200, 0, 6.5, 39), exponential=200,
)  # fmt: skip
_BY_PATH = {
    "thumb": PathWork(
        push=2000, firing=500, decision=950,
        conv=Loops(4, (390, 12, 125), (310, 5, 46), pads=True),
        depthwise=Loops(4, (90, 22, 150), (105, 10, 66), pads=True),
        mean=(250, 0, 7.5, 98), exponential=700,
    ),
    "thumb2": PathWork(
        push=1400, firing=330, decision=750,
        conv=Loops(2, (280, 3.7, 17), (280, 2.8, 17), fours=True),
        depthwise=Loops(2, (90, 5.8, 22.5), (85, 3.7, 22)),
        mean=(200, 0, 6.5, 39), exponential=200,
    ),
    "dsp": PathWork(
        push=550, firing=300, decision=650,
        conv=Loops(2, (345, 1.72, 14), (275, 1.05, 18)),
        depthwise=Loops(2, (80, 4.6, 18), (40, 2.3, 10)),
        mean=(180, 8, 1.8, 18), exponential=200,
    ),
    "mve": PathWork(
        push=570, firing=330, decision=650,
        conv=Loops(2, (340, 0.46, 2.5), (300, 0.36, 0.4)),
        depthwise=Loops(4, (70, 3.8, 24), (70, 1, 7)),
        mean=(190, 7, 1.3, 3), exponential=220,
    ),
    "riscv": PathWork(
        push=1300, firing=350, decision=800,
        conv=Loops(4, (740, 10.5, 30), (430, 4.1, 8), fours=True, pads=True),
        depthwise=Loops(4, (145, 14.5, 65), (145, 4.8, 28), pads=True),
        mean=(250, 0, 7, 40), exponential=220,
    ),
}  # fmt: skip


def work_of(path: str) -> PathWork:
    """What the kernel path of that name takes."""
    return _BY_PATH.get(path, _PORTABLE)
