"""Reading bytes from files, folders, zip and gzip, with errors that a person can act on."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError


@dataclass(frozen=True)
class Member:
    """One file of a source: `path` is relative to the folder or zip, `read` gives its bytes, unzipped."""

    path: PurePosixPath
    size: int
    read: Callable[[], bytes]


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an `.npz`, pickle refused.

    Raises:
        DataError: missing, truncated, or not an `.npz` of plain arrays.
    """
    try:
        with np.load(existing(path), allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DataError(f"expected an .npz of plain arrays in {path}, got a damaged or other file ({error})") from error


def existing(path: Path) -> Path:
    """The path itself; DataError where there is nothing."""
    if not path.exists():
        raise DataError(f"no such file or folder: {path}; data sets by name: edgehar data list")
    return path


def members(source: Path) -> list[Member]:
    """Files of a folder (all levels), a zip (read in place) or a single file, by path.

    Hidden files and the resource forks that macOS puts into zips are left out.

    Raises:
        DataError: missing, unreadable, empty or damaged.
    """
    existing(source)
    if source.is_dir():
        found = [
            Member(
                PurePosixPath(path.relative_to(source).as_posix()), path.stat().st_size, lambda p=path: read_bytes(p)
            )
            for path in sorted(source.rglob("*"))
            if path.is_file()
        ]
    elif source.suffix.lower() == ".zip":
        found = _zip_members(source)
    else:
        found = [Member(PurePosixPath(source.name), source.stat().st_size, lambda: read_bytes(source))]
    found = [m for m in found if not any(part.startswith((".", "__MACOSX")) for part in m.path.parts)]
    if not found:
        raise DataError(f"expected recordings in {source}, got nothing: it holds no file")
    return found


def _zip_members(source: Path) -> list[Member]:
    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with zipfile.ZipFile(source) as archive:
                    return _gunzip(archive.read(name), f"{source}:{name}")
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
                raise DataError(f"cannot read {name} in {source}: {error}; get the file again") from error

        return read

    try:
        with zipfile.ZipFile(source) as archive:
            entries = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda i: i.filename)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"expected a zip file in {source}, got a damaged or other file ({error})") from error
    return [Member(PurePosixPath(info.filename), info.file_size, reader(info.filename)) for info in entries]


def read_bytes(path: Path) -> bytes:
    """Content of a file, unzipped where it is gzip (by its first bytes, whatever its name).

    Raises:
        DataError: missing, unreadable or truncated.
    """
    try:
        return _gunzip(existing(path).read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _gunzip(content: bytes, where: str) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"damaged gzip file {where}: {error}; get the file again") from error
