"""HAPT as its authors publish it: `RawData/acc_expNN_userNN.txt` in g, and `RawData/labels.txt`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.assemble import assemble
from edgehar.data.labels import HAPT_OWN
from edgehar.data.readers.archive import Member, members
from edgehar.data.readers.hapt import COUNTS_PER_G, PUBLISHED_TEST, RATE_HZ
from edgehar.data.readers.table import read_table
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.errors import DataError

_FILE = re.compile(r"acc_exp(\d+)_user(\d+)\.txt$")


def is_hapt_original(found: list[Member]) -> bool:
    """Whether these are the original files."""
    return any(_FILE.search(member.path.name) for member in found)


def load_hapt_original(
    source: Path,
    labels: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read the original folder or zip; gives the same data set as the shipped file.

    Args:
        labels: own label -> name, over the set's mapping.
        on_progress: called with (files done, files in all).
    Raises:
        DataError: files missing or damaged.
    """
    found = members(source)
    files = sorted((m for m in found if _FILE.search(m.path.name)), key=lambda member: member.path.name)
    truth = [m for m in found if m.path.name == "labels.txt"]
    if not files or not truth:
        raise DataError(f"expected acc_expNN_userNN.txt and labels.txt in {source}; one of them is missing")
    marks = read_table(truth[0].read(), f"{source}:{truth[0].path}").numbers(["1", "2", "3", "4", "5"]).astype(int)
    recordings = []
    for done, member in enumerate(files, 1):
        match = _FILE.search(member.path.name)
        assert match
        g = read_table(member.read(), f"{source}:{member.path}").numbers(["1", "2", "3"])
        label = np.full(len(g), UNLABELLED, np.int16)
        for code, start, stop in marks[marks[:, 0] == int(match[1])][:, 2:]:
            if not 1 <= code <= len(HAPT_OWN):
                raise DataError(f"expected an activity from 1 to {len(HAPT_OWN)} in {truth[0].path}, got {code}")
            label[start - 1 : stop] = code - 1
        counts = np.rint(g * COUNTS_PER_G)
        recordings.append(
            Recording(
                name=f"exp{int(match[1]):02d}",
                subject=str(int(match[2])),
                t=np.arange(len(g)) / RATE_HZ,
                acc=(counts * (STANDARD_GRAVITY / COUNTS_PER_G)).astype(np.float32),
                label=label,
                rate_hz=RATE_HZ,
            )
        )
        if on_progress is not None:
            on_progress(done, len(files))
    return assemble("hapt", "hapt", recordings, HAPT_OWN, overrides=labels, published_test=PUBLISHED_TEST)
