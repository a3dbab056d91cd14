"""From samples to decisions, whatever the chunks they come in (docs/spec.md, "Stream")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgehar.errors import DataError, EdgeharError
from edgehar.front_end import SamplePath
from edgehar.personal.alignment import Walking, require_alignable, shortest_turn
from edgehar.placement import Wearing
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.incremental import Incremental
from edgehar.streaming.engine import Engine, WholeWindow
from edgehar.streaming.levels import Levels
from edgehar.streaming.smoothing import SCORE_ONE, UNSURE, Decider, Smoother, SmoothingConfig, probability_units

FlushReason = Literal["nan", "gap", "backward", "rate", "aligned"]

#: Why a decision is unsure: the best score is under the threshold, or the device is worn as it was never trained.
UnsureReason = Literal["score", "placement"]

#: A stream may be this much faster or slower than the contract's rate, tenths.
RATE_TOLERANCE = 1

#: Samples between decisions at most: some 14 hours at 20 Hz.
LONGEST_HOP = 1_000_000


class Decision(NamedTuple):
    """What the model and the smoothing say of the window that ends at `t_us`.

    Attributes:
        t_us: time of the newest sample, microseconds.
        label: class index, or UNSURE (-1).
        raw: class with the largest probability, without smoothing.
        p: probabilities in units of 1/256, 0 … 255, one per class.
        scores: smoothed scores in units of 1/32768, one per class.
        reason: why the label is UNSURE; None where it is not.
    """

    t_us: int
    label: int
    raw: int
    p: tuple[int, ...]
    scores: tuple[int, ...]
    reason: UnsureReason | None = None

    @property
    def score(self) -> float:
        """The score of the label in force, or the best one where that is unsure, 0 … 1."""
        return (self.scores[self.label] if self.label != UNSURE else max(self.scores)) / SCORE_ONE


class Flush(NamedTuple):
    """Samples, smoothing and label were forgotten at the sample of `t_us` (microseconds)."""

    t_us: int
    reason: FlushReason


class Streamer:
    """Cuts windows from a stream of samples and decides; any chunking gives the same decisions.

    An int8 model's samples are quantised once, when they arrive, and not again in every window.

    Args:
        runtime: a loaded model; an incremental one decides at its own hop only.
        hop: samples between decisions, 1 … `LONGEST_HOP`.
        smoothing: how decisions follow probabilities.
        rotation: 3 × 3 in Q14, row by row, that turns samples before anything else; see `edgehar.personal.profile`.
        align: wait for somebody to walk for 8 s, and from then on turn samples so that gravity is where training had
            it, instead of by `rotation`; windows are forgotten then. A `reset` lets the waiting begin anew.
        placement: whether decisions are unsure while the device is worn as it was never trained, where the contract of
            an int8 model knows how it was.

    Attributes:
        duplicates: samples ignored so far because their time was that of the sample before.

    Raises:
        EdgeharError: a hop that is not such an integer, or not that of an incremental model; no rotation.
        DataError: a model that knows no direction to align to.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        hop: int = 20,
        smoothing: SmoothingConfig | None = None,
        rotation: Sequence[int] | None = None,
        align: bool = False,
        placement: bool = True,
    ) -> None:
        if not isinstance(hop, int) or isinstance(hop, bool) or not 1 <= hop <= LONGEST_HOP:
            raise EdgeharError(f"expected a hop of 1 … {LONGEST_HOP:,} samples, got {hop!r}")
        contract = runtime.contract
        self.hop = hop
        self.duplicates = 0
        self._runtime = runtime
        self._window = contract.window
        self._half = (contract.window + 1) // 2
        self._period = round(1e6 / contract.rate_hz)
        probe = runtime.prepare(np.zeros(contract.window_shape, np.float32))
        quantisation = contract.input_quantisation if probe.dtype == np.int8 else None
        self._names = tuple(one.name for one in contract.channels)
        self._levels = None if quantisation is None else Levels(quantisation)
        self._given = rotation
        self._target = require_alignable(contract) if align else None
        self._walking: Walking | None = Walking() if align else None
        self._path = SamplePath(contract.front_end, rotation, waits=align, channels=contract.channels)
        told = contract.placement if placement and quantisation is not None else None
        self._wearing = None if told is None else Wearing(told)
        self._engine: Engine = WholeWindow(runtime, quantisation is not None)
        if isinstance(runtime, Incremental):
            if hop != runtime.hop:
                raise EdgeharError(f"expected the hop {runtime.hop} of the incremental model, got {hop}")
            runtime.clear()
            self._engine = runtime
        output = contract.output_quantisation
        self._byte_output = output is not None and (output.scale, output.zero_point) == (1 / 256, -128)
        config = SmoothingConfig() if smoothing is None else smoothing
        self._smoother = Smoother(config, len(contract.labels))
        self._decider = Decider(config)
        self._due = contract.window
        self._clock: int | None = None
        self._kept: int | None = None
        self._rate_from: int | None = None
        self._rate_steps = 1

    @property
    def waits(self) -> bool:
        """Whether nobody has walked yet, and samples are to be aligned."""
        return self._walking is not None

    @property
    def tells_placement(self) -> bool:
        """Whether decisions may be unsure because the device is worn as it was never trained."""
        return self._wearing is not None

    def reset(self) -> None:
        """Forget everything, the clock and what walking told included."""
        self._walking = None if self._target is None else Walking()
        self._path.rotation = self._given
        self._forget()
        self._clock = self._kept = None
        self.duplicates = 0

    def flush(self, t_us: int, reason: FlushReason = "gap") -> Flush:
        """Forget samples, smoothing and label, as where the caller knows that the next sample does not follow."""
        self._forget()
        self._kept = None
        return Flush(t_us, reason)

    def push(self, samples: ArrayLike, t_us: ArrayLike | None = None) -> list[Decision | Flush]:
        """Take samples and return what they brought about, in order of time.

        Args:
            samples: (N, channels) in their units, any N; taken as float32.
            t_us: int64 (N,), microseconds; without it, each sample is one period after the last.
        Raises:
            DataError: another shape, or times that are not integers.
        """
        x = _as_samples(samples, self._names)
        times = self._times(t_us, len(x))
        events: list[Decision | Flush] = []
        if not len(x):
            return events
        # A finite sum of squares is the cheapest proof that every value is finite; where it overflows, the
        # irregular path looks at each.
        if math.isfinite(np.vdot(x, x)) and self._is_steady(times):
            self._take(self._stored(x), times, events)
        else:
            self._take_irregular(x, times, events)
        self._clock = int(times[-1])
        return events

    def _times(self, t_us: ArrayLike | None, count: int) -> NDArray[np.int64] | range:
        """The samples' times; a range where the caller gave none."""
        if t_us is None:
            first = 0 if self._clock is None else self._clock + self._period
            return range(first, first + count * self._period, self._period)
        times = t_us if isinstance(t_us, np.ndarray) else np.asarray(t_us)
        if times.dtype == np.int64 and times.shape == (count,):
            return times
        if times.shape != (count,) or (count and times.dtype.kind not in "iu"):
            raise DataError(f"expected {count} integer times in microseconds, got {times.dtype} of shape {times.shape}")
        return times.astype(np.int64, copy=False)

    def _is_steady(self, times: Sequence[int] | NDArray[np.int64]) -> bool:
        """Whether every step, the one from the last kept sample included, is in 1 … 2 * period."""
        limit = 2 * self._period
        if self._kept is not None and not 0 < _signed64(int(times[0]) - self._kept) <= limit:
            return False
        if isinstance(times, range) or len(times) == 1:
            return True
        assert isinstance(times, np.ndarray)
        # As unsigned numbers, steps of 0 and below become huge: one comparison finds all three irregularities.
        steps = (times[1:] - times[:-1] - 1).view(np.uint64)
        return bool(np.maximum.reduce(steps) < limit)

    def _take_irregular(
        self, x: NDArray[np.float32], times: NDArray[np.int64] | range, events: list[Decision | Flush]
    ) -> None:
        """Like `_take`, for samples of which some flush or are ignored."""
        t = np.asarray(times, np.int64)
        finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(x), axis=1)
        stored = self._stored(np.where(finite[:, None], x, np.float32(0)))
        step = np.ones(len(t), np.int64)
        # Where the sample before is not finite, this one starts anew and its step does not matter. Otherwise
        # the sample before has the time of the last kept one, since it was kept or is that one's duplicate.
        step[1:][finite[:-1]] = (t[1:] - t[:-1])[finite[:-1]]
        if self._kept is not None:
            step[0] = _signed64(int(t[0]) - self._kept)
        start = 0
        for i in np.flatnonzero(~finite | (step <= 0) | (step > 2 * self._period)).tolist():
            self._take(stored[start:i], t[start:i], events)
            start = i + 1
            if not finite[i]:
                events.append(self.flush(int(t[i]), "nan"))
            elif step[i] == 0:
                self.duplicates += 1
            else:
                events.append(self.flush(int(t[i]), "backward" if step[i] < 0 else "gap"))
                start = i
        self._take(stored[start:], t[start:], events)

    def _take(self, stored: NDArray[Any], times: NDArray[np.int64] | range, events: list[Decision | Flush]) -> None:
        """Take samples between which nothing is irregular, and tell their rate after each half window of steps."""
        begin, told = 0, 0
        while len(stored) - told >= self._rate_steps:
            told += self._rate_steps
            t = int(times[told - 1])
            if self._rate_from is not None and not self._rate_holds(_signed64(t - self._rate_from)):
                self._run(stored[begin : told - 1], times[begin : told - 1], events)
                events.append(self.flush(t, "rate"))
                begin = told - 1
            self._rate_from, self._rate_steps = t, self._half
        self._rate_steps -= len(stored) - told
        self._run(stored[begin:], times[begin:], events)

    def _rate_holds(self, took_us: int) -> bool:
        """Whether half a window of steps took what it takes at the contract's rate, to 10 %."""
        nominal = 10 * self._half * self._period
        return (10 - RATE_TOLERANCE) * took_us <= nominal <= (10 + RATE_TOLERANCE) * took_us

    def _run(self, stored: NDArray[Any], times: NDArray[np.int64] | range, events: list[Decision | Flush]) -> None:
        """Hand samples to the engine, and decide where decisions are due."""
        start, count = 0, len(stored)
        if not count:
            return
        if self._walking is not None and (taken := self._walking.push(stored[:, self._path.acceleration])) is not None:
            self._align(stored, times, taken - 1, events)
            return
        if self._path.changes:
            stored = self._quantised(self._path.leave(stored))
        while count - start >= self._due:
            stop = start + self._due
            self._extend(stored[start:stop])
            self._due = self.hop
            events.append(self._decide(int(times[stop - 1])))
            start = stop
        if start < count:
            self._extend(stored[start:])
            self._due -= count - start
        self._kept = int(times[-1])

    def _align(
        self, stored: NDArray[Any], times: NDArray[np.int64] | range, at: int, events: list[Decision | Flush]
    ) -> None:
        """Hand over samples of which the one at `at` has told how they are to be turned, from itself on."""
        assert self._walking is not None and self._walking.gravity is not None and self._target is not None
        rotation = shortest_turn(self._walking.gravity, self._target)
        self._walking = None
        self._run(stored[:at], times[:at], events)
        self._path.rotation = rotation
        self._forget_window()
        events.append(Flush(int(times[at]), "aligned"))
        self._run(stored[at:], times[at:], events)

    def _extend(self, stored: NDArray[Any]) -> None:
        """Hand samples to all that follow them."""
        self._engine.extend(stored)
        if self._wearing is not None:
            self._wearing.push(stored)

    def _stored(self, x: NDArray[np.float32]) -> NDArray[np.int8 | np.int64 | np.float32]:
        """Finite samples as `_run` takes them: as the engine does, or on their way there."""
        return self._path.enter(x) if self._path.changes else self._quantised(x)

    def _quantised(self, x: NDArray[np.float32]) -> NDArray[np.int8 | np.float32]:
        """Samples as the engine takes them."""
        return x if self._levels is None else self._levels.quantise(x)

    def _decide(self, t_us: int) -> Decision:
        """Ask the engine for the newest window's output."""
        output = self._engine.output()
        if self._byte_output:
            p = tuple([value + 128 for value in output.tolist()])
        else:
            p = tuple(probability_units(value) for value in self._runtime.finish(output).tolist())
        scores = self._smoother.push(p)
        label = self._decider.push(scores)
        reason: UnsureReason | None = "score" if label == UNSURE else None
        if self._wearing is not None and self._wearing.strange:
            label, reason = UNSURE, "placement"
        return Decision(t_us, label, p.index(max(p)), p, tuple(scores), reason)

    def _forget(self) -> None:
        self._forget_window()
        if self._walking is not None:
            self._walking.clear()
        self._rate_from, self._rate_steps = None, 1

    def _forget_window(self) -> None:
        self._engine.clear()
        self._path.clear()
        if self._wearing is not None:
            self._wearing.clear()
        self._smoother.clear()
        self._decider.clear()
        self._due = self._window


def _as_samples(samples: ArrayLike, names: Sequence[str]) -> NDArray[np.float32]:
    """Samples as float32 (N, channels); a value beyond float32 becomes infinite and so flushes."""
    width = len(names)
    if isinstance(samples, np.ndarray) and samples.dtype == np.float32 and samples.shape[1:] == (width,):
        return samples
    try:
        with np.errstate(over="ignore"):
            x = np.asarray(samples, np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"expected samples of {width} numbers ({', '.join(names)}), got something else ({error})"
        ) from error
    if x.size == 0:
        return np.zeros((0, width), np.float32)
    if x.ndim != 2 or x.shape[1] != width:
        raise DataError(f"expected samples of shape (N, {width}), got {x.shape}")
    return x


def _signed64(value: int) -> int:
    """A difference of times as 64-bit arithmetic gives it, so that it is equal within and between chunks."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
