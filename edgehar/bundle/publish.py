"""Putting a finished bundle in its place."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from edgehar.bundle import MANIFEST, open_bundle
from edgehar.bundle.signature import SIGNATURE
from edgehar.errors import BundleError
from edgehar.files import atomic_path


def publish(stage: Path, folder: Path) -> None:
    """Move the finished files; the manifest last, so that a bundle without one is known to be half-written.

    All of it is written beside its place first: a full disk leaves an earlier bundle as it was. Files that are there
    already with the same bytes stay, and so does a bundle that is the same. Files of an earlier export that this one
    does not make are removed, those of other origin stay.
    """
    try:
        old = set(open_bundle(folder).names)
    except BundleError:
        old = set()
    names = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    fresh = [name for name in names if not _same(stage / name, folder / name)]
    stale = (old | {SIGNATURE}) - set(names)
    if fresh or any((folder / name).exists() for name in stale):
        with ExitStack() as stack:
            # Left in reverse: the manifest takes its place last.
            for name in [MANIFEST, *(name for name in fresh if name != MANIFEST)]:
                stack.enter_context(atomic_path(folder / name)).write_bytes((stage / name).read_bytes())
            for former in (MANIFEST, SIGNATURE):
                if former == MANIFEST or former in fresh or former in stale:
                    (folder / former).unlink(missing_ok=True)
            for name in stale:
                (folder / name).unlink(missing_ok=True)


def _same(made: Path, there: Path) -> bool:
    """Whether a regular file is there already with the same bytes."""
    return there.is_file() and there.stat().st_size == made.stat().st_size and there.read_bytes() == made.read_bytes()
