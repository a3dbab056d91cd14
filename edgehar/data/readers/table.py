"""Reading delimited text: CSV, TSV, semicolons or blanks, with or without a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError

_MISSING = {"", "nan", "na", "null", "none"}


@dataclass(frozen=True)
class Table:
    """Text of a table, its column names (`1`, `2`, … without a header) and how it is delimited."""

    header: tuple[str, ...]
    body: str
    delimiter: str | None
    first_line: int
    where: str

    def column(self, name: str) -> int:
        """Index of a column by name, or by its number from 1 where no name is like that.

        Raises:
            DataError: there is none, or several have the name.
        """
        found = [index for index, title in enumerate(self.header) if title == name]
        if not found:
            found = [index for index, title in enumerate(self.header) if title.casefold() == name.casefold()]
        if not found and name.isdigit() and 1 <= int(name) <= len(self.header):
            found = [int(name) - 1]
        if len(found) != 1:
            count = "several columns" if found else "no column"
            raise DataError(f"{count} {name!r} in {self.where}; it has: {', '.join(self.header)}")
        return found[0]

    def numbers(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Columns as float64 (N, len(names)); an empty cell is NaN.

        Raises:
            DataError: a missing column, a row cut short, or text in place of a number.
        """
        indices = [self.column(name) for name in names]
        if not self.body.strip():
            raise DataError(f"expected rows of samples in {self.where}, got none under the header")
        try:
            text = io.StringIO(self.body)
            return np.loadtxt(text, delimiter=self.delimiter, usecols=indices, ndmin=2, comments=None, quotechar='"')
        except ValueError:
            # Row by row, to allow empty cells and to name the line of a bad one.
            return np.array(
                [[self._number(line, row, index) for index in indices] for line, row in self._rows()]
            ).reshape(-1, len(indices))

    def words(self, name: str) -> list[str]:
        """A column as text without surrounding blanks."""
        index = self.column(name)
        return [self._cell(line, row, index) for line, row in self._rows()]

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        if self.delimiter is None:
            rows = (line.split() for line in self.body.splitlines())
        else:
            rows = csv.reader(io.StringIO(self.body), delimiter=self.delimiter)  # type: ignore[assignment]
        for line, row in enumerate(rows, self.first_line):
            if row and any(cell.strip() for cell in row):
                yield line, row

    def _cell(self, line: int, row: list[str], index: int) -> str:
        if index >= len(row):
            raise DataError(
                f"expected {len(self.header)} columns in line {line} of {self.where}, got {len(row)}; "
                "is the file cut short?"
            )
        return row[index].strip()

    def _number(self, line: int, row: list[str], index: int) -> float:
        cell = self._cell(line, row, index)
        try:
            return float("nan") if cell.casefold() in _MISSING else float(cell)
        except ValueError:
            raise DataError(
                f"expected a number in column {self.header[index]!r}, line {line} of {self.where}, got {cell[:40]!r}"
            ) from None


def read_table(content: bytes, where: str) -> Table:
    """Find delimiter and header of a table. Lines before it that start with `#` are skipped.

    Raises:
        DataError: empty, or not text.
    """
    if b"\0" in content[:4096]:
        raise DataError(f"expected a text table in {where}, got a binary file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"expected a text table (UTF-8) in {where}, got a binary file or another encoding") from None
    lines, skipped = text, 0
    while lines.startswith(("#", "\n", "\r\n")):
        _, _, lines = lines.partition("\n")
        skipped += 1
    first, _, rest = lines.partition("\n")
    if not first.strip():
        raise DataError(f"expected a table in {where}, got an empty file")
    count = {mark: first.count(mark) for mark in ",;\t"}
    delimiter = max(count, key=lambda mark: count[mark]) if any(count.values()) else None
    cells = next(csv.reader([first], delimiter=delimiter)) if delimiter else first.split()
    cells = [cell.strip() for cell in cells]
    if all(_is_number(cell) for cell in cells):
        return Table(tuple(str(n) for n in range(1, len(cells) + 1)), lines, delimiter, skipped + 1, where)
    return Table(tuple(cells), rest, delimiter, skipped + 2, where)


def read_columns(content: bytes, names: Sequence[str], where: str) -> dict[str, NDArray[np.float64]]:
    """Named numeric columns of a table, float64 (N,) each; see `Table.numbers` for the errors."""
    values = read_table(content, where).numbers(names)
    return {name: values[:, index] for index, name in enumerate(names)}


def _is_number(cell: str) -> bool:
    if cell.casefold() in _MISSING:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
