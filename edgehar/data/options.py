"""What a table does not say by itself: on the command line, or in a small TOML file beside the data."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION, Channel, channels_text, parse_channels, turnable
from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.timeline import TIME_UNITS
from edgehar.errors import ContractError, DataError
from edgehar.files import read_bytes

#: Name of the file that is looked for beside the data.
SCHEMA_NAME = "edgehar-data.toml"

#: Bytes that such a file may have.
LARGEST_SCHEMA = 1 << 20

#: Unit of the samples -> m/s² for one.
UNITS = {"m/s^2": 1.0, "g": STANDARD_GRAVITY, "mg": STANDARD_GRAVITY / 1000}

#: Unit of a contract's channel -> what a table may have in its place.
UNITS_OF = {"m/s^2": UNITS, "rad/s": {"rad/s": 1.0, "deg/s": math.pi / 180}, "uT": {"uT": 1.0, "G": 100.0}}


@dataclass(frozen=True)
class CsvOptions:
    """How to read a table of samples; None means: find it out, and refuse where that is not safe.

    Attributes:
        columns: names (or numbers from 1) of the columns of x, y and z, or of the channels.
        channels: what these columns are, as `acc,gyro` (`edgehar.channels`); x, y and z of the acceleration if None.
            Without columns, the channels to take of those that the source has.
        unit: `m/s^2`, `g` or `mg`; found out from gravity if None. Of other sensors also theirs, as in `g,deg/s`.
        axes: what x, y and z are made of, with signs, after the layout's own sign: `-x,-y,-z` turns a sign
            that was assumed wrongly, `y,-x,z` is a turned board; `x,y,z` if None. For every kind of source.
        rate_hz: samples per second, where there is no column of time; with one, of the timestamps' rate within 10 %.
        time: column of timestamps; `none` to ignore one.
        time_unit: `s`, `ms`, `us` or `ns`; found out from the usual step if None.
        subject, label: a column, or `@file`, `@folder`, or `@PATTERN`: a regular expression whose first
            group is searched for in the path, for example `@sub_([0-9]+)`.
    """

    columns: tuple[str, ...] | None = None
    unit: str | None = None
    axes: str | None = None
    rate_hz: float | None = None
    time: str | None = None
    time_unit: str | None = None
    subject: str | None = None
    label: str | None = None
    channels: str | None = None

    def __post_init__(self) -> None:
        self.factors()
        if self.time_unit is not None and self.time_unit not in TIME_UNITS:
            raise DataError(f"expected the time unit {', '.join(TIME_UNITS)}, got {self.time_unit!r}")
        if self.rate_hz is not None and not 0 < self.rate_hz < 1e6:
            raise DataError(f"expected a rate above 0 Hz, got {self.rate_hz:g}")
        if self.columns is not None:
            count, named = len(self.sample), "x, y, z" if self.channels is None else channels_text(self.sample)
            if len(self.columns) != count or len(set(self.columns)) != count:
                hint = "; say with --channels what others are" if self.channels is None else ""
                words = "three" if count == 3 else str(count)
                raise DataError(
                    f"expected {words} different columns for {named}, got {','.join(self.columns)[:200]}{hint}"
                )
        if self.axes is not None and not turnable(self.sample):
            raise DataError(
                f"expected channels with x, y and z of each sensor for --axes, got {channels_text(self.sample)}"
            )
        self.axis_map()

    @property
    def sample(self) -> tuple[Channel, ...]:
        """What the columns are."""
        try:
            return ACCELERATION if self.channels is None else parse_channels(self.channels)
        except ContractError as error:
            raise DataError(str(error)) from error

    def factors(self) -> dict[str, float]:
        """Unit of a channel in a contract -> its size in one of the table's, where that is told."""
        known = {name: unit for unit in dict.fromkeys(one.unit for one in self.sample) for name in UNITS_OF[unit]}
        found: dict[str, float] = {}
        for word in () if self.unit is None else self.unit.split(","):
            if word not in known:
                raise DataError(f"expected the unit {', '.join(known)}, got {word[:40]!r}")
            if known[word] in found:
                raise DataError(f"expected one unit for each kind of sensor, got {self.unit!r}")
            found[known[word]] = UNITS_OF[known[word]][word]
        return found

    def axis_map(self) -> list[tuple[int, int]]:
        """For each of x, y, z: index of the source column and sign."""
        parts = [part.strip().lower() for part in (self.axes or "x,y,z").split(",")]
        result = [("xyz".find(part.lstrip("+-")), -1 if part.startswith("-") else 1) for part in parts]
        if sorted(index for index, _ in result) != [0, 1, 2] or any(len(part.lstrip("+-")) != 1 for part in parts):
            raise DataError(f"expected axes like x,y,z or -y,x,z, each once, got {self.axes!r}")
        return result

    def over(self, other: CsvOptions) -> CsvOptions:
        """These options, and the other's where these say nothing."""
        return replace(other, **self.said())

    def said(self) -> dict[str, Any]:
        """The attributes that say something."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


def turn_axes(
    values: NDArray[np.floating], axes: Sequence[tuple[int, int]], vectors: Sequence[int]
) -> NDArray[np.float32]:
    """Samples (N, channels) with x, y and z of each vector made of others, as `CsvOptions.axis_map` says; float32.

    Args:
        vectors: places of their x.
    """
    turned = np.array(values, np.float32)
    for at in vectors:
        for axis, (index, sign) in enumerate(axes):
            turned[:, at + axis] = np.float32(sign) * values[:, at + index]
    return turned


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises DataError where it is missing, too large, or none."""
    try:
        return tomllib.loads(read_bytes(path, LARGEST_SCHEMA, DataError).decode("utf-8"))
    except (ValueError, RecursionError) as error:  # the parser recurses with the depth of its input
        raise DataError(f"expected a TOML file in {path}, got something else ({error})") from error


def read_schema(path: Path) -> tuple[CsvOptions, dict[str, str]]:
    """Options and label mapping of a TOML file.

    Its keys are the attributes of `CsvOptions` (`rate` for `rate_hz`), and a table `[labels]` with
    `own = "name"`.

    Raises:
        DataError: missing, not TOML, or with unknown or wrong entries.
    """
    content = read_toml(path)
    labels = content.pop("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(name, str) for name in labels.values()):
        raise DataError(f'expected lines like Own = "walking" under [labels] in {path}, got {str(labels)[:80]}')
    return CsvOptions(**_checked(content, path)), labels


def _checked(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    known = {field.name: field.name for field in fields(CsvOptions)}
    known["rate"] = known.pop("rate_hz")
    result: dict[str, Any] = {}
    for key, value in content.items():
        if key not in known:
            raise DataError(f"expected keys out of {', '.join(sorted(known))} and [labels] in {path}, got {key[:80]!r}")
        given = str(value)[:80]
        if key == "columns":
            value = tuple(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else None
        elif key == "rate":
            usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
            value = float(value) if usable else None
        elif not isinstance(value, str):
            value = None
        if value is None:
            shape = {"columns": "a list of names", "rate": "a number"}.get(key, "text in quotes")
            raise DataError(f"expected {shape} for {key!r} in {path}, got {given}")
        result[known[key]] = value
    return result


def schema_beside(source: Path) -> Path | None:
    """The `edgehar-data.toml` in a folder, or in the folder of a file; None where there is none."""
    candidate = (source if source.is_dir() else source.parent) / SCHEMA_NAME
    return candidate if candidate.is_file() else None
