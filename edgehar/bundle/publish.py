"""Putting a finished bundle in its place."""

from __future__ import annotations

from pathlib import Path

from edgehar.bundle import MANIFEST, open_bundle
from edgehar.bundle.signature import SIGNATURE
from edgehar.errors import BundleError
from edgehar.files import write_bytes


def publish(stage: Path, folder: Path) -> None:
    """Move the finished files; the manifest last, so that a bundle without one is known to be half-written.

    Files of an earlier export that this one does not make are removed, those of other origin stay.
    """
    try:
        old = set(open_bundle(folder).names)
    except BundleError:
        old = set()
    for former in (MANIFEST, SIGNATURE):
        (folder / former).unlink(missing_ok=True)
    names = [path.relative_to(stage) for path in sorted(stage.rglob("*")) if path.is_file()]
    for name in sorted(names, key=lambda item: item.as_posix() == MANIFEST):
        write_bytes(folder / name, (stage / name).read_bytes())
    for stale in old - {name.as_posix() for name in names}:
        (folder / stale).unlink(missing_ok=True)
