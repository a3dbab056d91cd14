"""Where samples come from: a recording, or lines on standard input."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.data.resampling import resample, split_at_gaps
from edgehar.errors import DataError
from edgehar.streaming.streamer import Flush

#: Samples that a recording gives at a time: one second at 20 Hz, so that a live view moves.
BLOCK = 20

#: Steps between samples from which the rate of a stream is told.
RATE_STEPS = 40

#: A stream may be this much faster or slower than its nominal rate.
RATE_TOLERANCE = 0.1

#: No line of four numbers is longer; a stream without line ends is not text.
LONGEST_LINE = 1000


class Block(NamedTuple):
    """Samples in order of time.

    Attributes:
        x: float32 (N, 3), m/s².
        t_us: int64 (N,), microseconds.
        truth: int64 (N,), index into the contract's labels, -1 where not known; None without labels.
        flush: set where these do not follow what came before, with the time and the reason.
    """

    x: NDArray[np.float32]
    t_us: NDArray[np.int64]
    truth: NDArray[np.int64] | None = None
    flush: Flush | None = None


def choose_recording(dataset: Dataset, recording: str | None = None, subject: str | None = None) -> Recording:
    """One recording by name and subject; by default the first of the published test people, else the first.

    Raises:
        DataError: there is none; the message lists some that there are.
    """
    found = [
        one
        for one in dataset.recordings
        if (recording is None or one.name == recording) and (subject is None or one.subject == subject)
    ]
    if not found:
        wanted = " of ".join(
            part for part in (recording and f"recording {recording!r}", subject and f"subject {subject!r}") if part
        )
        names = [one.name for one in dataset.recordings if subject is None or one.subject == subject]
        if recording is None or not names:
            names = list(dataset.subjects)
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise DataError(f"no {wanted or 'recording'} in {dataset.name}; there are {shown or 'none'}")
    if recording is None and subject is None:
        found = [one for one in found if one.subject in dataset.published_test] or found
    return found[0]


def recording_blocks(
    recording: Recording, classes: Sequence[str], contract: Contract, *, realtime: bool = False
) -> Iterator[Block]:
    """A recording at the contract's rate, in blocks; labels that the model does not have count as not known.

    Args:
        recording: at any rate; gaps split it.
        classes: the data set's names, which the recording's labels index.
        realtime: wait, so that each block comes when it would have been complete.
    Raises:
        DataError: a rate that cannot be resampled.
    """
    codes = np.array([_index(contract.labels, name) for name in classes] + [UNLABELLED], np.int64)
    size = max(1, BLOCK // 10) if realtime else BLOCK
    begun = time.monotonic()
    first: float | None = None
    for number, part in enumerate(split_at_gaps(recording)):
        even = resample(part, contract.rate_hz)
        t_us = np.floor(even.t * 1e6 + 0.5).astype(np.int64)
        for start in range(0, len(even), size):
            rows = slice(start, start + size)
            if realtime:
                first = even.t[0] if first is None else first
                ready = even.t[min(start + size, len(even)) - 1] - first
                time.sleep(max(0.0, begun + ready - time.monotonic()))
            flush = Flush(int(t_us[0]), "gap") if number and not start else None
            yield Block(even.acc[rows], t_us[rows], codes[even.label[rows]], flush)


class ByteStream(Protocol):
    """What `sys.stdin.buffer` is: reads what there is, at least one byte unless at the end."""

    def read1(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        ...


def line_blocks(stream: ByteStream, rate_hz: float) -> Iterator[Block]:
    """Blocks from lines `t,x,y,z` (seconds, m/s²) as they arrive.

    Blank lines, lines that begin with `#` and one line of column names before the first sample are skipped.
    An empty or `nan` value of x, y or z is a sample that is not finite. The rate is told from the first
    steps, before any block is given.

    Args:
        rate_hz: the rate that the samples must have.
    Raises:
        DataError: no samples, a line that is not four numbers (with its number), or another rate.
    """
    parser = _LineParser()
    rows: list[tuple[int, float, float, float]] = []
    checked = False
    rest = b""
    while chunk := stream.read1(1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        rows += parser.parse(lines)
        if len(rest) > LONGEST_LINE:
            raise DataError(f"expected lines t,x,y,z on standard input, got {len(rest)} bytes without a line end")
        if checked or len(rows) > RATE_STEPS:
            if not checked:
                check_rate([row[0] for row in rows], rate_hz)
                checked = True
            if rows:
                yield _block(rows)
            rows = []
    rows += parser.parse([rest])
    if not parser.seen:
        raise DataError("expected lines t,x,y,z on standard input, got no sample")
    if not checked:
        check_rate([row[0] for row in rows], rate_hz)
    if rows:
        yield _block(rows)


def check_rate(t_us: Sequence[int], rate_hz: float) -> None:
    """Compare the median step of these times (microseconds) with a rate in Hz.

    Raises:
        DataError: over 10 % apart.
    """
    steps = np.diff(np.array(t_us[: RATE_STEPS + 1], np.int64))
    steps = steps[steps > 0]
    if not len(steps):
        return
    got = 1e6 / float(np.median(steps))
    if abs(got / rate_hz - 1) <= RATE_TOLERANCE:
        return
    whole = f"{round(got)}" if got >= 1 and abs(got / round(got) - 1) < 0.03 else f"{got:.3g}"
    what_next = f"use --rate {whole} to resample" if got >= 1 else "times must be in seconds"
    raise DataError(f"expected samples at {rate_hz:g} Hz, got about {whole} Hz; {what_next}")


class _LineParser:
    """Turns lines into (microseconds, x, y, z), and knows the number of each line."""

    def __init__(self) -> None:
        self.seen = False
        self._number = 0
        self._header = False

    def parse(self, lines: Sequence[bytes]) -> list[tuple[int, float, float, float]]:
        rows = []
        for line in lines:
            self._number += 1
            text = line.strip()
            if not text or text.startswith(b"#"):
                continue
            fields = text.split(b",")
            if not self.seen and not self._header and not any(map(_is_number, fields)):
                self._header = True
                if len(fields) == 4 and text.isascii() and text.decode().isprintable():
                    continue
            if len(fields) != 4:
                raise DataError(f"expected t,x,y,z at line {self._number}, got {_shown(text)}")
            values = [self._number_in(field, missing=index > 0) for index, field in enumerate(fields)]
            if not abs(values[0]) < 2.0**42:
                raise DataError(f"expected a time in seconds at line {self._number}, got {_shown(fields[0])}")
            rows.append((math.floor(values[0] * 1e6 + 0.5), values[1], values[2], values[3]))
            self.seen = True
        return rows

    def _number_in(self, field: bytes, *, missing: bool) -> float:
        """The number in a field; NaN for an empty one where a value may be missing."""
        if missing and not field.strip():
            return math.nan
        if not _is_number(field):
            raise DataError(f"expected a number at line {self._number}, got {_shown(field)}")
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


def _block(rows: list[tuple[int, float, float, float]]) -> Block:
    with np.errstate(over="ignore"):
        x = np.array([row[1:] for row in rows], np.float64).astype(np.float32)
    return Block(x, np.array([row[0] for row in rows], np.int64))


def _index(labels: Sequence[str], name: str) -> int:
    return labels.index(name) if name in labels else UNLABELLED
