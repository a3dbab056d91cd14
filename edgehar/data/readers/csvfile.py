"""Any table of samples: what the options leave open is found out where that is safe, and refused where not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.data.assemble import assemble
from edgehar.data.gravity import gravity_length
from edgehar.data.options import UNITS, CsvOptions
from edgehar.data.readers.archive import Member, members
from edgehar.data.readers.table import Table, read_table
from edgehar.data.recording import UNLABELLED, Dataset
from edgehar.data.timeline import TIME_UNITS, Samples, guess_time_unit, to_recordings, usual_step
from edgehar.errors import DataError

_AXIS = (
    r"(?:total|body|raw|phone)?(?:a|acc|accel|acceleration|accelerometer)?{axis}(?:axis)?(?:acc|accel|acceleration)?"
)
_TIME = ("t", "time", "timestamp", "seconds", "secondselapsed", "elapsed", "timens", "timems", "timeus", "times")
_LABEL = ("label", "activity", "class", "activitylabel", "activityname")
_SUBJECT = ("subject", "user", "person", "participant", "subjectid", "userid", "id")
_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".gz")


@dataclass(frozen=True)
class _File:
    """One file's columns, as they stand there."""

    name: str
    g: NDArray[np.float64]
    t: NDArray[np.float64] | None
    subject: list[str]
    label: list[str]


def load_csv(
    source: Path,
    options: CsvOptions | None = None,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read a table, or a folder or zip of them.

    Args:
        options: what the tables do not say; see `CsvOptions`.
        labels: own label -> name in the vocabulary.
        on_progress: called with (files done, files in all).
    Raises:
        DataError: missing columns, text in numbers, no rate and no time, a unit that gravity does not
            tell, or a damaged file. The message names the option that helps.
    """
    options = options or CsvOptions()
    found = members(source)
    if len(found) > 1:
        found = [m for m in found if m.path.suffix.lower() in _SUFFIXES and "readme" not in m.path.name.lower()]
    if not found:
        raise DataError(f"expected tables ({', '.join(_SUFFIXES)}) in {source}, got none")
    files = []
    for done, member in enumerate(found, 1):
        files.append(_read(member, source, options))
        if on_progress is not None:
            on_progress(done, len(found))
    notes = []
    unit = options.unit
    if unit is None:
        unit = _unit_from_gravity([file.g for file in files], source)
        notes.append(f"unit {unit}, found out from gravity")
    if not any(any(file.subject) for file in files):
        notes.append("no subject column: taken as one person; name one with --subject-column")
    if not any(any(file.label) for file in files):
        notes.append("no label column: every sample is unlabelled; name one with --label-column")
    own: dict[str, int] = {}
    findings: Counter[str] = Counter()
    recordings = []
    axes = options.axis_map()
    for file in files:
        t, rate = _times(file, options)
        acc = np.stack([sign * file.g[:, index] for index, sign in axes], axis=1) * UNITS[unit]
        people = list(dict.fromkeys(file.subject)) or ["1"]
        code = {name: index for index, name in enumerate(people)}
        label = [own.setdefault(name, len(own)) if name else UNLABELLED for name in file.label]
        samples = Samples(
            person=np.array([code[name] for name in file.subject] or [0] * len(acc), np.intp),
            people=[name or "1" for name in people],
            t=t,
            acc=acc.astype(np.float32),
            label=np.array(label or [UNLABELLED] * len(acc), np.int16),
            rate_hz=rate,
        )
        recordings += to_recordings(samples, file.name, findings)
    return assemble(source.stem, "csv", recordings, tuple(own), overrides=labels, findings=findings, notes=notes)


def _read(member: Member, source: Path, options: CsvOptions) -> _File:
    where = str(source) if source.is_file() and source.suffix != ".zip" else f"{source}/{member.path}"
    table = read_table(member.read(), where)
    columns = options.columns or _axis_columns(table)
    time = None
    if options.time != "none":
        time = options.time or _candidate(table, _TIME)
        if time is None and "1" in table.header and len(table.header) >= 4 and not options.columns:
            time = "1"
    if time is None and options.rate_hz is None:
        raise DataError(f"expected a column of time in {where} or a rate; give --rate HZ or --time COLUMN")
    values = table.numbers([*columns, time] if time else columns)
    return _File(
        name=str(member.path.with_suffix("")),
        g=values[:, :3],
        t=values[:, 3] if time else None,
        subject=_told(options.subject, table, member, source, len(values), _SUBJECT),
        label=_told(options.label, table, member, source, len(values), _LABEL),
    )


def _told(rule: str | None, table: Table, member: Member, source: Path, rows: int, usual: tuple[str, ...]) -> list[str]:
    """Subject or label of each row: from a column, or from the path; empty where nothing tells."""
    if rule is None:
        name = _candidate(table, usual)
        return table.words(name) if name else []
    if not rule.startswith("@"):
        return table.words(rule)
    folder = member.path.parent.name or (source.name if source.is_dir() else source.resolve().parent.name)
    if rule in ("@file", "@folder"):
        value = member.path.name.split(".")[0] if rule == "@file" else folder
    else:
        try:
            match = re.search(
                rule[1:], f"{folder}/{member.path.name}" if len(member.path.parts) < 2 else str(member.path)
            )
        except re.error as error:
            raise DataError(
                f"expected @file, @folder or a regular expression after @, got {rule!r} ({error})"
            ) from error
        if not match:
            raise DataError(f"expected {rule[1:]!r} in the path {member.path}, found nothing like it")
        value = match[1] if match.re.groups else match[0]
    return [value] * rows


def _plain(title: str) -> str:
    """A column's title without its unit, blanks and marks: `Acc_X (m/s^2)` gives `accx`."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"[\[(].*?[\])]", "", title.lower()))


def _axis_columns(table: Table) -> tuple[str, ...]:
    if table.header[0] == "1" and len(table.header) in (3, 4):
        return table.header[-3:]
    result = []
    for axis in "xyz":
        pattern = re.compile(_AXIS.format(axis=axis))
        found = [title for title in table.header if pattern.fullmatch(_plain(title))]
        if len(found) != 1:
            got = f"several ({', '.join(found)})" if found else "none"
            raise DataError(
                f"expected one column for {axis} in {table.where}, got {got} among {', '.join(table.header)}; "
                "name them with --columns X,Y,Z"
            )
        result.append(found[0])
    return tuple(result)


def _candidate(table: Table, usual: tuple[str, ...]) -> str | None:
    for name in usual:
        for title in table.header:
            if _plain(title) == name:
                return title
    return None


def _unit_from_gravity(parts: list[NDArray[np.float64]], source: Path) -> str:
    """The unit in which the usual length of the mean is gravity."""
    usual = gravity_length(parts)
    for unit, factor in UNITS.items():
        if 0.7 < usual * factor / UNITS["g"] < 1.4:
            return unit
    raise DataError(
        f"expected a mean of about 9.8 (m/s^2), 1 (g) or 1000 (mg) in {source}, gravity included, got {usual:.3g}; "
        "give --unit, and check the columns"
    )


def _times(file: _File, options: CsvOptions) -> tuple[NDArray[np.float64] | None, float | None]:
    """Timestamps in seconds and the rate, either of them None where the other tells."""
    if file.t is None:
        return None, float(options.rate_hz) if options.rate_hz else None
    usual = usual_step(file.t[np.isfinite(file.t)])
    unit = options.time_unit or guess_time_unit(usual)
    if unit is None:
        raise DataError(
            f"expected timestamps that advance by a sample period in {file.name}, got a usual step of {usual:g}; "
            "give --time-unit, or --time none and --rate HZ"
        )
    return (file.t - np.nanmin(file.t)) * TIME_UNITS[unit], options.rate_hz
