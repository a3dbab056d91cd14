"""Reading bytes from files, folders, archives and compressed files, with errors that a person can act on."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError

#: What the standard library raises on a damaged archive.
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    OSError,
)  # fmt: skip

#: Bytes of the largest file that is read, unpacked: a day of text at 100 Hz. A small archive may unpack to anything.
LARGEST = 400_000_000


#: Bytes unpacked for one packed, of more than a megabyte: text packs to a tenth, zeros to a thousandth.
_RATIO = 200

#: First bytes of a compressed file -> its kind, and what unpacks it, one stream after the other.
_COMPRESSED: dict[bytes, tuple[str, Callable[..., Any]]] = {
    b"\x1f\x8b": ("gzip", gzip.open),
    b"\xfd7zXZ\0": ("xz", lzma.open),
    b"BZh": ("bzip2", bz2.open),
}


@dataclass(frozen=True)
class Member:
    """One file of a source.

    Attributes:
        path: relative to the folder or archive.
        size: bytes as stored.
        read: gives the bytes, unpacked where they are gzip, xz or bzip2; DataError where they cannot be read.
    """

    path: PurePosixPath
    size: int
    read: Callable[[], bytes]


def existing(path: Path) -> Path:
    """The path itself; DataError where there is nothing."""
    try:
        found = path.exists()
    except OSError:
        found = False
    if not found:
        raise DataError(f"no such file or folder: {path}; data sets by name: edgehar data list")
    return path


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an `.npz`, pickle refused.

    Raises:
        DataError: missing, truncated, or not an `.npz` of plain arrays.
    """
    _regular(existing(path))
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            packed = sum(entry.compress_size for entry in entries)
            _bounded(sum(entry.file_size for entry in entries), str(path), packed)
        with np.load(path, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (*_DAMAGE, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DataError(f"expected an .npz of plain arrays in {path}, got a damaged or other file ({error})") from error


def members(source: Path) -> list[Member]:
    """Files of a folder (all levels), a zip or tar archive (not unpacked), or a single file, by path.

    Zips inside a zip are looked into. Hidden files and what macOS adds to zips are left out.

    Raises:
        DataError: missing, unreadable, empty or damaged.
    """
    existing(source)
    if source.is_dir():
        paths = sorted(path for path in source.rglob("*") if path.is_file())
        found = [
            Member(PurePosixPath(path.relative_to(source).as_posix()), path.stat().st_size, _reader(path))
            for path in paths
        ]
    elif _regular(source).name.lower().endswith((".tar.gz", ".tgz", ".tar", ".tar.xz", ".tar.bz2")):
        found = _tar_members(source)
    elif source.suffix.lower() == ".zip":
        found = _zip_members(source, str(source))
    else:
        found = [Member(PurePosixPath(source.name), source.stat().st_size, _reader(source))]
    found = [m for m in found if not any(part.startswith((".", "__MACOSX")) for part in m.path.parts)]
    if not found:
        raise DataError(f"expected recordings in {source}, got nothing: it holds no file")
    return found


def read_bytes(path: Path) -> bytes:
    """Content of a file, unpacked where it is gzip, xz or bzip2 (by its first bytes, whatever its name).

    Raises:
        DataError: missing, no regular file, unreadable, truncated, or over `LARGEST`.
    """
    try:
        _bounded(_regular(existing(path)).stat().st_size, str(path))
        return _unpack(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _reader(path: Path) -> Callable[[], bytes]:
    return lambda: read_bytes(path)


def _zip_members(source: Path | io.BytesIO, where: str) -> list[Member]:
    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with zipfile.ZipFile(source) as archive:
                    entry = archive.getinfo(name)
                    _bounded(entry.file_size, f"{where}:{name}", entry.compress_size)
                    return _unpack(archive.read(name), f"{where}:{name}")
            except _DAMAGE as error:
                raise DataError(f"cannot read {name} in {where}: {error}; get the file again") from error

        return read

    try:
        with zipfile.ZipFile(source) as archive:
            entries = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda i: i.filename)
    except _DAMAGE as error:
        raise DataError(f"expected a zip file in {where}, got a damaged or other file ({error})") from error
    found = []
    for info in entries:
        if info.filename.lower().endswith(".zip"):
            inner = io.BytesIO(reader(info.filename)())
            for member in _zip_members(inner, f"{where}:{info.filename}"):
                found.append(Member(PurePosixPath(info.filename) / member.path, member.size, member.read))
        else:
            found.append(Member(PurePosixPath(info.filename), info.file_size, reader(info.filename)))
    return found


def _tar_members(source: Path) -> list[Member]:
    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with tarfile.open(source) as archive:
                    _bounded(archive.getmember(name).size, f"{source}:{name}")
                    stream = archive.extractfile(name)
                    return _unpack(stream.read(), f"{source}:{name}") if stream else b""
            except (*_DAMAGE, KeyError) as error:
                raise DataError(f"cannot read {name} in {source}: {error}; get the file again") from error

        return read

    try:
        with tarfile.open(source) as archive:
            entries = sorted((info for info in archive.getmembers() if info.isfile()), key=lambda info: info.name)
    except _DAMAGE as error:
        raise DataError(f"expected a tar archive in {source}, got a damaged or other file ({error})") from error
    return [Member(PurePosixPath(info.name), info.size, reader(info.name)) for info in entries]


def _unpack(content: bytes, where: str) -> bytes:
    found = next((kind for magic, kind in _COMPRESSED.items() if content.startswith(magic)), None)
    if found is None:
        return content
    name, unpacked = found
    result = io.BytesIO()
    try:
        with unpacked(io.BytesIO(content)) as stream:
            # A megabyte at a time, so that nothing but the result itself grows.
            while part := stream.read(1 << 20):
                result.write(part)
                _bounded(result.tell(), where, len(content))
    except _DAMAGE as error:
        raise DataError(f"damaged {name} file {where}: {error}; get the file again") from error
    return result.getvalue()


def _bounded(size: int, where: str, packed: int | None = None) -> None:
    if size > LARGEST:
        raise DataError(f"expected at most {LARGEST // 10**6} MB in {where}, unpacked; got more: split the recording")
    if packed is not None and size > max(1 << 20, _RATIO * packed):
        raise DataError(
            f"expected recordings packed to no less than 1/{_RATIO} in {where}, got {packed:,} bytes of more than "
            f"{size - 1:,}"
        )


def _regular(path: Path) -> Path:
    """The path itself; DataError for a pipe or a device, which may never end."""
    if not path.is_file():
        raise DataError(f"expected a file in {path}, got a folder, a pipe or a device")
    return path
