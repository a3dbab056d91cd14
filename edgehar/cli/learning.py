"""`edgehar stream --learn`: marks by key or by time, and the profile at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import click

from edgehar.cli.output import note

if TYPE_CHECKING:
    from edgehar.contract import Contract
    from edgehar.streaming.sources import Block


def read_mark(text: str) -> tuple[float, str]:
    """`sitting@12.5` as (12.5, "sitting")."""
    label, mark, seconds = text.rpartition("@")
    try:
        at = float(seconds)
    except ValueError:
        at = -1.0
    if not mark or not label or not 0 <= at < 1e9:
        raise click.UsageError(f"expected --mark LABEL@SECONDS, as in sitting@12.5, got {text!r}")
    return at, label


class Learning:
    """Marks while a stream runs; writes the profile when the stream ends, also where a person ends it.

    Args:
        contract: of the model.
        bundle: as `stream` takes it.
        profile: in use; the new one keeps its rotation.
        marks: LABEL@SECONDS; without any, keys of the terminal.
        out: the profile's file.
    """

    def __init__(
        self, contract: Contract, bundle: str | None, profile: str | None, marks: tuple[str, ...], out: str
    ) -> None:
        from edgehar.cli.keys import Keys
        from edgehar.files import require_folder
        from edgehar.personal.profile import read_profile
        from edgehar.streaming.marks import Marks

        require_folder(Path(out).parent, "--learn")
        self._out, self._bundle = out, bundle or "bundle"
        self._keys = None if marks else Keys(contract.labels, "give times with --mark")
        rotation = None if profile is None else read_profile(profile).rotation
        pressed = list if self._keys is None else self._keys.pressed
        self._marks = Marks(contract, map(read_mark, marks), pressed, note, rotation)

    def watch(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks."""
        return self._marks.watch(blocks)

    def __enter__(self) -> Learning:
        (nullcontext() if self._keys is None else self._keys).__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._keys is not None:
            self._keys.__exit__(kind, error, at)
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self._write()

    def _write(self) -> None:
        from edgehar.bundle import open_bundle

        path = Path(self._bundle)
        model = open_bundle(path).file("model_int8.tflite") if path.is_dir() else path
        profile = self._marks.write(model, self._out)
        size, count = len(profile.to_bytes()), len(self._marks.windows)
        print(f"wrote {self._out}, {size} bytes, from {count} windows; use it with --profile", file=sys.stderr)
