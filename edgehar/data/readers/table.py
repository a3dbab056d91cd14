"""Tables of samples through pandas: any text table, Parquet and Feather, with or without a header."""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.extras import require

if TYPE_CHECKING:
    import pandas as pd

#: What a sensor's app writes where it has no value.
_MISSING = ["", "nan", "NaN", "NAN", "na", "NA", "N/A", "null", "NULL", "none", "None"]

#: Bytes of a table's first line, and lines of a table: a day at 100 Hz has 8.6 million.
LONGEST_LINE, MOST_LINES = 1 << 20, 10_000_000

#: First bytes that tell an encoding; without them it is UTF-8, else Windows' western one.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Table:
    """A table whose columns are parsed when they are asked for.

    Attributes:
        header: titles of the columns; `1`, `2`, … without a header.
        where: the file, for messages.
        body: text under the header, or a whole frame.
        separator, decimal: of the text.
        first_line: number of the body's first line in its file.
    """

    header: tuple[str, ...]
    where: str
    body: str | pd.DataFrame
    separator: str = ","
    decimal: str = "."
    first_line: int = 1

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
        import pandas as pd

        indices = [self.column(name) for name in names]
        frame = self._parse(indices, text=False)
        result = np.empty((len(frame), len(indices)))
        for place, index in enumerate(indices):
            cells = frame[index]
            if cells.dtype.kind not in "iuf":
                text = cells.astype(object)
                if self.decimal != ".":
                    text = text.map(lambda cell: cell.replace(self.decimal, ".") if isinstance(cell, str) else cell)
                cells = pd.to_numeric(text, errors="coerce")
                self._refuse_text(frame[index], cells.isna(), index)
            result[:, place] = cells.to_numpy(np.float64, na_value=np.nan)
        self._refuse_cut(np.asarray(np.isnan(result).any(axis=1)))
        return result

    def words(self, name: str) -> list[str]:
        """A column as text without surrounding blanks; an empty cell is an empty text."""
        index = self.column(name)
        cells = self._parse([index], text=True)[index]
        return [str(cell).strip() for cell in cells.astype(object).where(cells.notna(), "")]

    def _parse(self, indices: Sequence[int], *, text: bool) -> pd.DataFrame:
        """Columns by their index, as numbers where they are such, or all as text."""
        import pandas as pd

        if not isinstance(self.body, str):
            return self.body[list(dict.fromkeys(indices))]
        if not self.body.strip():
            raise DataError(f"expected rows of samples in {self.where}, got none under the header")
        width = len(self.header)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # text among numbers is found below
                frame = pd.read_csv(
                    io.BytesIO(self.body.encode()),  # StringIO takes four bytes a character
                    sep=self.separator,
                    decimal=self.decimal,
                    header=None,
                    # One column more, and none left unread, since else what stands beyond them is lost in silence.
                    names=range(width if text else width + 1),
                    usecols=list(indices) if text else None,
                    index_col=False,
                    skipinitialspace=True,
                    dtype=str if text else None,
                    keep_default_na=False,
                    na_values=None if text else _MISSING,
                )
        except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
            reason = str(error).strip().rpartition("C error: ")[2]
            raise DataError(f"expected {width} columns in every line of {self.where}: {reason}") from error
        if not text:
            longer = np.flatnonzero(frame[width].notna().to_numpy())
            if len(longer):
                raise DataError(
                    f"expected {width} columns in line {self._line(int(longer[0]))} of {self.where}, got more; does "
                    "its header name every column?"
                )
        return frame

    def _refuse_text(self, cells: pd.Series, failed: pd.Series, index: int) -> None:
        """Name the first cell that is neither a number nor missing."""
        for row in np.flatnonzero(failed.to_numpy()):
            cell = cells.iloc[row]
            if isinstance(cell, str) and cell.strip() not in _MISSING:
                raise DataError(
                    f"expected a number in column {self.header[index]!r}, line {self._line(int(row))} of "
                    f"{self.where}, got {cell[:40]!r}"
                )

    def _refuse_cut(self, missing: NDArray[np.bool_]) -> None:
        """Refuse rows that lack a number because they end too early; pandas fills those in silence."""
        if not isinstance(self.body, str) or not missing.any():
            return
        lines = [line for line in self.body.splitlines() if line.strip()]
        for row in np.flatnonzero(missing[: len(lines)]):
            got = len(_cells(lines[row], self.separator))
            if got < len(self.header):
                raise DataError(
                    f"expected {len(self.header)} columns in line {self._line(int(row))} of {self.where}, got "
                    f"{got}; is the file cut short?"
                )

    def _line(self, row: int) -> int:
        """Number of a row's line in the file, blank lines counted."""
        if not isinstance(self.body, str):
            return row + 1
        return [number for number, line in enumerate(self.body.splitlines(), self.first_line) if line.strip()][row]


def read_table(content: bytes, where: str) -> Table:
    """Find encoding, separator, decimal mark and header of a table.

    Lines before it that start with `#`, and a spreadsheet's `sep=;`, are skipped.

    Raises:
        DataError: empty, or not a table.
        MissingExtra: pandas is not installed.
    """
    require("data", "pandas")
    if content.startswith((b"PAR1", b"ARROW1", b"FEA1")):
        return _columnar(content, where)
    _refuse_endless(content, where)
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if encoding is None and b"\0" in content[:4096]:
        raise DataError(f"expected a text table in {where}, got a binary file")
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        # What is left of older phones and spreadsheets: only titles and labels can differ by it.
        text = content.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = 0
    while text.startswith(("#", "\n", "sep=")):
        _, _, text = text.partition("\n")
        skipped += 1
    first, _, rest = text.partition("\n")
    if not first.strip():
        raise DataError(f"expected a table in {where}, got an empty file")
    separator = _separator(first)
    sample = next((line for line in rest.splitlines() if line.strip()), first)
    decimal = "," if separator != "," and re.search(r"\d,\d", sample) and not re.search(r"\d\.\d", sample) else "."
    cells = _cells(first, separator)
    titled = not all(_is_number(cell.replace(",", ".") if decimal == "," else cell) for cell in cells)
    if titled:
        return Table(tuple(cells), where, rest, separator, decimal, skipped + 2)
    numbered = tuple(str(number) for number in range(1, len(cells) + 1))
    return Table(numbered, where, text, separator, decimal, skipped + 1)


def _refuse_endless(content: bytes, where: str) -> None:
    """Refuse a line without end, or lines without end, before text, cells and numbers are made of them."""
    start = content[: LONGEST_LINE + 1]
    if len(start) > LONGEST_LINE and b"\n" not in start and b"\r" not in start:
        raise DataError(f"expected a table with lines of at most {LONGEST_LINE:,} bytes in {where}, got a longer one")
    lines = max(content.count(b"\n"), content.count(b"\r"))
    if lines > MOST_LINES:
        raise DataError(f"expected at most {MOST_LINES:,} lines in {where}, got {lines:,}: split the recording")


def _columnar(content: bytes, where: str) -> Table:
    """Parquet or Feather, by pyarrow."""
    require("data", "pyarrow")
    import pandas as pd
    import pyarrow as pa

    try:
        parse = pd.read_parquet if content.startswith(b"PAR1") else pd.read_feather
        frame = parse(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"damaged Parquet or Feather file {where}: {str(error).splitlines()[0]}") from error
    if not len(frame):
        raise DataError(f"expected rows of samples in {where}, got none")
    header = tuple(str(title) for title in frame.columns)
    frame.columns = pd.RangeIndex(len(header))
    return Table(header, where, frame)


def _separator(line: str) -> str:
    """What separates a line's cells: the first of tab, semicolon, comma that stands outside of quotes, else blanks."""
    bare = re.sub(r'"[^"]*"', "q", line)
    return next((mark for mark in "\t;," if mark in bare.rstrip(";,")), r"\s+")


def _cells(line: str, separator: str) -> list[str]:
    if separator == r"\s+":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in _MISSING
    return True
