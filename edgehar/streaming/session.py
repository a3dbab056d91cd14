"""What a stream did, collected while it runs and summed up at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data.recording import UNLABELLED
from edgehar.streaming.score import NONE, StreamScore, add_scores, in_force, score
from edgehar.streaming.smoothing import UNSURE
from edgehar.streaming.sources import Block
from edgehar.streaming.streamer import Decision, Flush, Streamer
from edgehar.streaming.watch import Watch


@dataclass(frozen=True)
class Summary:
    """Totals of a stream.

    Attributes:
        samples: samples given, those that were dropped included.
        decisions: decisions made.
        label_s: label name (or `unsure`) -> seconds, a hop for each decision.
        flushes: reason -> times.
        duplicates: samples ignored for their repeated time.
        score: None where there was no truth.
        bad_lines: lines skipped, of a live stream.
        out_of_place: decisions that are unsure for the placement; None of a model that does not tell.
    """

    samples: int
    decisions: int
    label_s: dict[str, float]
    flushes: dict[str, int]
    duplicates: int
    score: StreamScore | None
    bad_lines: int = 0
    out_of_place: int | None = None


def total(summaries: Sequence[Summary]) -> Summary:
    """Several recordings' totals as those of one stream; transitions keep the times of their own recordings."""
    label_s: Counter[str] = Counter()
    flushes: Counter[str] = Counter()
    for one in summaries:
        label_s.update(one.label_s)
        flushes.update(one.flushes)
    told = [one.out_of_place for one in summaries if one.out_of_place is not None]
    scores = [one.score for one in summaries if one.score is not None]
    return Summary(
        samples=sum(one.samples for one in summaries),
        decisions=sum(one.decisions for one in summaries),
        label_s=dict(label_s),
        flushes=dict(sorted(flushes.items())),
        duplicates=sum(one.duplicates for one in summaries),
        score=add_scores(scores) if scores else None,
        bad_lines=sum(one.bad_lines for one in summaries),
        out_of_place=sum(told) if told else None,
    )


@dataclass(frozen=True)
class History:
    """Everything that was seen.

    Attributes:
        x: float32 (N, channels), in their units.
        t_us: int64 (N,), microseconds.
        truth: int64 (N,), class index, -1 where not known.
        label: int64 (N,), the label in force: class index, UNSURE or NONE.
        events: decisions and flushes in order.
    """

    x: NDArray[np.float32]
    t_us: NDArray[np.int64]
    truth: NDArray[np.int64]
    label: NDArray[np.int64]
    events: tuple[Decision | Flush, ...]


class Session:
    """Runs blocks through a streamer and keeps what a summary needs.

    A live stream may run for weeks: samples and events are kept only where there is truth to compare with, or
    where the caller wants to draw them.

    Args:
        streamer: fresh, made for the contract.
        contract: of the streamer's model.
        keep: keep samples and events although there is no truth.
        watch: is shown every block, to warn a person.
    """

    def __init__(
        self, streamer: Streamer, contract: Contract, *, keep: bool = False, watch: Watch | None = None
    ) -> None:
        self._streamer = streamer
        self._watch = watch
        self._contract = contract
        self._keep = keep
        self._samples = 0
        self._labels: Counter[int] = Counter()
        self._flushes: Counter[str] = Counter()
        self._out_of_place = 0
        self._kept: list[tuple[Block, NDArray[np.int64]]] = []
        self._in_force = NONE
        self._events: list[Decision | Flush] = []

    def run(self, blocks: Iterable[Block]) -> Iterator[list[Decision | Flush]]:
        """The events of each block, as it comes."""
        for block in _forward(blocks):
            events: list[Decision | Flush] = [] if block.flush is None else [self._streamer.flush(*block.flush)]
            events += self._streamer.push(block.x, block.t_us)
            if self._watch is not None:
                self._watch.look(block, events)
            self._samples += len(block.x)
            self._labels.update(event.label for event in events if isinstance(event, Decision))
            self._out_of_place += sum(isinstance(event, Decision) and event.reason == "placement" for event in events)
            self._flushes.update(event.reason for event in events if isinstance(event, Flush))
            if self._keep or block.truth is not None:
                label = in_force(block.t_us, events, self._in_force)
                self._kept.append((block, label))
                self._events += events
                if events:
                    self._in_force = events[-1].label if isinstance(events[-1], Decision) else NONE
            yield events
        if self._watch is not None:
            self._watch.end(waits=self._streamer.waits)

    def history(self) -> History:
        """What was kept; truth is -1 where it is not known."""
        truth = [np.full(len(b.x), UNLABELLED, np.int64) if b.truth is None else b.truth for b, _ in self._kept]
        none = np.zeros(0, np.int64)
        return History(
            np.concatenate([np.zeros((0, len(self._contract.channels)), np.float32), *[b.x for b, _ in self._kept]]),
            np.concatenate([none, *[b.t_us for b, _ in self._kept]]),
            np.concatenate([none, *truth]),
            np.concatenate([none, *[label for _, label in self._kept]]),
            tuple(self._events),
        )

    def summary(self, bad_lines: int = 0) -> Summary:
        """Totals so far, and the lines that were skipped before they became samples."""
        contract, seen = self._contract, self.history()
        result = None
        if (seen.truth >= 0).any():
            result = score(seen.t_us, seen.truth, seen.label, classes=len(contract.labels), period_s=contract.period_s)
        hop_s = self._streamer.hop * contract.period_s
        return Summary(
            samples=self._samples,
            decisions=self._labels.total(),
            label_s={label_name(index, contract.labels): n * hop_s for index, n in sorted(self._labels.items())},
            flushes=dict(sorted(self._flushes.items())),
            duplicates=self._streamer.duplicates,
            score=result,
            bad_lines=bad_lines,
            out_of_place=self._out_of_place if self._streamer.tells_placement else None,
        )


def label_name(index: int, labels: tuple[str, ...]) -> str:
    """The name of a decision's label."""
    return "unsure" if index == UNSURE else labels[index]


def _forward(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same samples in blocks whose times never go back, so that a time within one is a place within it."""
    for block in blocks:
        cuts = [0, *(np.flatnonzero(np.diff(block.t_us) < 0) + 1).tolist(), len(block.t_us)]
        for start, stop in pairwise(cuts):
            truth = None if block.truth is None else block.truth[start:stop]
            yield Block(block.x[start:stop], block.t_us[start:stop], truth, None if start else block.flush)
