"""The order in which the engine fires its layers, replayed in Python.

The engine holds no queue that can overflow: how many columns each buffer must hold is found here, by running
firmware_ref/src/edgehar_engine.c's rules on column counts alone. Both must be changed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgehar.compile.work import UNLIMITED


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
        works: what so many output columns take, 0 … positions; see `work.PathWork.block`.
        end_work: what the one column of a reduction takes beside.
        waits: whether it is fired at decisions alone.
    """

    inputs: tuple[int, ...]
    output: tuple[int, ...]
    kernel: int
    stride: int
    positions: int
    outputs: int
    reduces: bool
    macs: int
    works: tuple[int, ...]
    end_work: int
    waits: bool = False

    @property
    def block_work(self) -> int:
        """What a full block takes, as far as the budget is concerned."""
        return UNLIMITED if self.waits else self.works[self.positions]


def settled(index: int, firing: Firing, edges: Sequence[Edge], split: int, count: int) -> int:
    """The last layers of a firing's part, before or behind the split, which its output cannot make ready.

    Args:
        index: of the firing.
        count: of all firings.
    """
    readers = [edges[edge].layer for edge in firing.output if edges[edge].layer < count]
    return (split if index < split else count) - 1 - max([index, *readers])


class Schedule:
    """Column counts of a running engine, and the largest that each edge reached."""

    def __init__(
        self, edges: Sequence[Edge], firings: Sequence[Firing], source: tuple[int, ...], replayed: tuple[int, ...],
        split: int, history: int, advance: int = 0, push: int = 0, decision: int = 0,
    ) -> None:  # fmt: skip
        """Begin with an empty pipeline.

        Args:
            edges, firings: of the whole network.
            source: edges that take samples, where split > 0.
            replayed: edges that are filled from the history at a decision.
            split: firings that run continuously.
            history: columns that the history holds.
            advance: those that a hop brings, where work is spread over the samples, else 0.
            push, decision: what a sample and a decision take besides layers.
        """
        self._edges, self._firings = edges, firings
        self._source, self._replayed, self._split, self._history = source, replayed, split, history
        self._advance, self._push, self._decision = advance, push, decision
        self._settled = [settled(index, firing, edges, split, len(firings)) for index, firing in enumerate(firings)]
        self.work = 0
        self.high = [0] * len(edges)
        self.fired = [0] * len(firings)
        self._next = self._held = self._given = 0
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

    def feed(self, run: bool, budget: int) -> None:
        """One sample arrives at a split network; `run` fires what is ready, within so much work where it is spread."""
        self.work += self._push
        for edge in self._source:
            self._deposit(edge, 1)
        if not self._advance:
            if run:
                self._run(0, self._split)
            return
        self._run_within(budget)

    def decide(self) -> None:
        """A decision: finish the continuous part, and run the history, or what of it is left, through the rest."""
        self.work += self._decision
        if self._advance:
            self._fill_window()
        else:
            self._finish()
            self._begin_window(self._history)
        while True:
            self._run(self._split, len(self._firings))
            if not self._replay():
                break
        if self._advance:
            self._begin_window(self._history - self._advance)

    def _begin_window(self, held: int) -> None:
        self._held, self._given = held, 0
        for index, edge in enumerate(self._edges):
            if edge.layer >= self._split:
                self._count[index], self._skip[index], self._received[index] = edge.pad_left, edge.lead, 0
                self.high[index] = max(self.high[index], edge.pad_left)
        self._produced[self._split :] = [0] * (len(self._firings) - self._split)

    def _replay(self) -> bool:
        now = min(self._lacking(), self._held - self._given)
        if now <= 0:
            return False
        for index in self._replayed:
            self._deposit(index, now)
        self._given += now
        return True

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

    def _run(self, begin: int, end: int) -> None:
        index = end
        while index > begin:
            index -= 1
            if self._fire(index, False):
                index = end

    def _run_within(self, budget: int) -> None:
        end = len(self._firings)
        index, waits = end, False
        while True:
            if index == self._split and not waits and self._replay():
                index = end
            if index == 0:
                return
            index -= 1
            firing = self._firings[index]
            if self._count[firing.inputs[0]] < firing.kernel:
                continue
            if firing.block_work > budget:
                waits |= index >= self._split
            elif self._fire(index, False):
                budget -= firing.block_work
                # As the engine does: which layers are looked at again decides which of them wait for the budget.
                index = (self._split if index < self._split else end) - self._settled[index]

    def _fill_window(self) -> None:
        index = self._split
        while self._held < self._history:
            index = self._split if self._fire(index - 1, True) else index - 1

    def _finish(self) -> None:
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
        self.work += firing.works[ready]
        ended = bool(firing.outputs) and self._produced[index] == firing.outputs
        for edge in firing.inputs:
            self._skip[edge] += ready * firing.stride
            if ended and index < self._split:
                self._skip[edge] += self._edges[edge].drop
            self._settle(edge)
        if ended and index < self._split:
            self._produced[index] = 0
        columns = int(ended) if firing.reduces else ready
        self.work += firing.end_work if ended and firing.reduces else 0
        if not firing.output and index == self._split - 1:
            self._next = (self._next + columns) % self._history
            self._held += columns
        for edge in firing.output:
            if columns:
                self._deposit(edge, columns)
        return True
