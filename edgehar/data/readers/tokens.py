"""Parsing millions of short comma-separated records with array operations.

A text parser that makes one object a field needs seconds and a gigabyte for WISDM's million lines.
Here a block of bytes stays one array: separators are found at once, and the fields of a column become
one matrix of characters, right-aligned, whose digits a vector of powers of ten turns into numbers.
Integers are exact; decimals are the quotient of an exact integer and a power of ten, so they round as
`float()` does up to 15 digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

#: Characters of the longest field that is read by arithmetic: a sign, a point and 18 digits fit an int64.
_WIDTH = 20

#: Zero bytes before and after a block, so that every field has a full row of characters.
_MARGIN = 32


@dataclass(frozen=True)
class Records:
    """Fields of the records of a block, which end at `;` or at a line's end.

    Attributes:
        block: uint8 (B,), with a margin of zeros at both ends.
        start, length: int64 (R, fields), where each field lies in `block`.
        malformed: non-blank records with another number of fields.
    """

    block: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    malformed: int

    def __len__(self) -> int:
        return len(self.start)

    def text(self, row: int, column: int) -> str:
        """One field as text."""
        start = int(self.start[row, column])
        return self.block[start : start + int(self.length[row, column])].tobytes().decode("utf-8", "replace")


def split_records(content: bytes, fields: int) -> Records:
    """Find the records of a block that ends with a record's end. A comma before the end is allowed."""
    margin = bytes(_MARGIN)
    block = np.frombuffer(margin + content + margin, np.uint8)
    semicolon, newline = block == ord(";"), block == ord("\n")
    # A line's end behind a `;` is no end of its own: nearly every record has one.
    newline[1:] &= ~semicolon[:-1]
    stop = np.flatnonzero((block == ord(",")) | semicolon | newline | (block == ord("\r")))
    if not len(stop):
        return Records(block, np.zeros((0, fields), np.int64), np.zeros((0, fields), np.int64), 0)
    start = np.concatenate([[_MARGIN], stop[:-1] + 1])
    last = np.flatnonzero(block[stop] != ord(","))
    first = np.concatenate([[0], last[:-1] + 1])
    start[first] += block[start[first]] == ord("\n")
    length = stop - start
    count = last - first + 1
    regular = count == fields
    if regular.all() and len(stop) == fields * len(first):
        return Records(block, start.reshape(-1, fields), length.reshape(-1, fields), 0)
    empty = length[last] <= 0
    good = regular | ((count == fields + 1) & empty)
    at = first[good, None] + np.arange(fields)
    return Records(block, start[at], length[at], int((~good & ~((count == 1) & empty)).sum()))


def numbers(records: Records, column: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Decimal numbers of a column as mantissa and decimals: value = mantissa / 10 ** decimals.

    Returns:
        mantissa int64 (R,), decimals int64 (R,), and bool (R,), false where the field is not a plain
        decimal number (empty, text, an exponent, or over 18 digits).
    """
    start, length = records.start[:, column], records.length[:, column]
    width = max(1, min(int(length.max(initial=0)), _WIDTH))
    char = sliding_window_view(records.block, width)[start + length - width]
    inside = np.arange(width) >= (width - length)[:, None]
    digit = char - np.uint8(ord("0"))  # wraps round: anything but a digit is over 9
    is_digit = inside & (digit <= 9)
    is_point = inside & (char == ord("."))
    ones = np.ones(width, np.uint8)
    digits, points = is_digit.view(np.uint8) @ ones, is_point.view(np.uint8) @ ones
    signed = (length > 0) & (records.block[start] == ord("-"))
    good = (digits + points + signed == length) & (digits > 0) & (digits <= 18) & (points <= 1)
    powers = 10 ** np.minimum(np.arange(width - 1, -1, -1, dtype=np.int64), 18)
    total = np.where(is_digit, digit, 0).astype(np.int64) @ powers
    # The point takes a place of its own, so what stands before it is ten times too large.
    decimals = np.where(points == 1, width - 1 - is_point.argmax(axis=1), 0)
    scale = powers[width - 1 - np.minimum(decimals, width - 1)]
    whole = total // scale
    mantissa = np.where(points == 1, whole // 10 * scale + (total - whole * scale), total)
    return np.where(signed, -mantissa, mantissa), decimals, good


def floats(records: Records, column: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A column as float64 (R,), and bool (R,), false where the field is no number (NaN and infinity are)."""
    mantissa, decimals, good = numbers(records, column)
    value = mantissa / 10.0**decimals
    for row in np.flatnonzero(~good & (records.length[:, column] > 0)):
        try:
            value[row] = float(records.text(int(row), column))
            good[row] = True
        except ValueError:
            pass
    return value, good


def integers(records: Records, column: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A column as int64 (R,), exact, and bool (R,), false where the field is no whole number."""
    mantissa, decimals, good = numbers(records, column)
    return mantissa, good & (decimals == 0)


def words(records: Records, column: int) -> list[tuple[int, str]]:
    """Runs of equal words in a column: (first row, word). Words are compared by length and 16 bytes."""
    start, length = records.start[:, column], records.length[:, column]
    if not len(start):
        return []
    char = np.where(np.arange(16) < length[:, None], sliding_window_view(records.block, 16)[start], np.uint8(0))
    packed = char.view(np.uint64)
    change = (np.diff(length) != 0) | (packed[1:] != packed[:-1]).any(axis=1)
    first = np.concatenate([[0], np.flatnonzero(change) + 1])
    return [(int(row), records.text(int(row), column)) for row in first]
