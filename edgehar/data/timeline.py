"""From samples as they stand in a file to uninterrupted recordings.

The rules are the streamer's: a repeated timestamp is ignored, a value that is not finite, a backward
timestamp and a gap over two sample periods each start a new recording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehar.data.recording import Recording
from edgehar.data.resampling import GAP_PERIODS

#: A step of this many seconds is a gap at any rate.
PAUSE_S = 1.0

#: Units of a time column, in seconds.
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

#: Rates that a recording of a person plausibly has, for guessing a time column's unit.
PLAUSIBLE_HZ = (5.0, 500.0)

NOT_FINITE = "samples dropped: not a finite number"
DUPLICATE = "samples dropped: the timestamp of the sample before"
NO_TIME = "samples dropped: a timestamp of 0"
NO_RATE = "samples dropped: no rate can be read from the timestamps"
SINGLE = "samples dropped: alone between two breaks"
BACKWARD = "breaks at a backward timestamp"
GAP = "breaks at a gap over two sample periods"


@dataclass(frozen=True)
class Samples:
    """Samples in file order.

    Attributes:
        person: intp (N,), index into `people`.
        people: names.
        t: float64 (N,) seconds, or None where samples follow each other at `rate_hz`.
        acc: float32 (N, channels), in their units.
        label: int16 (N,), own label codes.
        rate_hz: None to measure it from `t`, person by person.
    """

    person: NDArray[np.intp]
    people: Sequence[str]
    t: NDArray[np.float64] | None
    acc: NDArray[np.float32]
    label: NDArray[np.int16]
    rate_hz: float | None = None


def guess_time_unit(step: float) -> str | None:
    """Unit of a time column whose usual step is `step`, by the rate it would mean; None where none fits."""
    for unit, seconds in TIME_UNITS.items():
        if step > 0 and PLAUSIBLE_HZ[0] <= 1 / (step * seconds) <= PLAUSIBLE_HZ[1]:
            return unit
    return None


def usual_step(t: NDArray[np.number]) -> float:
    """The usual distance of neighbouring timestamps, in their own unit; 0 where there is none.

    The median, unless samples come in bursts: then the mean without the largest hundredth.
    """
    step = np.diff(t)
    step = np.sort(step[step > 0])
    if not len(step):
        return 0.0
    median = float(step[len(step) // 2])
    mean = float(step[: max(1, int(0.99 * len(step)))].mean())
    return median if 0.8 < median / mean < 1.25 else mean


def nominal_rate(step_s: float) -> float:
    """Rate of a sensor whose usual step is `step_s` seconds: the whole number within 3 %, or one decimal."""
    measured = 1 / step_s
    whole = round(measured)
    return float(whole) if whole >= 5 and abs(measured / whole - 1) < 0.03 else max(0.1, round(measured, 1))


def to_recordings(samples: Samples, prefix: str, findings: Counter[str]) -> list[Recording]:
    """Break samples into uninterrupted recordings of one person, named `prefix/person/number`.

    Args:
        findings: what was dropped and broken, counted by reason, is added here.
    """
    finite = np.isfinite(samples.acc).all(axis=1)
    if samples.t is not None:
        finite &= np.isfinite(samples.t)
    findings[NOT_FINITE] += int((~finite).sum())
    # A dropped value and a change of person break the recording: what follows has another segment.
    segment = np.cumsum(~finite) + np.cumsum(np.diff(samples.person, prepend=samples.person[:1]) != 0)
    kept = np.flatnonzero(finite)
    recordings: list[Recording] = []
    for person in dict.fromkeys(samples.person[kept].tolist()):
        rows = kept[samples.person[kept] == person]
        if samples.t is None:
            assert samples.rate_hz is not None
            t = (rows - rows[0]) / samples.rate_hz
        else:
            t = samples.t[rows]
            repeated = np.concatenate([[False], (np.diff(t) == 0) & (np.diff(segment[rows]) == 0)])
            findings[DUPLICATE] += int(repeated.sum())
            rows, t = rows[~repeated], t[~repeated]
        for start, stop, rate in _stretches(t, np.diff(segment[rows]) != 0, samples.rate_hz, findings):
            if stop - start < 2:
                findings[SINGLE] += stop - start
                continue
            part = rows[start:stop]
            recordings.append(
                Recording(
                    name=f"{prefix}/{samples.people[person]}/{len(recordings) + 1}",
                    subject=samples.people[person],
                    t=t[start:stop],
                    acc=samples.acc[part],
                    label=samples.label[part],
                    rate_hz=rate,
                )
            )
    return recordings


def _stretches(
    t: NDArray[np.float64], broken: NDArray[np.bool_], rate_hz: float | None, findings: Counter[str]
) -> Iterator[tuple[int, int, float]]:
    """Uninterrupted stretches of one person's samples: [start, stop) and rate.

    First broken where any rate would be, at backward steps and pauses of a second; each such part then
    tells its own rate, since one person's sensor may run at two. A part too short to tell takes the
    person's.
    """
    step = np.diff(t)
    findings[BACKWARD] += int(((step < 0) & ~broken).sum())
    findings[GAP] += int(((step > PAUSE_S) & ~broken).sum())
    coarse = broken | (step <= 0) | (step > PAUSE_S)
    usual = usual_step(t)
    for start, stop in pairwise([0, *(np.flatnonzero(coarse) + 1).tolist(), len(t)]):
        rate = rate_hz
        if rate is None:
            own = usual_step(t[start:stop]) if stop - start >= 20 else usual
            if not own:
                findings[NO_RATE] += stop - start
                continue
            rate = nominal_rate(own)
        gap = np.diff(t[start:stop]) * rate > GAP_PERIODS * (1 + 1e-9)
        findings[GAP] += int(gap.sum())
        for first, last in pairwise([start, *(np.flatnonzero(gap) + 1 + start).tolist(), stop]):
            yield first, last, rate
