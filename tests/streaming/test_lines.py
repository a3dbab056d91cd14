"""Lines of a live stream: what they say, in which unit and axes, what is skipped, and the rate."""

from __future__ import annotations

import io

import numpy as np
import pytest

from edgehar.data import CsvOptions
from edgehar.errors import DataError
from edgehar.streaming.lines import LineReader, check_rate


class Pieces(io.BytesIO):
    """Gives a few bytes at a time, as a pipe does."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read1(self, size: int = -1, /) -> bytes:
        return super().read1(self._size)


def lines(count: int, rate: float = 20.0, start: float = 0.0) -> bytes:
    return b"".join(b"%.3f,%d,0.5,-9.8\n" % (start + i / rate, i) for i in range(count))


def read(content: bytes, rate: float = 20.0, size: int = 1 << 16) -> tuple[np.ndarray, np.ndarray]:
    blocks = list(LineReader(Pieces(content, size), rate).blocks())
    return np.concatenate([b.x for b in blocks]), np.concatenate([b.t_us for b in blocks])


@pytest.mark.parametrize("size", [1, 7, 100, 1 << 16])
def test_lines_in_any_pieces(size) -> None:
    x, t = read(b"# made up\nt,x,y,z\r\n\n" + lines(60).rstrip(b"\n"), size=size)
    assert np.array_equal(t, np.arange(60) * 50_000)
    assert np.array_equal(x[:, 0], np.arange(60))
    assert np.array_equal(x[3], np.array([3, 0.5, -9.8], np.float32))


def test_missing_and_nan_values_are_not_finite() -> None:
    x, _ = read(b"0,1,,3\n0.05,nan,2,3\n0.1,1,2,inf\n")
    assert not np.isfinite(x).all(axis=1).any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no sample"),
        (b"t,x,y,z\n# nothing\n", "no sample"),
        (lines(8) + b"2.5,1,two,3\n", "1 bad of 9; the last is line 9: expected a number, got 'two'"),
        (b"t,x,y,z\n0,1,2,3\nt,x,y,z\n", "line 3: expected a number"),
        (b"t,x,y,z\nt,x,y,z\n0,1,2,3\n", "line 2: expected a number"),
        (b"time,0,0,0\n", "line 1: expected a number"),
        (b"0,1,2\n", "line 1: expected t,x,y,z"),
        (b"0,1,2,3,4\n", "line 1: expected t,x,y,z"),
        (b"0,1_0,2,3\n", "line 1: expected a number"),
        (b"nan,1,2,3\n", "line 1: expected a time in seconds"),
        (b"1e300,1,2,3\n", "line 1: expected a time in seconds"),
        (b",1,2,3\n", "line 1: expected a number"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "expected t,x,y,z"),
        (lines(600) + b"oops\n" * 21 + lines(99, start=30), "got 21 bad of 621; the last is line 621"),
        (b"".join(lines(8, start=i * 0.4) + b"oops\n" for i in range(99)), "got 21 bad of 189; the last is line 189"),
        (bytes(5000), "without a line end"),
        (lines(60, rate=50), "expected samples at 20 Hz, got about 50 Hz; use --rate 50 to resample"),
        (lines(10, rate=50), "got about 50 Hz"),
        (lines(60, rate=0.02), "times must be in seconds"),
    ],
)
def test_bad_lines(content, message) -> None:
    with pytest.raises(DataError, match=message):
        read(content)


def test_rate_is_told_before_any_block() -> None:
    stream = LineReader(Pieces(lines(200, rate=50), 10), 20.0).blocks()
    with pytest.raises(DataError, match="50 Hz"):
        next(stream)


def test_rate_survives_jitter_duplicates_and_jumps() -> None:
    rng = np.random.default_rng(4)
    t = np.arange(41) * 50_000 + rng.integers(-15_000, 15_000, 41)
    t[5] = t[4]
    t[20:] -= 10**8
    check_rate(t.tolist(), 20.0)
    check_rate([7, 7, 7], 20.0)
    check_rate([], 20.0)


def test_bad_lines_are_counted_and_skipped() -> None:
    told: list[str] = []
    content = lines(50) + b"2.5,1,two,3\n" + b"oops\n" * 3 + lines(50, start=2.5)
    reader = LineReader(Pieces(content, 100), 20.0, note=told.append)
    assert sum(len(block.x) for block in reader.blocks()) == 100
    assert reader.bad == 4
    assert [text for text in told if "skipped" in text] == [
        "skipped line 51: expected a number, got 'two'; more of them are counted at the end"
    ]
    assert "samples come at about 20 Hz" in told


def test_bad_lines_here_and_there_go_on() -> None:
    content = b"".join(lines(20, start=i) + b"oops\n" for i in range(40))
    reader = LineReader(Pieces(content, 100), 20.0)
    assert sum(len(block.x) for block in reader.blocks()) == 800
    assert reader.bad == 40


G = 9.80665


@pytest.mark.parametrize(
    ("options", "content", "expected"),
    [
        (CsvOptions(unit="g"), b"0,1,-2,0.5\n0.05,0,0,1\n", [[G, -2 * G, G / 2], [0, 0, G]]),
        (CsvOptions(unit="mg"), b"0,1000,0,0\n", [[G, 0, 0]]),
        (CsvOptions(axes="-y,x,-z"), b"0,1,2,3\n", [[-2, 1, -3]]),
        (CsvOptions(columns=("4", "2", "3")), b"0,1,2,3\n", [[3, 1, 2]]),
        (CsvOptions(columns=("c", "a", "b")), b"n,t,a,b,c\n7,0,1,2,3\n", [[3, 1, 2]]),
        (CsvOptions(time="t", columns=("c", "a", "b")), b"n,t,a,b,c\n7,0,1,2,3\n", [[3, 1, 2]]),
        (CsvOptions(time="none"), b"1,2,3\n4,5,6\n", [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_options_say_what_is_in_a_line(options, content, expected) -> None:
    (block,) = LineReader(Pieces(content, 99), 20.0, options).blocks()
    assert np.allclose(block.x, expected)
    assert block.t_us.tolist() == [
        7_000_000 * (options.columns is not None and options.time is None and b"n,t" in content)
    ] + [50_000] * (len(expected) - 1)


@pytest.mark.parametrize(("unit", "step"), [("ms", 50), ("us", 50_000), ("ns", 50_000_000)])
def test_time_unit(unit, step) -> None:
    content = b"".join(b"%d,0,0,9.8\n" % (i * step) for i in range(60))
    blocks = list(LineReader(Pieces(content, 999), 20.0, CsvOptions(time_unit=unit)).blocks())
    assert np.concatenate([b.t_us for b in blocks]).tolist() == [i * 50_000 for i in range(60)]


@pytest.mark.parametrize(
    ("options", "content", "message"),
    [
        (CsvOptions(columns=("ax", "ay", "az")), b"t,x,y,z\n0,1,2,3\n", "expected the column ax, got t, x, y, z"),
        (CsvOptions(columns=("ax", "ay", "az")), b"0,1,2,3\n", "a line with the names 1, ax, ay, az first"),
        (CsvOptions(columns=("0", "1", "2")), b"0,1,2,3\n", "number from 1"),
        (CsvOptions(columns=("2", "3", "9")), b"0,1,2,3\n", "line 1: expected t,x,y,z"),
        (CsvOptions(time="none", time_unit="s"), b"0,1,2\n", "got both"),
    ],
)
def test_options_that_do_not_fit(options, content, message) -> None:
    with pytest.raises(DataError, match=message):
        list(LineReader(Pieces(content, 99), 20.0, options).blocks())
