"""Recordings as a pandas DataFrame, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION, AXES, MAGNITUDE, SENSORS, Channel, parse_channels
from edgehar.data.assemble import assemble
from edgehar.data.labels import require_few
from edgehar.data.recording import UNLABELLED, Dataset
from edgehar.data.timeline import Samples, to_recordings
from edgehar.errors import DataError
from edgehar.extras import require

if TYPE_CHECKING:
    import pandas as pd

#: Columns of a frame of recordings; `recording`, `subject` and `label` are categories.
COLUMNS = ("recording", "subject", "time", "x", "y", "z", "label")


def to_frame(dataset: Dataset) -> pd.DataFrame:
    """One row per sample, in the order of the recordings.

    Returns:
        `recording`, `subject` (categories), `time` (float64, seconds), `x`, `y`, `z` (float32, m/s², gravity
        included, Android sign; of other channels their names, as `gyro.x`), `label` (a category, missing where not
        known). Its `attrs` hold the set's `name`, `published_test` and `notes`.
    Raises:
        MissingExtra: pandas is not installed.
    """
    require("data", "pandas")
    import pandas as pd

    recordings = dataset.recordings
    length = [len(recording) for recording in recordings]
    people = dataset.subjects
    names = list(dict.fromkeys(recording.name for recording in recordings))
    whose = [people.index(recording.subject) for recording in recordings]
    which = [names.index(recording.name) for recording in recordings]
    acc = np.concatenate([recording.acc for recording in recordings])
    label = np.concatenate([recording.label for recording in recordings])
    frame = pd.DataFrame(
        {
            "recording": _category(np.repeat(which, length), names),
            "subject": _category(np.repeat(whose, length), people),
            "time": np.concatenate([recording.t for recording in recordings]),
            **{name: acc[:, index] for index, name in enumerate(_names(dataset.channels))},
            "label": _category(label, dataset.classes),
        }
    )
    frame.attrs = {
        "name": dataset.name,
        "published_test": list(dataset.published_test),
        "notes": list(dataset.notes),
    }
    return frame


def from_frame(frame: pd.DataFrame, *, name: str | None = None, rate_hz: float | None = None) -> Dataset:
    """A data set of a frame like `to_frame` gives; the columns may stand in any order.

    Args:
        frame: `x`, `y`, `z`, or columns named as channels (`acc.x`, `gyro.z`), and `time` unless `rate_hz` is given.
            Without `recording` or `subject` all rows are one, without `label` none is known.
        name: of the set; that of the frame's `attrs`, else `frame`.
        rate_hz: of the samples; measured from `time`, recording by recording, if None.
    Raises:
        DataError: a missing column, text in place of numbers, no sample, or no rate.
    """
    channels = _channels(frame)
    columns = _names(channels)
    missing = [column for column in columns if column not in frame]
    if "time" not in frame and rate_hz is None:
        missing.append("time")
    if missing:
        raise DataError(
            f"expected the columns {', '.join(COLUMNS)}, got {', '.join(map(str, frame.columns))}: {missing[0]} is "
            "missing" + (", and no rate_hz" if missing == ["time"] else "")
        )
    if rate_hz is not None and not (np.isfinite(rate_hz) and rate_hz > 0):
        raise DataError(f"expected a rate above 0 Hz, got {rate_hz:g}")
    try:
        acc = frame[columns].to_numpy(np.float32, na_value=np.nan)
        t = frame["time"].to_numpy(np.float64, na_value=np.nan) if "time" in frame else None
    except (TypeError, ValueError) as error:
        raise DataError(f"expected numbers in time and {', '.join(columns)} ({error})") from error
    which, names = _codes(frame, "recording")
    whose, people = _codes(frame, "subject")
    label, own = _codes(frame, "label", unknown=UNLABELLED)
    require_few(people, "people", "the column subject", "the frame")
    require_few(own, "labels", "the column label", "the frame")
    findings: Counter[str] = Counter()
    recordings = []
    for code, title in enumerate(names):
        rows = np.flatnonzero(which == code)
        samples = Samples(
            whose[rows], people, None if t is None else t[rows], acc[rows], label[rows].astype(np.int16), rate_hz
        )
        parts = to_recordings(samples, title, findings)
        if len(parts) == 1:
            parts = [replace(parts[0], name=title)]
        recordings += parts
    told = frame.attrs
    return assemble(
        name or str(told.get("name", "frame")),
        "csv",
        recordings,
        own,
        published_test=tuple(told.get("published_test", ())),
        findings=findings,
        channels=channels,
    )


def _names(channels: Sequence[Channel]) -> list[str]:
    """Columns of these channels."""
    return list(AXES) if tuple(channels) == ACCELERATION else [one.name for one in channels]


def _channels(frame: pd.DataFrame) -> tuple[Channel, ...]:
    """The channels that a frame's columns name; x, y and z without such a name."""
    words = [f"{sensor}.{part}" for sensor in SENSORS for part in (*AXES, MAGNITUDE)]
    found = [str(name) for name in frame.columns if name in words]
    return parse_channels(",".join(found)) if found else ACCELERATION


def _category(codes: NDArray[Any], words: Sequence[str]) -> pd.Categorical[str]:
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(list(words), dtype=str))


def _codes(frame: pd.DataFrame, column: str, unknown: int = 0) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """A column as codes of its words, in the order in which they come; `1` and `unknown` where there is none."""
    import pandas as pd

    if column not in frame:
        return np.full(len(frame), unknown, np.intp), ("1",) if unknown == 0 else ()
    code, words = pd.factorize(frame[column])
    if unknown == 0 and (code < 0).any():
        raise DataError(f"expected a {column} on every row, got {int((code < 0).sum())} rows without")
    return code, tuple(str(word) for word in words)
