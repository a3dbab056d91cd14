"""Writing files so that a reader never sees half of one, and hashing them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgehar.errors import EdgeharError


@contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the target's folder, renamed to the target if the block succeeds.

    The temporary file keeps the target's suffix, because some writers (Keras, Matplotlib) choose the
    format by it. On any exception, Ctrl-C included, it is removed and an existing target stays as it was.

    Raises:
        EdgeharError: the folder cannot be made or written, or the disk is full.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tmp-", suffix=target.suffix)
        os.close(handle)
    except OSError as error:
        raise EdgeharError(
            f"cannot write {target}: {error.strerror or error}; choose another place with --out"
        ) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise EdgeharError(
            f"cannot write {target}: {error.strerror or error}; free some space or choose another place"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(target: str | os.PathLike[str], content: bytes) -> None:
    """Write bytes atomically; see `atomic_path` for the errors."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: str | os.PathLike[str], content: str) -> None:
    """Write UTF-8 text with Unix line ends atomically."""
    write_bytes(target, content.encode("utf-8"))


def dump_json(value: Any) -> str:
    """Serialise to the project's one JSON form: sorted keys, two spaces, a final newline, no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def write_json(target: str | os.PathLike[str], value: Any) -> None:
    """Write `dump_json(value)` atomically."""
    write_text(target, dump_json(value))


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read JSON, with a one-line error for a file that is missing, unreadable, binary or truncated."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EdgeharError(f"no such file: {path}") from error
    except OSError as error:
        raise EdgeharError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise EdgeharError(f"expected JSON in {path}, got something else ({error})") from error


def sha256_bytes(content: bytes) -> str:
    """SHA-256 as lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file as lower-case hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
