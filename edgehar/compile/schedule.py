"""The order in which the engine fires its layers, replayed in Python.

The engine holds no queue that can overflow: how many columns each buffer must hold is found here, by running
firmware_ref/src/edgehar_engine.c's rules on column counts alone. Both must be changed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """A buffer of columns between a tensor and one of the layers that read it.

    Attributes:
        tensor: index of the tensor whose columns it holds.
        layer: index of the layer that reads it.
        lead: columns to pass over at a window's begin, and once where the stream never ends.
        inputs: columns in a window, where padding follows them; else 0.
        pad_left, pad_right: columns of padding.
        drop: columns to pass over after each group of outputs (may be negative: fewer than fired for).
    """

    tensor: int
    layer: int
    lead: int = 0
    inputs: int = 0
    pad_left: int = 0
    pad_right: int = 0
    drop: int = 0


@dataclass(frozen=True)
class Firing:
    """How one layer fires.

    Attributes:
        inputs: its edges, one or two.
        output: the edges that take its output; none where it goes to the history.
        kernel, stride: in columns.
        positions: output columns in a full block.
        outputs: outputs in a window or in a group; 0 where they never end.
        reduces: whether all outputs together make one column (MEAN).
        macs: multiply-accumulates of one output column.
    """

    inputs: tuple[int, ...]
    output: tuple[int, ...]
    kernel: int
    stride: int
    positions: int
    outputs: int
    reduces: bool
    macs: int

    @property
    def block_macs(self) -> int:
        """Multiply-accumulates of a full block."""
        return self.positions * self.macs


class Schedule:
    """Column counts of a running engine, and the largest that each edge reached."""

    def __init__(
        self, edges: Sequence[Edge], firings: Sequence[Firing], source: tuple[int, ...], replayed: tuple[int, ...],
        split: int, history: int,
    ) -> None:  # fmt: skip
        """Begin with an empty pipeline.

        Args:
            edges, firings: of the whole network.
            source: edges that take samples, where split > 0.
            replayed: edges that are filled from the history at a decision.
            split: firings that run continuously.
            history: columns that the history holds.
        """
        self._edges, self._firings = edges, firings
        self._source, self._replayed, self._split, self._history = source, replayed, split, history
        self.high = [0] * len(edges)
        self.fired = [0] * len(firings)
        self._next = 0
        self._count = [0] * len(edges)
        self._skip = [edge.lead for edge in edges]
        self._received = [0] * len(edges)
        self._produced = [0] * len(firings)

    def state(self) -> tuple[object, ...]:
        """What decides everything that follows until the next decision's end."""
        firings = self._split
        early = [i for i, edge in enumerate(self._edges) if edge.layer < firings]
        return (
            self._next,
            *(self._count[i] for i in early),
            *(self._skip[i] for i in early),
            *self._produced[:firings],
        )

    def macs(self, fired: Sequence[int]) -> int:
        """Multiply-accumulates of so many outputs of each layer."""
        return sum(firing.macs * n for firing, n in zip(self._firings, fired, strict=True))

    def feed(self, run: bool, budget: int) -> None:
        """One sample arrives at a split network; `run` fires what is ready, within so many multiply-accumulates."""
        for edge in self._source:
            self._deposit(edge, 1)
        if run:
            self._run(0, self._split, budget)

    def decide(self) -> None:
        """A decision: finish the continuous part, then replay the history through the rest."""
        self._finish()
        for index, edge in enumerate(self._edges):
            if edge.layer >= self._split:
                self._count[index], self._skip[index], self._received[index] = edge.pad_left, edge.lead, 0
                self.high[index] = max(self.high[index], edge.pad_left)
        self._produced[self._split :] = [0] * (len(self._firings) - self._split)
        left = self._history
        while (now := min(self._lacking(), left)) > 0:
            for index in self._replayed:
                self._deposit(index, now)
            self._run(self._split, len(self._firings))
            left -= now

    def _lacking(self) -> int:
        """Columns of the history before which no later firing can fire again; 0 or less if none ever will.

        Where the ring's end comes first, the engine gives them in two parts, which needs no more room.
        """
        if len(self._replayed) != 1:
            return 1
        firing, edge = self._firings[self._split], self._replayed[0]
        return firing.kernel + (self._wanted(self._split) - 1) * firing.stride + self._skip[edge] - self._count[edge]

    def _wanted(self, index: int) -> int:
        """Outputs in a firing's next full block."""
        firing = self._firings[index]
        return min(firing.positions, firing.outputs - self._produced[index]) if firing.outputs else firing.positions

    def _run(self, begin: int, end: int, budget: int | None = None) -> None:
        index = end
        while index > begin:
            index -= 1
            cost = self._firings[index].block_macs
            if (budget is None or cost <= budget) and self._fire(index, False):
                budget = None if budget is None else budget - cost
                index = end

    def _finish(self) -> None:
        self._run(0, self._split)
        for index in range(self._split):
            while self._fire(index, True):
                self._run(index + 1, self._split)

    def _deposit(self, index: int, columns: int) -> None:
        edge = self._edges[index]
        self._count[index] += columns
        self._received[index] += columns
        if edge.inputs and self._received[index] == edge.inputs:
            self._count[index] += edge.pad_right
        self.high[index] = max(self.high[index], self._count[index])
        self._settle(index)

    def _settle(self, index: int) -> None:
        passed = min(self._skip[index], self._count[index])
        self._count[index] -= passed
        self._skip[index] -= passed

    def _fire(self, index: int, flush: bool) -> bool:
        firing = self._firings[index]
        wanted = self._wanted(index)
        if not firing.output and index == self._split - 1:
            wanted = min(wanted, self._history - self._next)
        ready = wanted
        for edge in firing.inputs:
            while ready and self._count[edge] < firing.kernel + (ready - 1) * firing.stride:
                ready -= 1
        if not ready or (ready < wanted and not flush):
            return False
        self.fired[index] += ready
        if firing.outputs:
            self._produced[index] += ready
        ended = bool(firing.outputs) and self._produced[index] == firing.outputs
        for edge in firing.inputs:
            self._skip[edge] += ready * firing.stride
            if ended and index < self._split:
                self._skip[edge] += self._edges[edge].drop
            self._settle(edge)
        if ended and index < self._split:
            self._produced[index] = 0
        columns = int(ended) if firing.reduces else ready
        if not firing.output and index == self._split - 1:
            self._next = (self._next + columns) % self._history
        for edge in firing.output:
            if columns:
                self._deposit(edge, columns)
        return True
