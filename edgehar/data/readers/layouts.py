"""Which columns of a table are the acceleration, and in whose sign: the layouts of phones' apps, and any other.

CoreMotion gives gravity and the user's acceleration apart, in g, with the opposite sign of Android. Sensor
Logger writes one file for each sensor, where `Accelerometer` is without gravity, in the phone's own sign
unless it was told to standardise. phyphox turns iOS's sign into Android's by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from edgehar.data.readers.table import Table
from edgehar.errors import DataError

Role = Literal["total", "apart", "linear", "gravity", "other"]
Triple = tuple[str, str, str]

TIME = ("secondselapsed", "t", "time", "timestamp", "seconds", "elapsed", "timens", "timems", "timeus", "times")
LABEL = ("label", "activity", "class", "activitylabel", "activityname")
SUBJECT = ("subject", "user", "person", "participant", "subjectid", "userid", "id")

_TOTAL = (
    r"(?:total|body|raw|phone)?(?:a|acc|accel|acceleration|accelerometer)?{axis}(?:axis)?(?:acc|accel|acceleration)?"
)
_GRAVITY = r"(?:motion)?gravity{axis}"
_USER = r"(?:motion)?useracceleration{axis}"
_LINEAR = r"(?:linear|lin)(?:acc|accel|acceleration|accelerometer){axis}"
_OTHER_SENSORS = re.compile(r"gyro|magnet|orientation|rotation|gravity|location|barometer|pedometer|compass|light")

IOS = "sign: iOS's, turned into Android's"
ANDROID = "sign: Android's"
ASSUMED = "sign: taken as Android's (at rest the axis that points up reads +9.8)"
_TURN = "; if that is wrong: --axes=-x,-y,-z"


@dataclass(frozen=True)
class Layout:
    """How a table has the acceleration.

    Attributes:
        role: `total` includes gravity, `apart` has it in columns of its own, `linear` is without it,
            `gravity` is nothing else, `other` is no acceleration.
        columns: of x, y and z, or of the channels where somebody has told them.
        added: columns to add to these: gravity, where it stands apart.
        sign: Android's for 1, iOS's for -1.
        note: what was taken for granted about the sign, and how to change it.
        rank: of several tables of one recording the one with the highest is read.
    """

    role: Role
    columns: tuple[str, ...] | None = None
    added: Triple | None = None
    sign: int = 1
    note: str = ASSUMED + _TURN
    rank: int = 0


def plain(title: str) -> str:
    """A column's title without its unit, blanks and marks: `Acc_X (m/s^2)` gives `accx`."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"[\[(].*?[\])]", "", title.lower()))


def candidate(table: Table, usual: tuple[str, ...]) -> str | None:
    """The first column with one of the usual names, in their order."""
    for name in usual:
        for title in table.header:
            if plain(title) == name:
                return title
    return None


def layout_of(table: Table, stem: str, ios: bool | None) -> Layout:
    """Recognise a table by the names of its columns, wherever they stand; by its own name where those do not tell.

    Args:
        stem: the file's name, without its ending.
        ios: whether the app's own description says that the samples have iOS's sign; None without one.
    Raises:
        DataError: two columns for one axis.
    """
    if table.header[0] == "1" and len(table.header) in (3, 4):
        x, y, z = table.header[-3:]
        return Layout("total", (x, y, z))
    if _triple(table, r"{axis}") and any(plain(title) == "secondselapsed" for title in table.header):
        return _sensor_logger(table, stem, ios)
    gravity, user, linear = (_triple(table, pattern) for pattern in (_GRAVITY, _USER, _LINEAR))
    if user:
        note = f"{IOS} (columns of CoreMotion: gravity + userAcceleration){_TURN}"
        return Layout("apart", user, gravity, -1, note) if gravity else Layout("linear", user, None, -1, note)
    total = _triple(table, _TOTAL)
    if total:
        return Layout("total", total, note=_phyphox_note(table) or ASSUMED + _TURN)
    if linear:
        return Layout("apart" if gravity else "linear", linear, gravity, note=_phyphox_note(table) or ASSUMED + _TURN)
    return Layout("gravity", gravity) if gravity else Layout("other")


def no_axes(table: Table) -> DataError:
    """Why a table has no acceleration."""
    return DataError(
        f"expected one column for x, y and z each in {table.where}, got none among {', '.join(table.header)}; "
        "name them with --columns X,Y,Z"
    )


def no_gravity(table: Table) -> DataError:
    """Why acceleration without gravity is not enough, and what to record instead."""
    return DataError(
        f"expected acceleration with gravity in {table.where}, got it without; record with gravity: phyphox's "
        "'Acceleration with g', Sensor Logger's Total Acceleration (or Gravity beside it), CoreMotion's gravity "
        "and userAcceleration"
    )


def _sensor_logger(table: Table, stem: str, ios: bool | None) -> Layout:
    """A file of Sensor Logger: `time` in ns, `seconds_elapsed`, `z`, `y`, `x`; the sensor is the file's name."""
    columns = _triple(table, r"{axis}")
    name = plain(stem)
    if ios is None:
        note = f"{ASSUMED}: no Metadata.csv of Sensor Logger beside it tells the platform{_TURN}"
    else:
        note = f"{IOS if ios else ANDROID} (Metadata.csv of Sensor Logger){_TURN}"
    sign = -1 if ios else 1
    if "uncalibrated" in name and "acceler" in name:
        return Layout("total", columns, None, sign, note, rank=1)
    if "acceler" in name and "total" not in name:
        return Layout("linear", columns, None, sign, note, rank=2)
    if "gravity" in name:
        return Layout("gravity", columns, None, sign, note)
    if _OTHER_SENSORS.search(name):
        return Layout("other")
    return Layout("total", columns, None, sign, note, rank=3)


def _phyphox_note(table: Table) -> str | None:
    if any(title.casefold() == "absolute acceleration (m/s^2)" for title in table.header):
        return f"{ANDROID} (phyphox, on iOS too){_TURN}"
    return None


def _triple(table: Table, pattern: str) -> Triple | None:
    """Columns of x, y and z whose plain titles fit a pattern; None unless there are all three.

    Raises:
        DataError: two fit one axis.
    """
    result = []
    for axis in "xyz":
        found = [title for title in table.header if re.fullmatch(pattern.format(axis=axis), plain(title))]
        if len(found) > 1:
            raise DataError(
                f"expected one column for {axis} in {table.where}, got several ({', '.join(found)}) among "
                f"{', '.join(table.header)}; name them with --columns X,Y,Z"
            )
        result += found
    return (result[0], result[1], result[2]) if len(result) == 3 else None
