"""The forms in which recordings are handed to a task."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from edgehar.data import Dataset, DataSource, from_frame

if TYPE_CHECKING:
    import pandas as pd

#: A name or path as `edgehar.read` takes it, a source with options, what was read already, or a table of samples.
Recordings: TypeAlias = Union[str, "os.PathLike[str]", DataSource, Dataset, "pd.DataFrame"]

Read: TypeAlias = Callable[[DataSource], Dataset]


def open_dataset(given: Recordings, read: Read = DataSource.open) -> Dataset:
    """The data set that is meant.

    Args:
        read: opens a source, for those who show progress.
    Raises:
        DataError: missing, damaged, or not readable as recordings.
        MissingExtra: reading needs a package that is not installed.
    """
    source = source_of(given)
    if source is not None:
        return read(source)
    if isinstance(given, Dataset):
        return given
    return from_frame(given)  # type: ignore[arg-type]


def source_of(given: Recordings) -> DataSource | None:
    """Where the recordings come from; None for what is in memory."""
    if isinstance(given, DataSource):
        return given
    return DataSource(str(given)) if isinstance(given, str | Path | os.PathLike) else None
