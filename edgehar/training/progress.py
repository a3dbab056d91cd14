"""How far a training is, and how long it will still take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgehar.contract import Contract
from edgehar.errors import ContractError
from edgehar.models import build
from edgehar.training.cost import cost

#: A batch takes the longer the more a network computes, but not in proportion: from `nano` (14 k multiply-accumulates
#: in a window, 2.7 ms) over `micro` (4.7) and `mini` (8.2) to the article's (8.7 M, 45 ms) with this power of them.
POWER = 0.43

#: Batches, after the first one with its compilation, before a speed is known.
SETTLED = 10

#: The trainings of a run, in their order.
STAGES = ("teachers", "training", "teachers of the refit", "refit")

History = list[dict[str, float]]

#: Called after each batch with (name out of `STAGES`, epochs done, batches done in this epoch, batches an epoch,
#: epochs, history).
OnBatch = Callable[[str, int, int, int, int, History], None]


@dataclass(frozen=True)
class Stage:
    """One training of a run.

    Attributes:
        name: out of `STAGES`.
        epochs: of all its networks together, at most.
        weight: time of a batch, relative to other stages.
    """

    name: str
    epochs: int
    batches: int
    weight: float

    @property
    def work(self) -> float:
        """Of the whole stage, in units of weight."""
        return self.epochs * self.batches * self.weight


@dataclass(frozen=True)
class TrainProgress:
    """Where a training is.

    Attributes:
        stage, epoch, epochs: what is being trained, and its epochs from 1.
        share: of all the work, 0 … 1.
        elapsed_s: since the first batch.
        remaining_s: None until a speed is known; at most this long, since a run may stop early.
        validation_loss: of the last epoch, None where there is none.
    """

    stage: str
    epoch: int
    epochs: int
    share: float
    elapsed_s: float
    remaining_s: float | None
    validation_loss: float | None


class Clock:
    """Turns batches into shares of the whole and seconds."""

    def __init__(self, stages: Sequence[Stage], now: Callable[[], float] = time.monotonic) -> None:
        self._stages, self._now = {stage.name: stage for stage in stages}, now
        self._total = sum(stage.work for stage in stages)
        self._first: tuple[float, float] | None = None
        self._seen = 0

    def tell(self, name: str, epoch: int, batch: int, batches: int, epochs: int, history: History) -> TrainProgress:
        """What a batch's report means; takes what `OnBatch` is given."""
        before = 0.0
        for stage in self._stages.values():
            if stage.name == name:
                break
            before += stage.work
        done = min(before + self._stages[name].weight * (epoch * self._stages[name].batches + batch), self._total)
        now = self._now()
        # The first batch holds the compilation, and a resumed run starts in the middle: only what comes after counts.
        self._first = self._first or (now, done)
        self._seen += 1
        elapsed, advance = now - self._first[0], done - self._first[1]
        remaining = (self._total - done) * elapsed / advance if self._seen > SETTLED and advance > 0 else None
        loss = history[-1].get("validation_loss") if history else None
        return TrainProgress(name, epoch + 1, epochs, done / self._total, elapsed, remaining, loss)


def weight_of(arch: str, contract: Contract) -> float:
    """Relative time of a batch of 64 windows."""
    try:
        return math.pow(max(1, cost(build(arch, contract, seed=0)).macs), POWER)
    except ContractError:  # a layer of unknown cost
        return 1.0
