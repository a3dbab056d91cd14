"""Zip archives whose table of contents is believed only within bounds, before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edgehar.errors import EdgeharError
from edgehar.files import LARGEST_MODEL

#: What `zipfile` raises on an archive or a member that is damaged, encrypted or packed in a way it does not know.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, struct.error,
)  # fmt: skip

#: The record that ends a zip: signature, four counts of two bytes, size and place of the table, length of a comment.
_END = struct.Struct("<4s4H2LH")
_SIGNATURE = b"PK\5\6"


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold.

    Attributes:
        table: bytes of the table of contents (some 50 and the name for a member).
        unpacked: bytes of all members together, as the table declares them; no member gives more than that.
        ratio: bytes unpacked for one packed, of a member of more than a megabyte. Text packs to a tenth, zeros to a
            thousandth.
    """

    table: int
    unpacked: int
    ratio: int


#: `.keras` and `.tflite`: a handful of members, which Keras does not pack.
MODEL = Bounds(table=1 << 16, unpacked=LARGEST_MODEL, ratio=100)


@contextmanager
def open_zip(
    source: io.BufferedIOBase, where: str, bounds: Bounds, error: type[EdgeharError] = EdgeharError
) -> Iterator[zipfile.ZipFile]:
    """A zip whose members are within `bounds` and have names of their own.

    Args:
        source: opened by `edgehar.files.open_regular`, or bytes in memory.
        where: what the archive is called in messages.
    Raises:
        EdgeharError: (as `error`) beyond the bounds.
        zipfile.BadZipFile: not a zip; other damage is one of `DAMAGE`.
    """
    _check_table(source, where, bounds, error)
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        whole = sum(entry.file_size for entry in entries)
        if whole > bounds.unpacked:
            raise error(f"expected at most {bounds.unpacked:,} bytes unpacked in {where}, got {whole:,}")
        for entry in entries:
            if entry.file_size > max(1 << 20, bounds.ratio * entry.compress_size):
                raise error(
                    f"expected members packed to no less than 1/{bounds.ratio} in {where}, got {entry.filename[:80]!r} "
                    f"of {entry.file_size:,} bytes in {entry.compress_size:,}"
                )
        if len({entry.filename for entry in entries}) < len(entries):
            raise error(f"expected each member once in {where}, got one that occurs twice")
        yield archive


def _check_table(source: io.BufferedIOBase, where: str, bounds: Bounds, error: type[EdgeharError]) -> None:
    """Refuse a table of contents that would take much memory just to be read."""
    size = source.seek(0, io.SEEK_END)
    source.seek(max(0, size - _END.size - 0xFFFF))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(_SIGNATURE)
    if at < 0 or at + _END.size > len(tail):
        raise zipfile.BadZipFile("its end is missing")
    table = _END.unpack_from(tail, at)[5]
    if table > bounds.table:
        raise error(f"expected a table of contents of at most {bounds.table:,} bytes in {where}, got {table:,}")
