"""Live samples from wherever they come, as blocks in order: standard input, a TCP server, phones, ports, brokers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

import numpy as np

from edgehar.channels import ACCELERATION, AXES
from edgehar.data import CsvOptions, DataSource
from edgehar.errors import DataError
from edgehar.streaming.lines import RATE_STEPS, ByteStream, LineReader, median_rate, rate_text
from edgehar.streaming.live import open_live, scheme_of
from edgehar.streaming.live.order import Order
from edgehar.streaming.sources import Block
from edgehar.streaming.tcp import PREFIX, TcpStream

#: Rates of sensors, Hz: the nearest to what is measured is taken, and a grid of times evens out what is left.
USUAL_HZ = (10.0, 12.5, 20.0, 25.0, 50.0, 62.5, 75.0, 100.0, 125.0, 200.0, 250.0, 400.0, 500.0)


def is_live(source: str) -> bool:
    """Whether a source is no recording."""
    return source == "-" or source.startswith(PREFIX) or scheme_of(source) is not None


@dataclass
class Incoming:
    """An open live source.

    Attributes:
        title: for people.
        blocks: samples in order, at the source's own rate.
        rate_hz: that rate; None where it is yet to be measured: see `measured`.
        columns: what the values of a sample are called: x, y, z, or the channels' names.
    """

    title: str
    blocks: Iterator[Block]
    rate_hz: float | None
    columns: tuple[str, ...]
    _reader: LineReader
    _order: Order | None

    @property
    def bad(self) -> int:
        """Lines skipped so far."""
        return self._reader.bad

    @property
    def dropped(self) -> str:
        """What the network made of the samples, for people; empty where it made nothing of them."""
        if self._order is None or not (self._order.duplicates or self._order.late):
            return ""
        return f"{self._order.duplicates} samples came twice and {self._order.late} too late; they were dropped"

    def measured(self, note: Callable[[str], None]) -> float:
        """The usual rate that lies nearest to that of the first samples, which are still in `blocks`.

        Raises:
            DataError: too few samples to tell.
        """
        if self.rate_hz is not None:
            return self.rate_hz
        first, times = [], np.zeros(0, np.int64)
        for block in self.blocks:
            first.append(block)
            times = np.concatenate([times, block.t_us])
            if len(times) > RATE_STEPS:
                break
        got = median_rate(times)
        if got is None:
            raise DataError(f"expected samples with times from {self.title}, got {len(times)}")
        self.rate_hz = min(USUAL_HZ, key=lambda usual: abs(np.log(usual / got)))
        note(f"{self.title}: samples come at about {rate_text(got)} Hz")
        self.blocks = _chained(first, self.blocks)
        return self.rate_hz


def open_incoming(
    data: DataSource,
    rate_hz: float | None,
    stack: ExitStack,
    note: Callable[[str], None] = lambda text: None,
    channels: str | None = None,
) -> Incoming:
    """Open a live source; `stack` closes it.

    Args:
        data: the source, and what stands in its lines.
        rate_hz: that the samples must have; None: it is measured.
        note: called with one line for a person.
        channels: of a line, as `edgehar.channels.channels_text` writes them; x, y, z by default.
    Raises:
        DataError: no such source, nobody answers, or an option that means nothing for lines as they come.
    """
    for name in ("kind", "schema", "labels", "subject_column", "label_column"):
        if getattr(data, name):
            option = "label" if name == "labels" else name.replace("_", "-")
            raise DataError(f"--{option} is for recordings, not for a live stream")
    options = CsvOptions(
        columns=data.columns, channels=channels or data.channels,
        unit=data.unit, axes=data.axes, time=data.time, time_unit=data.time_unit,
    )  # fmt: skip
    if data.time == "none" and rate_hz is None:
        raise DataError("expected --rate with --time none: without times it cannot be measured")
    source: ByteStream
    title, order = data.source, None
    if data.source == "-":
        title = "standard input"
        if sys.stdin is None:
            raise DataError("expected lines t,x,y,z on standard input, which is closed")
        if sys.stdin.isatty():
            print("reading lines t,x,y,z; end with Ctrl-D", file=sys.stderr)
        source = cast(ByteStream, sys.stdin.buffer)
    elif data.source.startswith(PREFIX):
        source = stack.enter_context(TcpStream(data.source))
    else:
        source, order = stack.enter_context(open_live(data.source, note)), Order()
    reader = LineReader(source, rate_hz, options, lambda text: note(f"{title}: {text}"))
    blocks = reader.blocks() if order is None else order.blocks(reader.blocks())
    names = tuple(one.name for one in options.sample)
    return Incoming(title, blocks, rate_hz, AXES if options.sample == ACCELERATION else names, reader, order)


def _chained(first: list[Block], rest: Iterator[Block]) -> Iterator[Block]:
    yield from first
    yield from rest
