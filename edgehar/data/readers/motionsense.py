"""MotionSense: iPhone in the trouser front pocket, 24 people, 50 Hz.

Malekzadeh, Clegg, Cavallaro, Haddadi, "Mobile Sensor Data Anonymization", IoTDI 2019. CoreMotion gives
gravity and userAcceleration in g with the opposite sign of Android, and apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.assemble import assemble
from edgehar.data.readers.archive import Member, members, read_npz
from edgehar.data.readers.table import read_table
from edgehar.data.recording import Dataset, Recording
from edgehar.data.timeline import Samples, to_recordings
from edgehar.errors import DataError

RATE_HZ = 50.0

#: Android m/s² from CoreMotion's g.
TO_ANDROID = -STANDARD_GRAVITY

_SIGN = "sign: iOS's, turned into Android's (gravity + userAcceleration of CoreMotion)"

_FILE = re.compile(r"(?:^|/)(dws|ups|wlk|jog|std|sit)_(\d+)/sub_(\d+)\.csv$")
_COLUMNS = tuple(f"{part}.{axis}" for part in ("gravity", "userAcceleration") for axis in "xyz")
_LONG = {
    "downstairs": "dws",
    "jogging": "jog",
    "sitting": "sit",
    "standing": "std",
    "upstairs": "ups",
    "walking": "wlk",
}

#: The prepared file's own labels; they stand in it by the alphabet.
OWN_LONG = frozenset(_LONG)
_OWN = ("dws", "ups", "wlk", "jog", "std", "sit")


def motionsense_files(found: list[Member]) -> list[Member]:
    """Files of the original layout `<act>_<trial>/sub_<n>.csv`, by activity, trial and person."""

    def key(member: Member) -> tuple[str, int, int]:
        match = _FILE.search(str(member.path))
        assert match
        return match[1], int(match[2]), int(match[3])

    return sorted((member for member in found if _FILE.search(str(member.path))), key=key)


def load_motionsense(
    source: Path,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read the original folder or zip (not unpacked), or the prepared `.npz`.

    Args:
        source: folder or zip with `<act>_<trial>/sub_<n>.csv`, one such file, or an `.npz` with `acc`
            (int16, 1/1000 g, iOS sign), `label`, `label_names`, `subject` and `trial`.
        labels: own label -> name, over the set's mapping.
        on_progress: called with (files done, files in all).
    Raises:
        DataError: no such file, or another layout.
    """
    if source.suffix == ".npz":
        return _load_prepared(source, labels)
    files = motionsense_files(members(source)) if not source.is_file() or source.suffix == ".zip" else []
    if not files and source.is_file():
        files = [m for m in members(source.parent.parent) if _FILE.search(str(m.path)) and m.path.name == source.name]
        files = [m for m in files if m.path.parent.name == source.resolve().parent.name]
    if not files:
        raise DataError(f"expected MotionSense files like A_DeviceMotion_data/wlk_7/sub_1.csv in {source}, got none")
    findings: Counter[str] = Counter()
    recordings = []
    for done, member in enumerate(files, 1):
        match = _FILE.search(str(member.path))
        assert match
        own, trial, subject = match.groups()
        g = read_table(member.read(), f"{source}:{member.path}").numbers(_COLUMNS)
        recordings += _recordings(g[:, :3] + g[:, 3:], _OWN.index(own), subject, f"{own}_{trial}", findings)
        if on_progress is not None:
            on_progress(done, len(files))
    return assemble("motionsense", "motionsense", recordings, _OWN, overrides=labels, findings=findings, notes=[_SIGN])


def _recordings(g: NDArray[np.float64], code: int, subject: str, name: str, findings: Counter[str]) -> list[Recording]:
    """Recordings of one file: one, unless it holds values that are not finite."""
    acc = (g * TO_ANDROID).astype(np.float32)
    rows = np.zeros(len(acc), np.intp)
    return to_recordings(
        Samples(rows, [subject], None, acc, np.full(len(acc), code, np.int16), RATE_HZ), name, findings
    )


def _load_prepared(source: Path, labels: Mapping[str, str] | None) -> Dataset:
    arrays = read_npz(source)
    missing = {"acc", "label", "label_names", "subject", "trial"} - set(arrays)
    if missing:
        raise DataError(f"expected MotionSense arrays in {source}; {sorted(missing)[0]} is missing")
    names = [_LONG.get(str(name), str(name)) for name in arrays["label_names"]]
    findings: Counter[str] = Counter()
    recordings = []
    change = np.any([np.diff(arrays[key], prepend=-1) != 0 for key in ("label", "subject", "trial")], axis=0)
    edges = [*np.flatnonzero(change).tolist(), len(change)]
    for start, stop in pairwise(edges):
        code, trial = int(arrays["label"][start]), int(arrays["trial"][start])
        g = arrays["acc"][start:stop] / 1000.0
        recordings += _recordings(g, code, str(arrays["subject"][start]), f"{names[code]}_{trial}", findings)
    return assemble(
        "motionsense", "motionsense", recordings, tuple(names), overrides=labels, findings=findings, notes=[_SIGN]
    )
