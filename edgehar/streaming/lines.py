"""A live stream as lines of text: what they say, what is skipped, and at what rate they come."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from edgehar.channels import ACCELERATION, vectors
from edgehar.data.options import CsvOptions
from edgehar.data.timeline import TIME_UNITS
from edgehar.errors import DataError
from edgehar.streaming.sources import Block
from edgehar.streaming.streamer import RATE_TOLERANCE

#: Steps between samples from which the rate of a stream is told before it begins.
RATE_STEPS = 40

#: No line of a few numbers is longer; a stream without line ends is not text.
LONGEST_LINE = 1000

#: Bad lines that a stream may have in a row, or at all before their share counts; and one good line in so many.
BAD_IN_A_ROW = 20
BAD_ONE_IN = 10


#: Microseconds and the values of a sample.
Row = tuple[Any, ...]


class ByteStream(Protocol):
    """What `sys.stdin.buffer` is: reads what there is, at least one byte unless at the end."""

    def read1(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        ...


class BadLine(Exception):
    """A line that holds no sample, and why."""


class LineReader:
    """Blocks from lines `t,x,y,z` as they arrive.

    Blank lines, lines that begin with `#` and one line of column names before the first sample are no samples. An
    empty or `nan` value of x, y or z is a sample that is not finite. A line that is none of these is counted and
    skipped: more than 20 of them in a row, or more than a tenth of all lines, end the stream.

    Args:
        stream: where the lines come from.
        rate_hz: the rate that the samples must have; told from the first steps, before any block is given. None: any.
        options: columns (by name or number from 1), unit, axes, time and time unit; without columns, a line is the time
            and a number for each channel, and without a unit they are in the channels' own and seconds. The time `none`
            counts samples instead.
        note: called with one line for a person: the first line that is skipped, and the rate.

    Attributes:
        bad: lines skipped so far.

    Raises:
        DataError: options that do not fit.
    """

    def __init__(
        self,
        stream: ByteStream,
        rate_hz: float | None,
        options: CsvOptions | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.bad = 0
        self._stream, self._rate_hz, self._note = stream, rate_hz, note
        self._format = _LineFormat(options or CsvOptions())
        self._number = self._seen = self._row_of_bad = 0
        self._last_bad = ""

    def blocks(self) -> Iterator[Block]:
        """The samples, block by block.

        Raises:
            DataError: no sample, too many bad lines (with the last one's number), or another rate.
        """
        rows: list[Row] = []
        checked = self._format.untimed or self._rate_hz is None
        rest = b""
        while chunk := self._stream.read1(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            rows += self._parse(lines)
            if len(rest) > LONGEST_LINE:
                raise DataError(f"expected lines {self._format.expected}, got {len(rest)} bytes without a line end")
            if checked or len(rows) > RATE_STEPS:
                if not checked:
                    self._check_rate(rows)
                    checked = True
                if rows:
                    yield self._block(rows)
                rows = []
        rows += self._parse([rest])
        if self.bad * BAD_ONE_IN > self.bad + self._seen:
            self._refuse()
        if not self._seen:
            raise DataError(f"expected lines {self._format.expected}, got no sample")
        if not checked:
            self._check_rate(rows)
        if rows:
            yield self._block(rows)

    def _parse(self, lines: Sequence[bytes]) -> list[Row]:
        rows = []
        for line in lines:
            self._number += 1
            text = line.strip()
            if not text or text.startswith(b"#"):
                continue
            fields = text.split(b",")
            if not self._seen and self._format.take_header(text, fields):
                continue
            try:
                rows.append(self._format.row(fields, text, self._seen, self._rate_hz or 1.0))
            except BadLine as error:
                self._skip(str(error))
            else:
                self._seen += 1
                self._row_of_bad = 0
        return rows

    def _skip(self, reason: str) -> None:
        self.bad += 1
        self._row_of_bad += 1
        self._last_bad = f"line {self._number}: {reason}"
        if self._row_of_bad > BAD_IN_A_ROW or (
            self.bad > BAD_IN_A_ROW and self.bad * BAD_ONE_IN > self.bad + self._seen
        ):
            self._refuse()
        if self.bad == 1:
            self._note(f"skipped {self._last_bad}; more of them are counted at the end")

    def _refuse(self) -> None:
        got = f"{self.bad} bad of {self.bad + self._seen}"
        raise DataError(f"expected lines {self._format.expected}, got {got}; the last is {self._last_bad}")

    def _check_rate(self, rows: Sequence[Row]) -> None:
        assert self._rate_hz is not None
        got = check_rate([row[0] for row in rows], self._rate_hz)
        if got is not None:
            self._note(f"samples come at about {rate_text(got)} Hz")

    def _block(self, rows: list[Row]) -> Block:
        with np.errstate(over="ignore"):
            x = self._format.turned(np.array([row[1:] for row in rows], np.float64)).astype(np.float32)
        return Block(x, np.array([row[0] for row in rows], np.int64))


def check_rate(t_us: Sequence[int], rate_hz: float) -> float | None:
    """The rate by the median step of these times (microseconds), Hz; None where no time passes.

    Raises:
        DataError: over 10 % from `rate_hz`.
    """
    got = median_rate(t_us[: RATE_STEPS + 1])
    if got is None:
        return None
    if abs(got / rate_hz - 1) <= RATE_TOLERANCE / 10:
        return got
    what_next = f"use --rate {rate_text(got)} to resample" if got >= 1 else "times must be in seconds, or --time-unit"
    raise DataError(f"expected samples at {rate_hz:g} Hz, got about {rate_text(got)} Hz; {what_next}")


def median_rate(t_us: ArrayLike) -> float | None:
    """The rate by the median of the steps forward between times in microseconds, Hz; None where no time passes."""
    steps = np.diff(np.asarray(t_us, np.int64))
    steps = steps[steps > 0]
    return 1e6 / float(np.median(steps)) if len(steps) else None


def rate_text(rate_hz: float) -> str:
    """A measured rate as a person would give it: whole where it nearly is."""
    return f"{round(rate_hz)}" if rate_hz >= 1 and abs(rate_hz / round(rate_hz) - 1) < 0.03 else f"{rate_hz:.3g}"


class _LineFormat:
    """Which field is what, in which unit."""

    def __init__(self, options: CsvOptions) -> None:
        self.untimed = options.time == "none"
        self._columns = options.columns
        self._time = options.time
        self._seconds = TIME_UNITS[options.time_unit or "s"]
        self._axes = options.axis_map()
        told, self._vectors = options.factors(), vectors(options.sample)
        self._scale = np.array([told.get(one.unit, 1.0) for one in options.sample])
        self.expected = "t," + ",".join(
            "xyz" if options.sample == ACCELERATION else [one.name for one in options.sample]
        )
        values = tuple(str(index) for index in range(1, len(options.sample) + 2))
        self._header = False
        self._places: list[int] | None = None
        if self.untimed and options.time_unit is not None:
            raise DataError("expected --time none or --time-unit, got both")
        self._fields: int | None = len(values)
        if self._columns is not None or self._time is not None:
            self._fields = None
            names = [*([] if self.untimed else [self._time or "1"]), *(self._columns or values[1:])]
            if self.untimed and self._columns is None:
                names = [*values[:-1]]
            self._names = names
            if all(name.isdecimal() for name in names):
                self._places = [int(name) - 1 for name in names]
                if min(self._places) < 0:
                    raise DataError("expected columns by name or by number from 1, got 0")
        else:
            self._places = list(range(len(values)))

    def take_header(self, text: bytes, fields: Sequence[bytes]) -> bool:
        """Whether this line before the first sample is the one line of column names."""
        if self._header or any(map(_is_number, fields)):
            return False
        self._header = True
        if self._fields not in (None, len(fields)) or not text.isascii() or not text.decode().isprintable():
            return False
        if self._places is None:
            own = [field.strip().decode() for field in fields]
            missing = [name for name in self._names if name not in own and not name.isdecimal()]
            if missing:
                raise DataError(f"expected the column {missing[0]}, got {', '.join(own)}")
            self._places = [own.index(name) if name in own else int(name) - 1 for name in self._names]
        return True

    def row(self, fields: Sequence[bytes], text: bytes, seen: int, rate_hz: float) -> Row:
        """Microseconds and a value for each channel; raises BadLine."""
        if self._places is None:
            raise DataError(f"expected a line with the names {', '.join(self._names)} first, got {_shown(text)}")
        if (self._fields is not None and len(fields) != self._fields) or len(fields) <= max(self._places):
            raise BadLine(f"expected {self.expected}, got {_shown(text)}")
        taken = [fields[place] for place in self._places]
        time = seen / rate_hz if self.untimed else _number_in(taken.pop(0), missing=False) * self._seconds
        values = [_number_in(field, missing=True) for field in taken]
        if not abs(time) < 2.0**42:
            raise BadLine(f"expected a time in seconds, got {_shown(fields[self._places[0]])}")
        return math.floor(time * 1e6 + 0.5), *values

    def turned(
        self, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Samples in their channels' units and in the model's axes."""
        turned = values.copy()
        for at in self._vectors:
            for axis, (index, sign) in enumerate(self._axes):
                turned[:, at + axis] = sign * values[:, at + index]
        turned *= self._scale
        return turned


def _number_in(field: bytes, *, missing: bool) -> float:
    """The number in a field; NaN for an empty one where a value may be missing."""
    if missing and not field.strip():
        return math.nan
    if not _is_number(field):
        raise BadLine(f"expected a number, got {_shown(field)}")
    return float(field)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _shown(text: bytes) -> str:
    """Text for an error message: short, printable."""
    return repr(text[:40].decode("ascii", "replace").replace("\ufffd", "?"))
