"""The filter that brings a sensor's counts to a model's rate, in integers (docs/spec.md, "Sensor").

It is the filter of `edgehar.data.resample`, its coefficients rounded: what the C engine's tables hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from edgehar.data.resampling import lowpass, rate_ratio
from edgehar.errors import DataError

#: A sensor's rate, in a model's rates: at 20 Hz, 10 to 160 Hz.
SLOWEST, FASTEST = Fraction(1, 2), Fraction(8)
#: Coefficients in all, 2 bytes each.
MOST_COEFFICIENTS = 8192
#: Longest period of a sensor, µs: two of them and 14 bits fit in 32.
LONGEST_PERIOD_US = 125_000
#: Rows are a multiple of this long, so that no kernel has a rest.
_MULTIPLE = 8


@dataclass(frozen=True)
class Polyphase:
    """A rate change by `up / down`.

    Attributes:
        up, down: the model's rate over the sensor's, in lowest terms.
        taps: int16 (up, length), a row for each phase, oldest sample first, in units of 2 ** -bits; a row's sum is 1.
        bits: of the fraction.
        lead: samples that a row reaches beyond the one that it stands at.
        output_us: the model's period, µs.
    """

    up: int
    down: int
    taps: NDArray[np.int16]
    bits: int
    lead: int
    output_us: int

    @property
    def length(self) -> int:
        """Samples under a row."""
        return int(self.taps.shape[1])

    @property
    def period(self) -> tuple[int, int]:
        """The sensor's period, µs: a whole number, and a rest in units of 1 / `down`."""
        return divmod(self.output_us * self.up, self.down)

    @property
    def most_outputs(self) -> int:
        """Outputs that one sample can bring about, which may be two periods behind the one before."""
        return -(-2 * self.up // self.down)


def make_polyphase(sensor_hz: float, rate_hz: float) -> Polyphase:
    """The table for a sensor's rate and a model's.

    Raises:
        DataError: equal rates, one out of range, or a ratio of too large terms.
    """
    ratio = rate_ratio(sensor_hz, rate_hz)
    if ratio == 1:
        raise DataError(f"expected a sensor's rate other than the model's {rate_hz:g} Hz, which needs no filter")
    output_us = round(1e6 / rate_hz)
    if not (SLOWEST <= 1 / ratio <= FASTEST) or output_us * ratio > LONGEST_PERIOD_US:
        slowest = max(float(SLOWEST) * rate_hz, 1e6 / LONGEST_PERIOD_US)
        raise DataError(
            f"expected a sensor's rate of {slowest:g} to {float(FASTEST) * rate_hz:g} Hz for a model of "
            f"{rate_hz:g} Hz, got {sensor_hz:g} Hz"
        )
    up, down = ratio.numerator, ratio.denominator
    prototype = lowpass(up, down)
    half = len(prototype) // 2
    reach = half // up + 1
    index = half + np.arange(up)[:, None] - np.arange(-reach, reach + 1) * up
    inside = (index >= 0) & (index < len(prototype))
    rows = np.where(inside, prototype[np.clip(index, 0, len(prototype) - 1)], 0.0)
    rows /= rows.sum(axis=1, keepdims=True)
    bits = 15
    while not _fits(taps := _rounded(rows, bits)):
        bits -= 1
    used = np.flatnonzero(taps.any(axis=0))
    length = -(-(int(used[-1]) - int(used[0]) + 1) // _MULTIPLE) * _MULTIPLE
    if up * length > MOST_COEFFICIENTS:
        raise DataError(
            f"expected a ratio of rates with a filter of at most {MOST_COEFFICIENTS} coefficients, got {up * length} "
            f"for {sensor_hz:g} Hz to {rate_hz:g} Hz ({up}/{down}); state the nominal rate"
        )
    end = int(used[-1]) + 1
    wide = np.pad(taps[:, max(0, end - length) : end], ((0, 0), (max(0, length - end), 0)))
    return Polyphase(up, down, wide.astype(np.int16), bits, int(used[-1]) - reach, output_us)


def _rounded(rows: NDArray[np.float64], bits: int) -> NDArray[np.int64]:
    """Rows in units of 2 ** -bits, each with the exact sum of 1: the largest coefficient takes what rounding left."""
    taps: NDArray[np.int64] = np.floor(rows * 2.0**bits + 0.5).astype(np.int64)
    largest = taps.argmax(axis=1)
    taps[np.arange(len(taps)), largest] += (1 << bits) - taps.sum(axis=1)
    return taps


def _fits(taps: NDArray[np.int64]) -> bool:
    """Whether coefficients are int16, and no sum of counts leaves 32 bits."""
    return bool(np.abs(taps).max() <= 32767 and np.abs(taps).sum(axis=1).max() * 32768 < 1 << 31)
