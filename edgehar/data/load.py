"""Opening any source of recordings by name or path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from edgehar.data.hapt import load_hapt
from edgehar.data.options import CsvOptions
from edgehar.data.recording import Dataset
from edgehar.errors import DataError

KINDS = ("hapt", "motionsense", "wisdm", "csv")


def load(
    source: str | Path,
    *,
    kind: str | None = None,
    options: CsvOptions | None = None,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Load recordings at their own rate, in m/s², Android sign, axes x, y, z.

    Args:
        source: `hapt` (shipped), a file, folder or zip, or `KIND:PATH`.
        kind: one of `KINDS`, where the path does not tell.
        options: how to read a CSV.
        labels: own label -> name in the vocabulary, over the set's mapping.
        on_progress: called with (files or bytes done, in all).
    Raises:
        DataError: missing, damaged, or not readable as recordings.
    """
    if kind is None and str(source) == "hapt":
        return load_hapt(labels=labels)
    raise DataError(f"expected hapt, got {source}")
