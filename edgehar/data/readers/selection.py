"""Which tables of a folder or archive are the acceleration: an app writes one for each sensor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edgehar.data.readers.archive import Member, members
from edgehar.data.readers.layouts import Layout, layout_of, no_axes, no_gravity
from edgehar.data.readers.table import Table, read_table
from edgehar.errors import DataError

_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".gz", ".xz", ".bz2", ".parquet", ".feather")

#: A file of Sensor Logger whose gravity stands in a file of its own, and what tells the platform.
_BESIDE = ("Gravity.csv", "Metadata.csv")


@dataclass(frozen=True)
class Found:
    """A table, how it has the acceleration, and the one of gravity beside it where that stands apart."""

    path: PurePosixPath
    table: Table
    layout: Layout
    gravity: Found | None = None


def find_tables(source: Path, columns: tuple[str, ...] | None = None) -> tuple[list[Found], list[str]]:
    """The tables to read, and the paths of those that are left out.

    Args:
        source: a file, folder or archive.
        columns: of x, y and z, or of other channels, where somebody has told; then every table is read.
    Raises:
        DataError: no table, none with acceleration, or only without gravity.
        MissingExtra: pandas is not installed.
    """
    inside = members(source)
    single = len(inside) == 1
    if not single:
        inside = [m for m in inside if m.path.suffix.lower() in _SUFFIXES and "readme" not in m.path.name.lower()]
    if not inside:
        raise DataError(f"expected tables ({', '.join(_SUFFIXES)}) in {source}, got none")
    folders: dict[PurePosixPath, list[Member]] = defaultdict(list)
    for member in inside:
        folders[member.path.parent].append(member)
    found: list[Found] = []
    left_out = []
    refused: list[DataError] = []
    for group in folders.values():
        beside = group
        if single and source.is_file():
            beside = [m for name in _BESIDE if (source.parent / name).is_file() for m in members(source.parent / name)]
        ios = _has_ios_sign(beside, source)
        every = []
        for member in group:
            if member.path.name == "Metadata.csv" and not single:
                continue
            table = read_table(member.read(), _where(source, member))
            layout = Layout("total", columns) if columns else layout_of(table, member.path.stem, ios)
            every.append(Found(member.path, table, layout))
        chosen, errors = _choose(every, beside, source, ios)
        refused += errors
        found += chosen
        taken = {item.path for item in chosen}
        taken |= {item.gravity.path for item in chosen if item.gravity}
        left_out += [str(item.path) for item in every if item.path not in taken]
    if not found:
        raise refused[0]
    return found, left_out


def _choose(
    every: Sequence[Found], beside: Sequence[Member], source: Path, ios: bool | None
) -> tuple[list[Found], list[DataError]]:
    """Of the tables of one folder those to read, and what rules out the others.

    Raises:
        DataError: acceleration without gravity, and nothing beside it that has both.
    """
    usable = [item for item in every if item.layout.role in ("total", "apart")]
    linear = [item for item in every if item.layout.role == "linear"]
    best = max((item.layout.rank for item in usable + linear if item.layout.rank), default=0)
    gravity = next((m for m in beside if m.path.name.casefold().endswith("gravity.csv")), None)
    if best == 2 and gravity is None:
        best = max((item.layout.rank for item in usable if item.layout.rank), default=0)
    chosen = [item for item in usable if item.layout.rank in (0, best)]
    if best == 2 and gravity is not None:
        table = read_table(gravity.read(), _where(source, gravity))
        apart = Found(gravity.path, table, layout_of(table, gravity.path.stem, ios))
        chosen += [replace(item, gravity=apart) for item in linear if item.layout.rank == 2]
    if not chosen and linear:
        raise no_gravity(linear[0].table)
    return chosen, [
        no_gravity(item.table) if item.layout.role == "gravity" else no_axes(item.table)
        for item in every
        if item not in usable
    ]


def _has_ios_sign(beside: Sequence[Member], source: Path) -> bool | None:
    """Whether Sensor Logger's description says iOS and not standardised; None without one."""
    described = next((member for member in beside if member.path.name == "Metadata.csv"), None)
    if described is None:
        return None
    table = read_table(described.read(), _where(source, described))
    if "platform" not in table.header:
        return None
    standard = table.words("standardisation")[0] if "standardisation" in table.header else "false"
    return table.words("platform")[0].casefold().startswith("ios") and standard.casefold() != "true"


def _where(source: Path, member: Member) -> str:
    return str(source) if source.is_file() and source.suffix != ".zip" else f"{source}/{member.path}"
