"""Reading bytes from files, folders, zip, tar and gzip, with errors that a person can act on."""

from __future__ import annotations

import gzip
import io
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
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True)
class Member:
    """One file of a source.

    Attributes:
        path: relative to the folder or archive.
        size: bytes as stored.
        read: gives the bytes, unzipped where they are gzip; DataError where they cannot be read.
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
    existing(path)
    try:
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
    elif source.name.lower().endswith((".tar.gz", ".tgz", ".tar")):
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
    """Content of a file, unzipped where it is gzip (by its first bytes, whatever its name).

    Raises:
        DataError: missing, unreadable or truncated.
    """
    try:
        return _gunzip(existing(path).read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _reader(path: Path) -> Callable[[], bytes]:
    return lambda: read_bytes(path)


def _zip_members(source: Path | io.BytesIO, where: str) -> list[Member]:
    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with zipfile.ZipFile(source) as archive:
                    return _gunzip(archive.read(name), f"{where}:{name}")
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
                    stream = archive.extractfile(name)
                    return _gunzip(stream.read(), f"{source}:{name}") if stream else b""
            except (*_DAMAGE, KeyError) as error:
                raise DataError(f"cannot read {name} in {source}: {error}; get the file again") from error

        return read

    try:
        with tarfile.open(source) as archive:
            entries = sorted((info for info in archive.getmembers() if info.isfile()), key=lambda info: info.name)
    except _DAMAGE as error:
        raise DataError(f"expected a tar archive in {source}, got a damaged or other file ({error})") from error
    return [Member(PurePosixPath(info.name), info.size, reader(info.name)) for info in entries]


def _gunzip(content: bytes, where: str) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (*_DAMAGE,) as error:
        raise DataError(f"damaged gzip file {where}: {error}; get the file again") from error
