"""A sensor's counts to samples at a model's rate, in integers: what the C engine does with them, to the bit.

docs/spec.md, "Sensor", has the rules; in firmware_ref/src, edgehar_sensor.c, edgehar_sensors.c and edgehar_resample.c
compute the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import Channel, channels_text, check_axes, sensors_of
from edgehar.contract import Contract
from edgehar.data.polyphase import Polyphase, make_polyphase
from edgehar.data.recording import Recording
from edgehar.errors import EdgeharError
from edgehar.front_end import LARGEST, UNIT, from_q8
from edgehar.streaming.sources import BLOCK, Block, label_codes
from edgehar.streaming.streamer import Flush, FlushReason

#: A point between two samples: its distance from the first, of the distance of both.
LINE_BITS = 14
#: m/s² of one count, or of another sensor's unit, as C takes it.
SMALLEST_UNIT, LARGEST_UNIT = 2.0**-16, 16.0


class Sensor:
    """Takes counts with their times and gives what a `Streamer` takes.

    A time of None is one period after the sample before. Whatever the chunks, the same outputs.

    Args:
        contract: of the model.
        rate_hz: of the sensor; the model's rate needs no filter.
        unit: m/s² of one count, or what else its sensor has; of several sensors, a number for each of them, in the
            order in which the contract names them. 1/256 by default.
        axes: for each of the model's channels the value of the sensor's sample that it is: 1, 2, …, negative where it
            points the other way; see `check_axes`. In their order by default.

    Attributes:
        duplicates: samples ignored so far because their time was that of the sample before.

    Raises:
        EdgeharError: axes or a unit out of range, or as `make_polyphase`.
    """

    def __init__(
        self,
        contract: Contract,
        rate_hz: float,
        *,
        unit: float | Sequence[float] | None = None,
        axes: Sequence[int] | None = None,
    ) -> None:
        channels = contract.channels
        axes = range(1, len(channels) + 1) if axes is None else axes
        check_axes(channels, axes)
        self.units = channel_units(channels, unit)
        same = rate_hz == contract.rate_hz
        self.filter: Polyphase | None = None if same else make_polyphase(rate_hz, contract.rate_hz)
        self.period_us = round(1e6 / contract.rate_hz) if self.filter is None else self.filter.period[0]
        self.duplicates = 0
        self._signs = np.sign(axes)
        self._from = np.abs(axes) - 1
        self._multiplier, self._shift = np.array([counts_map(one * UNIT) for one in self.units.tolist()], np.int64).T
        half = (contract.window + 1) // 2
        self._length = half if self.filter is None else -(-half * self.filter.down // self.filter.up)
        self.reset()

    def reset(self) -> None:
        """Forget everything, the clock included."""
        self._clock: int | None = None
        self._kept: int | None = None
        self._since, self._steps = 0, self._length
        self._forget()

    def push(self, counts: NDArray[np.int16], t_us: Sequence[int] | NDArray[np.int64] | None = None) -> list[Block]:
        """Take (N, channels) counts; blocks of samples in m/s², each with the flush before it.

        Args:
            counts: int16.
            t_us: microseconds; None: each one period after the last.
        """
        times: list[int | None] = [None] * len(counts) if t_us is None else [int(t) for t in t_us]
        width = len(self.units)
        blocks: list[Block] = []
        made: list[tuple[NDArray[np.int64], int]] = []
        flush: Flush | None = None
        for row, given in zip(np.asarray(counts, np.int64), times, strict=True):
            t = given if given is not None else 0 if self._clock is None else self._clock + self._step
            self._clock = t
            if t == self._kept:
                self.duplicates += 1
                continue
            reason = self._irregular(t)
            if reason is not None:
                if made or flush is not None:
                    blocks.append(_block(width, made, flush))
                made, flush = [], Flush(t, reason)
            made += self._take(row, t)
        if made or flush is not None:
            blocks.append(_block(width, made, flush))
        return blocks

    def _irregular(self, t: int) -> FlushReason | None:
        """Why the sample does not follow the one before, which is then forgotten; it counts as kept."""
        reason: FlushReason | None = None
        if self._kept is not None:
            step = t - self._kept
            self._steps -= 1
            if step < 0:
                reason = "backward"
            elif step > 2 * self.period_us:
                reason = "gap"
            elif self._steps:
                self._kept = t
                return None
            else:
                nominal, took = 10 * self._length * self.period_us, t - self._since
                reason = None if 9 * took <= nominal <= 11 * took else "rate"
        self._kept = self._since = t
        self._steps = self._length
        if reason is not None:
            self._forget()
        return reason

    def _forget(self) -> None:
        self._points: list[NDArray[np.int64]] = []
        self._last = np.zeros(len(self.units), np.int64)
        self._last_us = self._ahead = self._rest = 0
        self._step = self.period_us

    def _take(self, row: NDArray[np.int64], t: int) -> list[tuple[NDArray[np.int64], int]]:
        """Samples in Q8 and their times that one sample of the sensor brings about."""
        if self.filter is None:
            return [(self._sample(row, 0), t)]
        found: list[tuple[NDArray[np.int64], int]] = []
        if not self._points:
            # Held before its time: a device at rest read the same then.
            self._points = [row] * (self.filter.length - self.filter.lead)
            self._wait, self._phase, self._output_us = self.filter.lead, 0, t
            self._advance(self.filter)
        else:
            step = t - self._last_us
            while self._ahead <= step:
                part = (self._ahead << LINE_BITS) // step
                way = (row - self._last) * part + (1 << (LINE_BITS - 1))
                self._points.append(self._last + (way >> LINE_BITS))
                self._wait -= 1
                found += self._outputs(self.filter)
                self._advance(self.filter)
            self._ahead -= step
        self._last, self._last_us, self._step = row, t, self._ahead
        return found

    def _advance(self, table: Polyphase) -> None:
        """The next point stands a period of the sensor later."""
        whole, rest = table.period
        more, self._rest = divmod(self._rest + rest, table.down)
        self._ahead += whole + more

    def _outputs(self, table: Polyphase) -> list[tuple[NDArray[np.int64], int]]:
        """What the points allow."""
        found = []
        self._points = self._points[-table.length :]
        while self._wait == 0:
            sums = table.taps[self._phase].astype(np.int64) @ np.stack(self._points)
            found.append((self._sample(sums, table.bits), self._output_us))
            self._output_us += table.output_us
            self._wait, self._phase = divmod(self._phase + table.down, table.up)
        return found

    def _sample(self, sums: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
        """Counts times 2 ** bits, by the sensor's axes, as Q8 by the model's."""
        shift = self._shift + bits
        mapped = (self._signs * sums[self._from] * self._multiplier + (1 << (shift - 1))) >> shift
        q8: NDArray[np.int64] = np.clip(mapped, -LARGEST, LARGEST)
        return q8


def counts_map(ratio: float) -> tuple[int, int]:
    """Multiplier and shift of `count * multiplier / 2 ** shift`, as EDGEHAR_COUNTS of edgehar.h makes them."""
    shift = 30 - math.floor(math.log2(ratio))
    return math.floor(ratio * 2.0**shift + 0.5), shift


def fifo_times(last_us: int, count: int, kept_us: int | None, period_us: int) -> list[int]:
    """The times of a FIFO's samples, of which the last came at `last_us`, as edgehar_push_fifo gives them.

    Args:
        kept_us: the time of the sample kept last before; None without one.
        period_us: the sensor's, `Sensor.period_us`.
    """
    if kept_us is not None and 9 * (last_us - kept_us) <= 10 * count * period_us <= 11 * (last_us - kept_us):
        return [kept_us + (last_us - kept_us) * (index + 1) // count for index in range(count)]
    return [last_us - (count - 1 - index) * period_us for index in range(count)]


def channel_units(channels: Sequence[Channel], unit: float | Sequence[float] | None) -> NDArray[np.float64]:
    """The unit of a count of each channel, from one for each sensor; raises EdgeharError, see `Sensor`."""
    sensors = sensors_of(channels)
    given = [1 / UNIT] * len(sensors) if unit is None else list(unit) if isinstance(unit, Sequence) else [unit]
    if len(given) != len(sensors):
        raise EdgeharError(
            f"expected a sensor's unit for each of {', '.join(sensors)}, as the channels {channels_text(channels)} "
            f"name them, got {len(given)}"
        )
    units = dict(zip(sensors, given, strict=True))
    for one in channels:
        if not SMALLEST_UNIT <= units[one.sensor] < LARGEST_UNIT:
            raise EdgeharError(
                f"expected a sensor's unit of {SMALLEST_UNIT:g} to {LARGEST_UNIT:g} "
                f"{'m/s²' if one.unit == 'm/s^2' else one.unit} a count, got {units[one.sensor]:g}"
            )
    return np.array([units[one.sensor] for one in channels], np.float64)


def to_counts(samples: NDArray[np.float32], units: NDArray[np.float64]) -> NDArray[np.int16]:
    """Finite samples (N, channels) as the counts that sensors of these units would have given: floor(v / unit + 0.5),
    kept within int16."""
    whole = np.floor(np.asarray(samples, np.float64) / units + 0.5)
    return np.clip(whole, -32768, 32767).astype(np.int16)


def sensor_blocks(blocks: Iterable[Block], sensor: Sensor) -> Iterator[Block]:
    """Blocks at a sensor's rate as the device makes them; a sample that is not finite flushes here as well."""
    for block in blocks:
        finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(block.x), axis=1)
        edges = [-1, *np.flatnonzero(~finite).tolist(), len(finite)]
        for start, stop in pairwise(edges):
            rows = slice(start + 1, stop)
            yield from sensor.push(to_counts(block.x[rows], sensor.units), block.t_us[rows])
            if stop < len(finite):
                sensor.reset()
                yield _block(len(sensor.units), [], Flush(int(block.t_us[stop]), "nan"))


def sensed_blocks(recording: Recording, classes: Sequence[str], contract: Contract, sensor: Sensor) -> Iterator[Block]:
    """A sensor's recording at its own rate, as the device makes it; an output has the nearest sample's label."""
    t_us = np.floor(recording.t * 1e6 + 0.5).astype(np.int64)
    middles = (t_us[1:] + t_us[:-1]) / 2
    truth = label_codes(classes, contract)[recording.label]
    for start in range(0, len(recording), BLOCK):
        rows = slice(start, start + BLOCK)
        for block in sensor_blocks([Block(recording.acc[rows], t_us[rows])], sensor):
            nearest = np.searchsorted(middles, block.t_us, side="right")
            yield block._replace(truth=truth[nearest])


def _block(width: int, made: list[tuple[NDArray[np.int64], int]], flush: Flush | None) -> Block:
    values = np.array([value for value, _ in made], np.int64).reshape(-1, width)
    return Block(from_q8(values), np.array([t for _, t in made], np.int64), None, flush)
