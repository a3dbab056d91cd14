"""Any table of samples: what the options leave open is found out where that is safe, and refused where not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import acceleration_at
from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.assemble import assemble
from edgehar.data.gravity import gravity_length
from edgehar.data.labels import require_few
from edgehar.data.options import UNITS, UNITS_OF, CsvOptions
from edgehar.data.readers.layouts import LABEL, SUBJECT, TIME, candidate
from edgehar.data.readers.selection import Found, find_tables
from edgehar.data.readers.table import Table
from edgehar.data.recording import UNLABELLED, Dataset
from edgehar.data.timeline import TIME_UNITS, Samples, guess_time_unit, to_recordings, usual_step
from edgehar.errors import DataError

#: Labels that say nothing.
_NO_LABEL = {"", "nan", "none", "null", "unlabelled", "unlabeled"}

OUTSIDE_GRAVITY = "samples dropped: before or after those of gravity"


@dataclass(frozen=True)
class _File:
    """One file's columns, as they stand there; `acc` in Android's sign."""

    name: str
    acc: NDArray[np.float64]
    t: NDArray[np.float64] | None
    subject: list[str]
    label: list[str]
    note: str


def load_csv(
    source: Path,
    options: CsvOptions | None = None,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read a table, or a folder or archive of them: text, Parquet or Feather.

    Args:
        options: what the tables do not say; see `CsvOptions`. `axes` is left to `load`.
        labels: own label -> name.
        on_progress: called with (files done, files in all).
    Raises:
        DataError: missing columns, acceleration without gravity, text in numbers, no rate and no time, a
            unit that gravity does not tell, or a damaged file. The message names the option that helps.
        MissingExtra: pandas is not installed.
    """
    options = options or CsvOptions()
    found, left_out = find_tables(source, options.columns)
    findings: Counter[str] = Counter()
    files = []
    for done, item in enumerate(found, 1):
        files.append(_read(item, source, options, findings))
        if on_progress is not None:
            on_progress(done, len(found))
    notes = _sign_notes(files)
    if left_out:
        shown = ", ".join(left_out[:6]) + (", …" if len(left_out) > 6 else "")
        notes.append(f"{len(left_out)} tables left out, no acceleration or of the same recording: {shown}")
    factors = _factors(files, options, source, notes)
    if not any(any(file.subject) for file in files):
        notes.append("no subject column: taken as one person; name one with --subject-column")
    if not any(any(file.label) for file in files):
        notes.append("no label column: every sample is unlabelled; name one with --label-column")
    own: dict[str, int] = {}
    recordings = []
    for file in files:
        t, rate = _times(file, options)
        people = list(dict.fromkeys(file.subject)) or ["1"]
        require_few(people, "people", "--subject-column", file.name)
        code = {name: index for index, name in enumerate(people)}
        label = [UNLABELLED if name.casefold() in _NO_LABEL else own.setdefault(name, len(own)) for name in file.label]
        require_few(own, "labels", "--label-column", file.name)
        samples = Samples(
            person=np.array([code[name] for name in file.subject] or [0] * len(file.acc), np.intp),
            people=[name or "1" for name in people],
            t=t,
            acc=(file.acc * factors).astype(np.float32),
            label=np.array(label or [UNLABELLED] * len(file.acc), np.int16),
            rate_hz=rate,
        )
        recordings += to_recordings(samples, file.name, findings)
    return assemble(
        source.stem, "csv", recordings, tuple(own), overrides=labels, findings=findings, notes=notes,
        channels=options.sample,
    )  # fmt: skip


def _factors(files: Sequence[_File], options: CsvOptions, source: Path, notes: list[str]) -> NDArray[np.float64]:
    """What one of the table's units is in a channel's own, float64 (channels,); acceleration's is told by gravity."""
    told, sample = options.factors(), options.sample
    at = acceleration_at(sample)
    if at is not None:
        usual = gravity_length([file.acc[:, at : at + 3] for file in files])
        if "m/s^2" not in told:
            unit = _unit_of_gravity(usual, source)
            told["m/s^2"] = UNITS[unit]
            notes.append(f"unit {unit}, found out from gravity")
        elif not 0.7 < usual * told["m/s^2"] / STANDARD_GRAVITY < 1.4:
            notes.append(
                f"the mean is {usual * told['m/s^2']:.3g} m/s² long, gravity is 9.8: the unit {options.unit} or the "
                "columns are wrong"
            )
    missing = next((one for one in sample if one.unit not in told), None)
    if missing is not None:
        raise DataError(
            f"expected the unit of the channel {missing.name}, got none: add {' or '.join(UNITS_OF[missing.unit])} "
            "to --unit, as in g,deg/s"
        )
    return np.array([told[one.unit] for one in sample])


def _read(found: Found, source: Path, options: CsvOptions, findings: Counter[str]) -> _File:
    table, layout, path = found.table, found.layout, found.path
    assert layout.columns is not None
    time = None
    if options.time != "none":
        time = options.time or candidate(table, TIME)
        if time is None and "1" in table.header and len(table.header) >= 4 and not options.columns:
            time = "1"
    if time is None and options.rate_hz is None:
        raise DataError(f"expected a column of time in {table.where} or a rate; give --rate HZ or --time COLUMN")
    values = table.numbers([*layout.columns, *(layout.added or ()), *([time] if time else [])])
    acc, t = values[:, : len(layout.columns)], values[:, -1] if time else None
    if layout.added:
        acc = acc + values[:, 3:6]
    if found.gravity is not None:
        assert time is not None and t is not None
        acc = acc + _gravity_at(t, found.gravity, time)
        findings[OUTSIDE_GRAVITY] += int(np.isnan(acc).all(axis=1).sum())
    return _File(
        name=str(path.with_suffix("")),
        acc=layout.sign * acc,
        t=t,
        subject=_told(options.subject, table, path, source, len(values), SUBJECT),
        label=_told(options.label, table, path, source, len(values), LABEL),
        note=layout.note,
    )


def _gravity_at(t: NDArray[np.float64], gravity: Found, time: str) -> NDArray[np.float64]:
    """Gravity between its own samples, at the times of others; NaN outside of them."""
    assert gravity.layout.columns is not None
    values = gravity.table.numbers([time, *gravity.layout.columns])
    values = values[np.isfinite(values).all(axis=1)]
    values = values[np.argsort(values[:, 0], kind="stable")]
    return np.stack(
        [np.interp(t, values[:, 0], values[:, axis], left=np.nan, right=np.nan) for axis in (1, 2, 3)], axis=1
    )


def _told(
    rule: str | None, table: Table, path: PurePosixPath, source: Path, rows: int, usual: tuple[str, ...]
) -> list[str]:
    """Subject or label of each row: from a column, or from the path; empty where nothing tells."""
    if rule is None:
        name = candidate(table, usual)
        return table.words(name) if name else []
    if not rule.startswith("@"):
        return table.words(rule)
    folder = path.parent.name or (source.name if source.is_dir() else source.resolve().parent.name)
    if rule in ("@file", "@folder"):
        value = path.name.split(".")[0] if rule == "@file" else folder
    else:
        try:
            match = re.search(rule[1:], f"{folder}/{path.name}" if len(path.parts) < 2 else str(path))
        except re.error as error:
            raise DataError(
                f"expected @file, @folder or a regular expression after @, got {rule!r} ({error})"
            ) from error
        if not match:
            raise DataError(f"expected {rule[1:]!r} in the path {path}, found nothing like it")
        value = match[1] if match.re.groups else match[0]
    return [value] * rows


def _sign_notes(files: Sequence[_File]) -> list[str]:
    """What was taken for granted about the sign, once each; with the number of files where they differ."""
    count = Counter(file.note for file in files)
    return [note if len(count) == 1 else f"{number} files: {note}" for note, number in count.items()]


def _unit_of_gravity(usual: float, source: Path) -> str:
    """The unit in which the usual length of the mean is gravity."""
    for unit, factor in UNITS.items():
        if 0.7 < usual * factor / UNITS["g"] < 1.4:
            return unit
    raise DataError(
        f"expected a mean of about 9.8 (m/s^2), 1 (g) or 1000 (mg) in {source}, gravity included, got {usual:.3g}; "
        "give --unit, and check the columns"
    )


def _times(file: _File, options: CsvOptions) -> tuple[NDArray[np.float64] | None, float | None]:
    """Timestamps in seconds and the rate, either of them None where the other tells; refused where they disagree."""
    if file.t is None:
        return None, float(options.rate_hz) if options.rate_hz else None
    usual = usual_step(file.t[np.isfinite(file.t)])
    unit = options.time_unit or guess_time_unit(usual)
    if unit is None:
        raise DataError(
            f"expected timestamps that advance by a sample period in {file.name}, got a usual step of {usual:g}; "
            "give --time-unit, or --time none and --rate HZ"
        )
    own = 1 / (usual * TIME_UNITS[unit])
    if options.rate_hz is not None and not 0.9 < options.rate_hz / own < 1.1:
        raise DataError(
            f"expected about the {own:.3g} Hz of the timestamps in {file.name}, got {options.rate_hz:g} Hz; leave the "
            "rate out, or ignore the timestamps with --time none"
        )
    return (file.t - np.nanmin(file.t)) * TIME_UNITS[unit], options.rate_hz
