"""Timelines and rates: splitting at gaps, uniform grids, polyphase resampling, and what a contract asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data.recording import Recording
from edgehar.errors import DataError
from edgehar.front_end import apply_front_end

#: Largest numerator and denominator of a rate ratio.
MAX_RATIO_TERM = 1000

#: A distance over this many sample periods is a gap; the same figure as in the streamer.
GAP_PERIODS = 2.0

#: Timestamps this close to a uniform grid (in periods) are taken as one.
UNIFORM_TOLERANCE = 0.05

#: Ends the name of a recording's part between gaps.
_PART = re.compile(r"#\d+$")


def rate_ratio(from_hz: float, to_hz: float) -> Fraction:
    """`to_hz / from_hz` as a fraction of small terms.

    Raises:
        DataError: a rate that is not a positive number, or no such fraction within 1e-7.
    """
    if not (np.isfinite([from_hz, to_hz]).all() and from_hz > 0 and to_hz > 0):
        raise DataError(f"expected positive rates in Hz, got {from_hz:g} and {to_hz:g}")
    exact = to_hz / from_hz
    ratio = Fraction(exact).limit_denominator(MAX_RATIO_TERM)
    if ratio.numerator > MAX_RATIO_TERM or ratio == 0 or abs(float(ratio) / exact - 1) > 1e-7:
        raise DataError(
            f"cannot resample {from_hz:g} Hz to {to_hz:g} Hz: no ratio of whole numbers up to {MAX_RATIO_TERM}; "
            "state the nominal rate, for example --rate 50"
        )
    return ratio


def lowpass(up: int, down: int) -> NDArray[np.float64]:
    """Anti-aliasing filter for up/down, odd length, gain `up` at 0 Hz, cutoff at the lower Nyquist rate.

    It is what `scipy.signal.resample_poly` uses by default: a sinc under a Kaiser window of beta 5, ten
    periods of the slower rate on each side.
    """
    slower = max(up, down)
    half = 10 * slower
    taps = np.sinc(np.arange(-half, half + 1) / slower) * np.kaiser(2 * half + 1, 5.0)
    return np.asarray(taps * (up / taps.sum()))


def is_uniform(recording: Recording) -> bool:
    """Whether every timestamp lies within a twentieth of a period of a grid at `rate_hz`."""
    grid = recording.t[0] + np.arange(len(recording)) / recording.rate_hz
    return bool(np.abs(recording.t - grid).max() * recording.rate_hz <= UNIFORM_TOLERANCE)


def split_at_gaps(recording: Recording) -> list[Recording]:
    """Cut where two samples lie more than two periods apart; parts are named `name#1`, `name#2`, …"""
    cuts = np.flatnonzero(np.diff(recording.t) * recording.rate_hz > GAP_PERIODS * (1 + 1e-9)) + 1
    if not len(cuts):
        return [recording]
    edges = [0, *cuts.tolist(), len(recording)]
    return [
        replace(
            recording,
            name=f"{recording.name}#{number}",
            t=recording.t[start:stop],
            acc=recording.acc[start:stop],
            label=recording.label[start:stop],
        )
        for number, (start, stop) in enumerate(pairwise(edges), 1)
    ]


def whole_name(name: str) -> str:
    """The recording of which `split_at_gaps` has made a part of this name."""
    return _PART.sub("", name)


def to_uniform(recording: Recording) -> Recording:
    """Interpolate a jittered timeline linearly on to a grid at its own rate; a uniform one stays as it is.

    Labels are those of the nearest sample. There must be no gap inside (see `split_at_gaps`).
    """
    if len(recording) < 2 or is_uniform(recording):
        return recording
    start = recording.t[0]
    t = start + np.arange(int((recording.t[-1] - start) * recording.rate_hz + 1e-6) + 1) / recording.rate_hz
    acc = np.stack(
        [np.interp(t, recording.t, recording.acc[:, axis]) for axis in range(recording.acc.shape[1])], axis=1
    )
    middles = (recording.t[1:] + recording.t[:-1]) / 2
    nearest = np.searchsorted(middles, t, side="right")
    return replace(recording, t=t, acc=acc.astype(np.float32), label=recording.label[nearest])


def resample(recording: Recording, rate_hz: float) -> Recording:
    """Resample one uninterrupted recording.

    A jittered timeline is first interpolated on to a uniform grid at the recording's own rate, then
    `scipy.signal.resample_poly` changes the rate, or numpy the same way, more slowly, where there is no
    SciPy. The edges are held, not taken as zero, since a phone at rest reads gravity before and after the
    recording too. Labels are those of the nearest sample.

    Args:
        recording: without gaps over two periods; `split_at_gaps` makes such parts.
        rate_hz: the rate wanted.
    Raises:
        DataError: gaps inside, or a ratio of rates with terms over 1000.
    """
    ratio = rate_ratio(recording.rate_hz, rate_hz)
    if not len(recording):
        return replace(recording, rate_hz=rate_hz)
    if len(split_at_gaps(recording)) > 1:
        raise DataError(f"expected no gap over two sample periods in {recording.name}; split it with split_at_gaps")
    even = to_uniform(recording)
    if ratio == 1:
        return replace(even, rate_hz=rate_hz)
    up, down = ratio.numerator, ratio.denominator
    wide = even.acc.astype(np.float64)
    try:
        from scipy.signal import resample_poly
    except ImportError:
        acc = _convolve(wide, up, down).astype(np.float32)
    else:
        acc = resample_poly(wide, up, down, axis=0, padtype="edge").astype(np.float32)
    position = np.arange(len(acc))
    nearest = np.minimum((2 * position * down + up) // (2 * up), len(even) - 1)
    return replace(even, t=even.t[0] + position / rate_hz, acc=acc, label=even.label[nearest], rate_hz=rate_hz)


def contract_parts(recording: Recording, contract: Contract) -> list[Recording]:
    """A recording as a contract's windows hold it: split at gaps, at its rate, each part through its front end.

    Raises:
        DataError: a rate that cannot be resampled.
    """
    parts = [resample(part, contract.rate_hz) for part in split_at_gaps(recording)]
    return [replace(part, acc=apply_front_end(contract.front_end, part.acc)) for part in parts]


def _convolve(x: NDArray[np.float64], up: int, down: int) -> NDArray[np.float64]:
    """What `resample_poly` gives, for a device that has numpy only: zeros between the samples, then the filter."""
    taps = lowpass(up, down)
    half = len(taps) // 2
    reach = half // up + 1
    held = np.pad(x, ((reach, reach), (0, 0)), mode="edge")
    stuffed = np.zeros((len(held) * up, x.shape[1]))
    stuffed[::up] = held
    result = np.stack([np.convolve(column, taps) for column in stuffed.T], axis=1)
    start = reach * up + half
    return result[start : start + len(x) * up : down]
