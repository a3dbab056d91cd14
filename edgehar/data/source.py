"""Where recordings come from and how to read them, as one object that a training manifest can keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgehar.data.load import load
from edgehar.data.options import CsvOptions
from edgehar.data.recording import Dataset
from edgehar.errors import DataError


@dataclass(frozen=True)
class DataSource:
    """What a person says about recordings: the source and how to read it; see `load` and `CsvOptions`."""

    source: str
    kind: str | None = None
    schema: Path | None = None
    labels: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] | None = None
    unit: str | None = None
    axes: str | None = None
    rate: float | None = None
    time: str | None = None
    time_unit: str | None = None
    subject_column: str | None = None
    label_column: str | None = None
    channels: str | None = None

    def open(self, on_progress: Callable[[int, int], None] | None = None) -> Dataset:
        """Read the recordings; arguments and errors as in `load`."""
        options = CsvOptions(
            columns=self.columns,
            unit=self.unit,
            axes=self.axes,
            rate_hz=self.rate,
            time=self.time,
            time_unit=self.time_unit,
            subject=self.subject_column,
            label=self.label_column,
            channels=self.channels,
        )
        return load(
            self.source,
            kind=self.kind,
            options=options,
            labels=dict(self.labels),
            schema=self.schema,
            on_progress=on_progress,
        )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back to an equal object."""
        return {**asdict(self), "schema": None if self.schema is None else str(self.schema)}

    @classmethod
    def from_dict(cls, value: object, where: str = "the source of the recordings") -> DataSource:
        """Read what `to_dict` wrote; raises DataError for anything else."""
        if not isinstance(value, dict) or not set(value) <= {item.name for item in fields(cls)}:
            raise DataError(f"expected the source of recordings in {where}, got another set of entries")
        told = {name: item for name, item in value.items() if item is not None}
        plain = {name: item for name, item in told.items() if name not in ("labels", "columns", "rate")}
        labels, columns = told.get("labels", []), told.get("columns")
        fine = isinstance(told.get("source"), str) and all(isinstance(item, str) for item in plain.values())
        fine = fine and (columns is None or _names(columns)) and isinstance(told.get("rate", 1.0), int | float)
        if (
            not fine
            or not isinstance(labels, list | tuple)
            or not all(_names(pair) and len(pair) == 2 for pair in labels)
        ):
            raise DataError(f"expected the source of recordings in {where}, got a value of another type")
        return cls(
            **{
                **told,
                "schema": Path(told["schema"]) if "schema" in told else None,
                "labels": tuple((own, name) for own, name in labels),
                "columns": None if columns is None else tuple(columns),
            }
        )


def _names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
