"""What a person should be told of a stream's samples, once: a rate that is off, a mean that is not gravity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import acceleration_at
from edgehar.contract import STANDARD_GRAVITY, Contract
from edgehar.data.gravity import gravity_length
from edgehar.streaming.lines import rate_text
from edgehar.streaming.sources import Block
from edgehar.streaming.streamer import Decision, Flush

#: Seconds of samples from which gravity's length is told, again and again.
MEAN_S = 10.0

#: The mean's length may be this much of gravity's, as in `data check`.
GRAVITY_RANGE = (0.7, 1.4)


class Watch:
    """Looks at every block of a stream.

    Args:
        contract: of the model.
        warn: called with one line for a person, at most once for each of the two.
        from_hz: rate of what is resampled to the contract's; None where nothing is.
    """

    def __init__(self, contract: Contract, warn: Callable[[str], None], from_hz: float | None = None) -> None:
        self._warn, self._contract = warn, contract
        self._factor = 1.0 if from_hz is None else from_hz / contract.rate_hz
        self._from_hz = contract.rate_hz if from_hz is None else from_hz
        self._steps = (contract.window + 1) // 2
        self._times: NDArray[np.int64] = np.zeros(0, np.int64)
        self._at = acceleration_at(contract.channels)
        self._rate_told, self._mean_told = False, self._at is None
        self._count = round(MEAN_S * contract.rate_hz)
        self._held: list[NDArray[np.float32]] = []

    def look(self, block: Block, events: list[Decision | Flush]) -> None:
        """Take a block and what it brought about."""
        if not self._rate_told:
            times = np.concatenate([self._times, block.t_us])
            off = next((event for event in events if isinstance(event, Flush) and event.reason == "rate"), None)
            if off is not None:
                self._tell_rate(times, off.t_us)
            self._times = times[-self._steps - 1 :]
        if self._mean_told or not len(block.x):
            return
        self._held.append(block.x)
        if sum(map(len, self._held)) >= self._count:
            self._tell_mean()

    def _tell_rate(self, times: NDArray[np.int64], t_us: int) -> None:
        """Say at what rate the samples up to this one came, for which a streamer flushed."""
        self._rate_told = True
        last = int(np.flatnonzero(times == t_us)[0])
        # The newest half: the rate may have changed within the steps that were found to be off.
        steps = np.diff(times[max(0, last - self._steps // 2) : last + 1])
        got = self._factor * 1e6 / float(np.median(steps[steps > 0]))
        self._warn(
            f"expected samples at {self._from_hz:g} Hz, now they come at about {rate_text(got)} Hz: no decision "
            f"while that is over 10 % off; --rate {rate_text(got)} resamples"
        )

    def end(self, *, waits: bool = False) -> None:
        """The stream is over: what is left counts if it is a window long.

        Args:
            waits: whether somebody was to walk, and nobody did.
        """
        if waits:
            self._warn("nobody walks for 8 s, so nothing was aligned; decisions are of samples as they came")
        if sum(map(len, self._held)) >= self._contract.window and not self._mean_told:
            self._tell_mean()

    def _tell_mean(self) -> None:
        assert self._at is not None
        length = gravity_length([np.concatenate(self._held)[:, self._at : self._at + 3]])
        self._held = []
        if not math.isfinite(length):
            return
        if GRAVITY_RANGE[0] <= length / STANDARD_GRAVITY <= GRAVITY_RANGE[1]:
            return
        self._mean_told = True
        if 0.8 <= length <= 1.25:
            why = "they may be in g: --unit g"
        elif 800 <= length <= 1250:
            why = "they may be in mg: --unit mg"
        elif length < 0.5 * STANDARD_GRAVITY:
            why = "gravity seems to be removed: take the accelerometer, not linear acceleration"
        else:
            why = "unit or axes are wrong: --unit, --axes"
        self._warn(f"expected samples whose mean is about 9.8 m/s² long, as gravity is, got {length:.3g} m/s²; {why}")
