"""Parsing millions of short comma-separated records with array operations.

A text parser that makes one object a field needs seconds and a gigabyte for WISDM's million lines.
Here a block of bytes stays one array: separators are found at once, and the fields of a column are read
character by character for all records together. Integers are exact; decimals are the quotient of an
exact integer and a power of ten, so they round as `float()` does up to 15 digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SEPARATORS = np.zeros(256, bool)
_SEPARATORS[list(b",;\n\r")] = True

#: A column with longer numbers than this is read field by field: int64 would overflow.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class Records:
    """Fields of the records of a block, which end at `;` or at a line's end.

    Attributes:
        block: uint8 (B,).
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
    block = np.frombuffer(content, np.uint8)
    stop = np.flatnonzero(_SEPARATORS[block])
    start = np.concatenate([[0], stop[:-1] + 1]) if len(stop) else stop
    last = np.flatnonzero(block[stop] != ord(","))
    first = np.concatenate([[0], last[:-1] + 1]) if len(last) else last
    count = last - first + 1
    length = stop - start
    blank = (count == 1) & (length[last] == 0)
    trailing = (count == fields + 1) & (length[last] == 0)
    good = (count == fields) | trailing
    at = first[good, None] + np.arange(fields)
    return Records(block, start[at], length[at], int((~good & ~blank).sum()))


def numbers(records: Records, column: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Decimal numbers of a column as mantissa and decimals: value = mantissa / 10 ** decimals.

    Returns:
        mantissa int64 (R,), decimals int64 (R,), and bool (R,), false where the field is not a plain
        decimal number (empty, text, exponent or too long).
    """
    start, length = records.start[:, column], records.length[:, column]
    rows = len(start)
    mantissa, digits = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    point = np.full(rows, -1, np.int64)
    good = (length > 0) & (length <= _MAX_DIGITS + 2)
    limit = len(records.block) - 1
    negative = records.block[np.minimum(start, limit)] == ord("-")
    for place in range(int(length[good].max(initial=0))):
        char = records.block[np.minimum(start + place, limit)]
        inside = place < length
        digit = char - np.uint8(ord("0"))  # wraps round: anything but a digit is over 9
        is_digit = inside & (digit <= 9)
        mantissa = np.where(is_digit, mantissa * 10 + digit, mantissa)
        digits += is_digit
        is_point = inside & (char == ord("."))
        good &= ~(is_point & (point >= 0))
        point = np.where(is_point, digits, point)
        signed = inside & (char == ord("-")) & (place == 0)
        good &= ~inside | is_digit | is_point | signed
    good &= (digits > 0) & (digits <= _MAX_DIGITS)
    decimals = np.where(point >= 0, digits - point, 0)
    return np.where(negative, -mantissa, mantissa), decimals, good


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
    """Runs of equal words in a column: (first row, word).

    Words are compared by length and their first 16 bytes.
    """
    start, length = records.start[:, column], records.length[:, column]
    if not len(start):
        return []
    limit = len(records.block) - 1
    change = np.diff(length) != 0
    for place in range(min(16, int(length.max(initial=0)))):
        char = np.where(place < length, records.block[np.minimum(start + place, limit)], 0)
        change |= np.diff(char) != 0
    first = np.concatenate([[0], np.flatnonzero(change) + 1])
    return [(int(row), records.text(int(row), column)) for row in first]
