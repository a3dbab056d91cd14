"""WISDM: v1.1 (2011) and the 2019 raw phone accelerometer, `user,activity,timestamp,x,y,z;`.

Kwapisz, Weiss, Moore, "Activity Recognition using Cell Phone Accelerometers", SensorKDD 2010; Weiss,
Yoneda, Hayajneh, "Smartphone and Smartwatch-Based Biometrics Using Activities of Daily Living", IEEE
Access 2019. m/s² with gravity, Android sign, nominal 20 Hz.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.data.assemble import assemble
from edgehar.data.labels import require_few
from edgehar.data.readers.archive import Member, members
from edgehar.data.recording import Dataset
from edgehar.data.timeline import NO_TIME, TIME_UNITS, Samples, guess_time_unit, to_recordings, usual_step
from edgehar.errors import DataError
from edgehar.extras import require

MALFORMED = "records dropped: not user,activity,timestamp,x,y,z"
NOT_NUMBER = "records dropped: an empty field or text in place of a number"

_FIELDS = ("user", "activity", "timestamp", "x", "y", "z")
_RECORD = re.compile(rb"\s*\d+\s*,\s*[A-Za-z][\w ]*,\s*\d+\s*,\s*-?[\d.]+(?:[eE]-?\d+)?\s*,\s*-?[\d.]+")
#: Bytes parsed at once, so that the whole set never stands in memory as text and as numbers.
_BLOCK = 1 << 21


def looks_like_wisdm(head: bytes) -> bool:
    """Whether any of a file's first lines has the record's shape."""
    return any(_RECORD.match(line) for line in head[:4096].splitlines()[:20])


def accelerometer_files(found: list[Member]) -> list[Member]:
    """Text files of the phone's accelerometer: the 2019 set also has a gyroscope and a watch."""
    texts = [
        m for m in found if m.path.suffix.lower() in (".txt", ".gz", ".csv") and "readme" not in m.path.name.lower()
    ]
    accel = [m for m in texts if "gyro" not in str(m.path).lower()]
    phone = [m for m in accel if "watch" not in str(m.path).lower()]
    raw = [m for m in phone or accel if not re.search(r"_about|activity_key|transformed", m.path.name)]
    return raw


def load_wisdm(
    source: Path,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read a file, folder or archive of either set.

    Each record is given a line of its own before pandas parses them, so that several on one line, a missing
    `;`, a comma before it and blank lines do no harm. Records with an empty or impossible field and those
    with a timestamp of 0 are dropped and counted.

    Args:
        labels: own label -> name, over the set's mapping.
        on_progress: called with (bytes done, bytes in all).
    Raises:
        DataError: no such file, or no record in it.
        MissingExtra: pandas is not installed.
    """
    require("data", "pandas")
    files = accelerometer_files(members(source))
    if not files:
        raise DataError(f"expected WISDM text files (.txt, .txt.gz) in {source}, got none")
    findings: Counter[str] = Counter()
    own: dict[str, int] = {}
    blocks = []
    total, before = sum(member.size for member in files), 0
    for member in files:
        content = member.read()
        for done, block in _blocks(content):
            if block:
                blocks.append(_parse(block, own, findings))
            if on_progress is not None:
                on_progress(before + member.size * done // len(content), total)
        before += member.size
    if not blocks or not sum(len(block[0]) for block in blocks):
        detail = "; ".join(f"{count} {reason}" for reason, count in findings.items() if count) or "it is empty"
        raise DataError(f"expected records user,activity,timestamp,x,y,z in {source}, got none ({detail})")
    user, stamp, label = (np.concatenate([block[i] for block in blocks]) for i in (0, 1, 2))
    acc = np.concatenate([block[3] for block in blocks])
    blocks.clear()
    people, person = np.unique(user, return_inverse=True)
    require_few(people, "people", "--kind csv --subject-column", source)
    samples = Samples(person, [str(number) for number in people], _seconds(person, stamp), acc, label)
    recordings = to_recordings(samples, "wisdm", findings)
    return assemble("wisdm", "wisdm", recordings, tuple(own), overrides=labels, findings=findings)


def _blocks(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Blocks with one record on each line, and how many bytes are done after each."""
    start = 0
    while start < len(content):
        stop = min(start + _BLOCK, len(content))
        if stop < len(content):
            end = max(content.rfind(b"\n", start, stop), content.rfind(b";", start, stop)) + 1
            stop = end if end > start else len(content)
        block = content[start:stop].translate(None, b" \t\r").replace(b";\n", b"\n").replace(b";", b"\n")
        yield stop, re.sub(rb"\n\n+", b"\n", block).strip(b"\n")
        start = stop


def _parse(
    block: bytes, own: dict[str, int], findings: Counter[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int16], NDArray[np.float32]]:
    """User, timestamp, label code and float32 (R, 3) of the good records; `own` learns new labels."""
    import pandas as pd

    frame = pd.read_csv(
        io.BytesIO(block),
        header=None,
        names=(*_FIELDS, "rest"),
        dtype={"activity": "category"},
        keep_default_na=False,
        na_values={name: [""] for name in (*_FIELDS, "rest") if name != "activity"},
        quoting=3,  # csv.QUOTE_NONE: a stray mark must not swallow what follows
        on_bad_lines="skip",
        low_memory=False,
        encoding_errors="replace",
    )
    # Lines with over seven fields were skipped; the seventh is empty where a comma stands before the record's end.
    malformed = (frame["rest"].notna() | frame[["x", "y", "z"]].isna().all(axis=1)).to_numpy()
    findings[MALFORMED] += block.count(b"\n") + 1 - len(frame) + int(malformed.sum())
    activity = frame["activity"].cat
    names = [str(name) for name in activity.categories]
    require_few({*names, *own}, "labels", "--kind csv --label-column", "WISDM's second field")
    codes = activity.codes.to_numpy()
    # One entry more than there are names: a missing label has the code -1.
    sound = np.array([name.replace("_", "a").isalnum() for name in names] + [False])[codes]
    number = {name: pd.to_numeric(frame[name], errors="coerce").to_numpy() for name in _FIELDS if name != "activity"}
    for name, value in number.items():
        sound &= ~np.isnan(value) if name in "xyz" else _is_whole(value)
    findings[NOT_NUMBER] += int((~malformed & ~sound).sum())
    sound &= ~malformed
    findings[NO_TIME] += int((sound & (number["timestamp"] == 0)).sum())
    order = np.full(len(names), -1, np.int16)
    for code in np.unique(codes[sound]):
        order[code] = own.setdefault(names[code], len(own))
    sound &= number["timestamp"] != 0
    acc = np.stack([number[axis][sound].astype(np.float32) for axis in "xyz"], axis=1)
    user, stamp = (number[name][sound].astype(np.int64) for name in ("user", "timestamp"))
    return user, stamp, order[codes[sound]], acc


def _is_whole(value: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values of a column are whole numbers that an int64 holds."""
    if value.dtype.kind == "i":
        return np.ones(len(value), bool)
    return np.asarray((np.abs(value) < 2.0**63) & (value == np.floor(value)))


def _seconds(person: NDArray[np.intp], stamp: NDArray[np.int64]) -> NDArray[np.float64]:
    """Timestamps in seconds since each person's first: nanoseconds, unless the usual step says otherwise."""
    t = np.empty(len(stamp))
    for index in range(int(person.max()) + 1):
        mine = person == index
        own = stamp[mine]
        unit = guess_time_unit(usual_step(own)) or "ns"
        t[mine] = (own - own[0]) * TIME_UNITS[unit]
    return t
