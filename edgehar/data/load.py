"""Opening any source of recordings by name or path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from edgehar.data.catalogue import entry, fetched
from edgehar.data.options import CsvOptions, read_schema, schema_beside
from edgehar.data.readers.archive import existing, members, read_npz
from edgehar.data.readers.csvfile import load_csv
from edgehar.data.readers.hapt import load_hapt
from edgehar.data.readers.hapt_original import is_hapt_original, load_hapt_original
from edgehar.data.readers.motionsense import load_motionsense, motionsense_files
from edgehar.data.readers.wisdm import accelerometer_files, load_wisdm, looks_like_wisdm
from edgehar.data.recording import Dataset
from edgehar.errors import DataError

KINDS = ("hapt", "motionsense", "wisdm", "csv")


def load(
    source: str | Path,
    *,
    kind: str | None = None,
    options: CsvOptions | None = None,
    labels: Mapping[str, str] | None = None,
    schema: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Load recordings at their own rate, in m/s², Android sign, axes x, y, z.

    Args:
        source: `hapt` (shipped), the name of a fetched set, a file, folder or archive, or `KIND:PATH`.
        kind: one of `KINDS`, where the path does not tell.
        options: how to read a CSV.
        labels: own label -> name in the vocabulary, over the set's mapping.
        schema: TOML file of options and labels; without it, `edgehar-data.toml` beside the source. What
            is given here wins over it.
        on_progress: called with (files or bytes done, in all).
    Raises:
        DataError: missing, damaged, or not readable as recordings.
    """
    text = str(source)
    if kind is None and text == "hapt":
        return load_hapt(labels=labels)
    known = entry(text) if kind is None else None
    if known is not None and not Path(text).exists():
        copy = fetched(text)
        if copy is None:
            raise DataError(f"{text} is not shipped and not fetched yet; run: edgehar data fetch {text}")
        kind, text = known.kind, str(copy)
    prefix, colon, rest = text.partition(":")
    if kind is None and colon and prefix in KINDS:
        kind, text = prefix, rest
    if kind is not None and kind not in KINDS:
        raise DataError(f"expected the kind {', '.join(KINDS)}, got {kind!r}")
    path = existing(Path(text).expanduser())
    schema = schema or schema_beside(path)
    if schema is not None:
        told, named = read_schema(schema)
        options, labels = (options or CsvOptions()).over(told), {**named, **(labels or {})}
    kind = kind or detect(path)
    if kind == "hapt":
        return load_hapt(path, labels) if path.suffix == ".npz" else load_hapt_original(path, labels, on_progress)
    if kind == "motionsense":
        return load_motionsense(path, labels, on_progress)
    if kind == "wisdm":
        return load_wisdm(path, labels, on_progress)
    return load_csv(path, options, labels, on_progress)


def detect(path: Path) -> str:
    """Kind of a file, folder or archive, by what it holds.

    Raises:
        DataError: missing, damaged, empty, or nothing that can be read as recordings.
    """
    if path.suffix == ".npz":
        names = set(read_npz(path))
        if names & {"planes", "recording"}:
            return "hapt"
        if "trial" in names:
            return "motionsense"
        raise DataError(f"expected the arrays of HAPT or MotionSense in {path}, got {', '.join(sorted(names))}")
    found = members(path)
    if is_hapt_original(found):
        return "hapt"
    if motionsense_files(found):
        return "motionsense"
    texts = accelerometer_files(found)
    for member in texts[:1]:
        if looks_like_wisdm(member.read()):
            return "wisdm"
    if len(found) == 1 and not found[0].size:
        raise DataError(f"expected recordings in {path}, got an empty file")
    return "csv"
