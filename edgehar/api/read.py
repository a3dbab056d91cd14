"""Reading recordings into a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read(
    source: str | Path,
    *,
    kind: str | None = None,
    columns: tuple[str, ...] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    rate_hz: float | None = None,
    time: str | None = None,
    time_unit: str | None = None,
    subject: str | None = None,
    label: str | None = None,
    labels: Mapping[str, str] | None = None,
    schema: str | Path | None = None,
    channels: str | None = None,
) -> pd.DataFrame:
    """Read recordings at their own rate; whatever the layout, they come out in the same columns.

    Args:
        source: `hapt` (shipped), the name of a fetched set, a file, folder or archive, or `KIND:PATH`.
        kind: `hapt`, `motionsense`, `wisdm` or `csv`, where the path does not tell.
        columns, unit, axes, rate_hz, time, time_unit, subject, label, channels: what a table does not say by itself;
            see `edgehar.data.CsvOptions`.
        labels: own label -> name.
        schema: TOML file of these options; otherwise `edgehar-data.toml` beside the source.
    Returns:
        One row per sample: `recording`, `subject` (categories), `time` (float64, seconds), `x`, `y`, `z` (float32,
        m/s², gravity included, Android sign), `label` (a category, missing where not known). `attrs["notes"]`
        says what was assumed, dropped and repaired.
    Raises:
        DataError: missing, damaged, or not readable as recordings.
        MissingExtra: pandas is not installed.
    """
    from edgehar.data import CsvOptions, load, to_frame

    options = CsvOptions(columns, unit, axes, rate_hz, time, time_unit, subject, label, channels)
    schema = Path(schema) if schema is not None else None
    return to_frame(load(source, kind=kind, options=options, labels=labels, schema=schema))
