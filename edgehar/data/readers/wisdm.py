"""WISDM: v1.1 (2011) and the 2019 raw phone accelerometer, `user,activity,timestamp,x,y,z;`.

Kwapisz, Weiss, Moore, "Activity Recognition using Cell Phone Accelerometers", SensorKDD 2010; Weiss,
Yoneda, Hayajneh, "Smartphone and Smartwatch-Based Biometrics Using Activities of Daily Living", IEEE
Access 2019. m/s² with gravity, Android sign, nominal 20 Hz.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.data.assemble import assemble
from edgehar.data.readers.archive import Member, members
from edgehar.data.readers.tokens import Records, floats, integers, split_records, words
from edgehar.data.recording import Dataset
from edgehar.data.timeline import NO_TIME, TIME_UNITS, Samples, guess_time_unit, to_recordings, usual_step
from edgehar.errors import DataError

MALFORMED = "records dropped: not user,activity,timestamp,x,y,z"
NOT_NUMBER = "records dropped: an empty field or text in place of a number"

_RECORD = re.compile(rb"\s*\d+\s*,\s*[A-Za-z][\w ]*,\s*\d+\s*,\s*-?[\d.]+(?:[eE]-?\d+)?\s*,\s*-?[\d.]+")
#: Bytes parsed at once: small enough for the arrays to stay in a processor's cache.
_BLOCK = 1 << 19


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

    Records are found by their own shape, so that several on one line, a missing `;`, a comma before it
    and blank lines do no harm. Records with an empty or impossible field and those with a timestamp of
    0 are dropped and counted.

    Args:
        labels: own label -> name, over the set's mapping.
        on_progress: called with (bytes done, bytes in all).
    Raises:
        DataError: no such file, or no record in it.
    """
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
            blocks.append(_parse(split_records(block, 6), own, findings))
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
    samples = Samples(person, [str(number) for number in people], _seconds(person, stamp), acc, label)
    recordings = to_recordings(samples, "wisdm", findings)
    return assemble("wisdm", "wisdm", recordings, tuple(own), overrides=labels, findings=findings)


def _blocks(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Blocks that end with a record's end, and how many bytes are done after each."""
    start = 0
    while start < len(content):
        stop = min(start + _BLOCK, len(content))
        if stop < len(content):
            end = max(content.rfind(b"\n", start, stop), content.rfind(b";", start, stop)) + 1
            stop = end if end > start else len(content)
        block = content[start:stop]
        if b" " in block or b"\t" in block:
            block = block.translate(None, b" \t")
        yield stop, block if block.endswith((b"\n", b";")) else block + b"\n"
        start = stop


def _parse(
    records: Records, own: dict[str, int], findings: Counter[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int16], NDArray[np.float32]]:
    """User, timestamp, label code and float32 (R, 3) of the good records; `own` learns new labels."""
    user, good = integers(records, 0)
    stamp, is_stamp = integers(records, 2)
    good &= is_stamp
    acc = np.empty((len(records), 3), np.float32)
    for axis in range(3):
        acc[:, axis], is_number = floats(records, 3 + axis)
        good &= is_number
    label = np.full(len(records), -1, np.int16)
    runs = words(records, 1)
    for number, (row, word) in enumerate(runs):
        stop = runs[number + 1][0] if number + 1 < len(runs) else len(records)
        if word.replace("_", "a").isalnum():
            label[row:stop] = own.setdefault(word, len(own)) if good[row:stop].any() else -1
        else:
            good[row:stop] = False
    findings[MALFORMED] += records.malformed
    findings[NOT_NUMBER] += int((~good).sum())
    findings[NO_TIME] += int((good & (stamp == 0)).sum())
    good &= stamp != 0
    return user[good], stamp[good], label[good], acc[good]


def _seconds(person: NDArray[np.intp], stamp: NDArray[np.int64]) -> NDArray[np.float64]:
    """Timestamps in seconds since each person's first: nanoseconds, unless the usual step says otherwise."""
    t = np.empty(len(stamp))
    for index in range(int(person.max()) + 1):
        mine = person == index
        own = stamp[mine]
        unit = guess_time_unit(usual_step(own)) or "ns"
        t[mine] = (own - own[0]) * TIME_UNITS[unit]
    return t
