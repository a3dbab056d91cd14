"""`edgehar.record`: a live source as a CSV with labels."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import numpy as np

from edgehar.data import DataSource
from edgehar.errors import EdgeharError
from edgehar.files import require_folder
from edgehar.streaming.incoming import is_live, open_incoming


@dataclass
class RecordResult:
    """What `record` wrote; its figures grow while it runs.

    Attributes:
        path: the CSV: time in s since the first sample, x, y, z or the channels by name in their units, label.
        samples: lines in it.
        seconds: from the first to the last.
        labels: label -> samples; the empty one is none.
        bad: lines of the source that were skipped.
        dropped: what came twice or too late, in words.
    """

    path: Path
    samples: int
    seconds: float
    labels: dict[str, int]
    bad: int
    dropped: str

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "path": str(self.path), "samples": self.samples, "seconds": self.seconds, "labels": self.labels,
            "bad_lines": self.bad,
        }  # fmt: skip


def record(
    source: str | DataSource,
    out: str | os.PathLike[str],
    *,
    seconds: float | None = None,
    pressed: Callable[[], list[str]] = list,
    note: Callable[[str], None] = lambda text: None,
    on_progress: Callable[[RecordResult], None] = lambda result: None,
) -> RecordResult:
    """Write the samples of a live source as they come, each line whole, so that what came is kept whatever happens.

    Args:
        source: `-`, `tcp://…`, or a phone's or board's address; see `edgehar.streaming.live`.
        out: a new file; one that is there already is not overwritten.
        seconds: stop after so many of the samples' own seconds; None: at the source's end, or Ctrl-C.
        pressed: asked with each block for labels that somebody has said; the last one holds until the next.
        note: called with one line for a person.
        on_progress: called with each block.
    Raises:
        DataError: no live source, or one that ends without a sample.
        EdgeharError: the file exists or cannot be written.
    """
    data = DataSource(source) if isinstance(source, str) else source
    if not is_live(data.source):
        raise EdgeharError(f"expected a live source such as - or phyphox://PHONE to record, got {data.source[:80]!r}")
    if seconds is not None and not 0 < seconds < 1e9:
        raise EdgeharError(f"expected a positive number of seconds, got {seconds!r}")
    path = Path(out)
    if path.exists():
        raise EdgeharError(f"{path} exists; choose another name, nothing was overwritten")
    require_folder(path.parent)
    result, label, first = RecordResult(path, 0, 0.0, {}, 0, ""), "", None
    with ExitStack() as stack:
        incoming = open_incoming(data, data.rate, stack, note)
        stream = None
        for block in incoming.blocks:
            for said in pressed():
                label = said
                note(f"label: {label or 'none'}")
            first = int(block.t_us[0]) if first is None else first
            times = (block.t_us - first) / 1e6
            keep = np.ones(len(times), np.bool_) if seconds is None else times < seconds
            shown = f'"{label.replace(chr(34), chr(34) * 2)}"' if set(label) & set(',"\n') else label
            rows = zip(times[keep].tolist(), block.x[keep].tolist(), strict=True)
            text = "".join(f"{t:.6f},{','.join(f'{one:.9g}' for one in x)},{shown}\n" for t, x in rows)
            try:
                if stream is None:  # not before there is something to write
                    stream = stack.enter_context(path.open("xb", buffering=0))
                    text = f"time,{','.join(incoming.columns)},label\n{text}"
                _append(stream, text.encode())
            except FileExistsError as error:
                raise EdgeharError(f"{path} exists; choose another name, nothing was overwritten") from error
            except OSError as error:
                raise EdgeharError(
                    f"cannot write {path}: {error.strerror or error}; it holds the lines that fit"
                ) from error
            count = int(keep.sum())
            result.samples += count
            result.seconds = float(times[keep][-1]) if count else result.seconds
            result.labels[label] = result.labels.get(label, 0) + count
            result.bad, result.dropped = incoming.bad, incoming.dropped
            on_progress(result)
            if not keep.all():
                break
    return result


def _append(stream: FileIO, content: bytes) -> None:
    """Write all of it, or the whole lines that fit: a file never ends within one."""
    begin, written = stream.tell(), 0
    try:
        while written < len(content):
            written += stream.write(content[written:]) or 0
    except OSError:
        stream.truncate(begin + content[:written].rfind(b"\n") + 1)
        raise
