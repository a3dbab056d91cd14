"""What a CSV does not say by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CsvOptions:
    """How to read a table of samples; None means: find it out, and refuse where that is not safe."""

    x: str | None = None
    y: str | None = None
    z: str | None = None
    unit: str | None = None
    rate_hz: float | None = None
    time: str | None = None
    time_unit: str | None = None
    axes: str | None = None
    subject: str | None = None
    label: str | None = None
