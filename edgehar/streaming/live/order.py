"""Samples in the order of their own times, each once, whatever the network made of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgehar.streaming.sources import Block

#: A sample may come this late behind the newest; beyond it, a step back is another recording, or the peer's new clock.
HOLD_US, RESTART_US = 250_000, 2_000_000


class Order:
    """Sorts unlabelled blocks by time; gives them on once the newest sample is `HOLD_US` ahead.

    Attributes:
        duplicates: samples dropped because one of that time had come.
        late: samples dropped because later ones had been given on.
    """

    def __init__(self) -> None:
        self.duplicates = self.late = 0
        self._x: list[NDArray[np.float32]] = []
        self._t: list[int] = []
        self._given: int | None = None

    def blocks(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The same samples, sorted; the last ones at the end."""
        for block in blocks:
            for t, x in zip(block.t_us.tolist(), block.x, strict=True):
                newest = max(self._t, default=self._given)
                if newest is not None and t < newest - RESTART_US:
                    yield from self._give(newest)
                    self._given = None
                if (self._given is not None and t <= self._given) or t in self._t:
                    if t == self._given or t in self._t:
                        self.duplicates += 1
                    else:
                        self.late += 1
                    continue
                self._t.append(t)
                self._x.append(x)
            if self._t:
                yield from self._give(max(self._t) - HOLD_US)
        if self._t:
            yield from self._give(max(self._t))

    def _give(self, until: int) -> Iterator[Block]:
        """Those up to a time."""
        order = sorted(range(len(self._t)), key=self._t.__getitem__)
        ready = [index for index in order if self._t[index] <= until]
        if not ready:
            return
        yield Block(
            np.stack([self._x[index] for index in ready]), np.array([self._t[index] for index in ready], np.int64)
        )
        self._given = self._t[ready[-1]]
        rest = order[len(ready) :]
        self._x, self._t = [self._x[index] for index in rest], [self._t[index] for index in rest]
