"""Writing files so that a reader never sees half of one, reading regular files of bounded size, and hashing them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from edgehar.errors import EdgeharError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Bytes that a model, an archive or a recording may have. The largest that the project has met (a data set) has 300 MB.
LARGEST_FILE = 1 << 30

#: Bytes that a network may have: 50 times the article's with its optimiser.
LARGEST_MODEL = 128 << 20


#: What a full disk, a quota, and a limit on the size of files say.
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the target's folder, renamed to the target if the block succeeds.

    The temporary file keeps the target's suffix, because some writers (Keras, Matplotlib) choose the
    format by it. On any exception, Ctrl-C included, it is removed with the folders that were made for it, and an
    existing target stays as it was. What a killed process has left of the same target is removed.

    Raises:
        EdgeharError: the folder cannot be made or written, or the disk is full.
    """
    target = Path(target)
    made = [place for place in target.parents if not place.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = _make_temporary(target)
    except OSError as error:
        raise EdgeharError(
            f"cannot write {target}: {error.strerror or error}; choose another place with --out"
        ) from error
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(target)
        made = []
    except OSError as error:
        raise EdgeharError(
            f"cannot write {target}: {error.strerror or error}; free some space or choose another place"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)
        for place in made:
            with suppress(OSError):  # something else lies there by now
                place.rmdir()


def _make_temporary(target: Path) -> tuple[int | None, Path]:
    """A temporary file for a target and the descriptor that locks it, so that nobody takes it for a dead process's."""
    prefix = f".tmp-{target.name[:100]}-"
    if fcntl is None:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=target.suffix)
        os.close(handle)
        return None, Path(name)
    for entry in os.scandir(target.parent):
        if (
            entry.name.startswith(prefix)
            and entry.name.endswith(target.suffix)
            and entry.is_file(follow_symlinks=False)
        ):
            _remove_dead(Path(entry.path))
    while True:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=target.suffix)
        with suppress(OSError):  # a file system without locks: there nothing is taken for dead, either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # swept away between the two calls


def _remove_dead(path: Path) -> None:
    """Remove a temporary file that no living process holds."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        finally:
            os.close(handle)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A temporary folder, which is gone after the block.

    Raises:
        EdgeharError: it cannot be made, or its disk is full.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="edgehar-")
    except OSError as error:
        raise EdgeharError(
            f"cannot write temporary files: {error.strerror or error}; free some space or set TMPDIR to another folder"
        ) from error
    with temporary_space(), folder as name:
        yield Path(name)


@contextmanager
def temporary_space() -> Iterator[None]:
    """Around what writes temporary files, a library too, which do not say where.

    Raises:
        EdgeharError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise EdgeharError(
            f"cannot write {error.filename or tempfile.gettempdir()}: {error.strerror}; "
            "free some space or set TMPDIR to another folder"
        ) from error


def require_folder(path: str | os.PathLike[str], option: str = "--out") -> None:
    """Raise EdgeharError where nothing can be written into a folder, which need not be there yet.

    For commands that compute for long before they write; `option` is where the place was said.
    """
    place = next(place for place in (Path(path), *Path(path).parents) if os.path.lexists(place))
    if not place.is_dir():
        raise EdgeharError(f"cannot write {path}: expected a folder at {place}; choose another place with {option}")
    try:
        tempfile.TemporaryFile(dir=place).close()  # which has no name that a killed process could leave behind
    except OSError as error:
        raise EdgeharError(
            f"cannot write {path}: {error.strerror or error}; choose another place with {option}"
        ) from error


def write_bytes(target: str | os.PathLike[str], content: bytes) -> None:
    """Write bytes atomically; see `atomic_path` for the errors."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: str | os.PathLike[str], content: str) -> None:
    """Write UTF-8 text with Unix line ends atomically."""
    write_bytes(target, content.encode("utf-8"))


def dump_json(value: object) -> str:
    """Serialise to the project's one JSON form: sorted keys, two spaces, a final newline, no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def write_json(target: str | os.PathLike[str], value: object) -> None:
    """Write `dump_json(value)` atomically."""
    write_text(target, dump_json(value))


def sha256_bytes(content: bytes) -> str:
    """SHA-256 as lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def open_regular(
    path: str | os.PathLike[str], limit: int = LARGEST_FILE, error: type[EdgeharError] = EdgeharError
) -> Iterator[BufferedReader]:
    """Open a regular file for reading; never waits for a pipe and never reads from a device.

    Args:
        limit: the largest size in bytes.
        error: what is raised.
    Raises:
        EdgeharError: missing, unreadable, a folder, a pipe or a device, or larger than `limit`.
    """
    try:
        # A pipe without a writer would block here, and a link may lead to one after any earlier look at it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as reason:
        raise error(f"no such file: {path}") from reason
    except (OSError, ValueError) as reason:
        raise error(f"cannot read {path}: {getattr(reason, 'strerror', None) or reason}") from reason
    status = os.fstat(descriptor)
    refused = ""
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
        refused = f"expected a file at {path}, got {kind}"
    elif status.st_size > limit:
        refused = f"expected at most {limit:,} bytes in {path}, got {status.st_size:,}"
    if refused:
        os.close(descriptor)
        raise error(refused)
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def read_bytes(
    path: str | os.PathLike[str], limit: int = LARGEST_FILE, error: type[EdgeharError] = EdgeharError
) -> bytes:
    """The content of a regular file; arguments and errors as in `open_regular`."""
    with open_regular(path, limit, error) as stream:
        try:
            content = stream.read(limit + 1)
        except OSError as reason:
            raise error(f"cannot read {path}: {reason.strerror or reason}") from reason
    if len(content) > limit:  # it grew while it was read, or its size is not told (as in /proc)
        raise error(f"expected at most {limit:,} bytes in {path}, got more")
    return content


def sha256_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a regular file as lower-case hexadecimal; errors as in `open_regular`."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
