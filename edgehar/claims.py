"""One process at a time in a folder that a command fills."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgehar.errors import EdgeharError

try:
    import fcntl
except ImportError:  # Windows: nothing is claimed there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a folder for the block's time, made if need be; what was made and is still empty at the end goes again.

    The folder itself is locked, not a file in it: nothing is left behind by a process that is killed, whose lock goes
    with it. A file system that knows no locks is used without.

    Raises:
        EdgeharError: another process holds it, or it cannot be made.
    """
    place = Path(folder)
    made = [part for part in (place, *place.parents) if not part.exists()]
    try:
        handle = _lock(place)
    except OSError as error:
        raise EdgeharError(
            f"cannot write {place}: {error.strerror or error}; choose another place with --out"
        ) from error
    try:
        yield
    finally:
        for part in made:
            with suppress(OSError):  # it holds something by now
                part.rmdir()
        if handle is not None:
            os.close(handle)


def _lock(place: Path) -> int | None:
    """Make and lock the folder; its descriptor, or None where there are no locks."""
    while True:
        place.mkdir(parents=True, exist_ok=True)
        if fcntl is None:
            return None
        handle = os.open(place, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise EdgeharError(
                f"expected {place} to be free, got another edgehar that writes there; wait for it, or choose another "
                "place with --out"
            ) from None
        except OSError:
            os.close(handle)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), place.stat()):
                return handle
        os.close(handle)  # its former owner has removed it in between
