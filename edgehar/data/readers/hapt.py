"""HAPT: shipped inside the package, 30 people, 50 Hz, waist-worn phone.

Reyes-Ortiz, Oneto, Samà, Parra, Anguita, "Transition-Aware Human Activity Recognition Using
Smartphones", Neurocomputing 2016. Attribution and licence: `HAPT.md` beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.assemble import assemble
from edgehar.data.labels import HAPT_OWN
from edgehar.data.readers.archive import read_npz
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.errors import DataError

SHIPPED = Path(__file__).parents[1] / "hapt_50hz.npz"
RATE_HZ = 50.0

#: The source is quantised to 1/720 g, so that int16 counts hold it exactly.
COUNTS_PER_G = 720

#: Subjects of the published test split; the other 21 train.
PUBLISHED_TEST = ("2", "4", "9", "10", "12", "13", "18", "20", "24")


def load_hapt(path: Path = SHIPPED, labels: Mapping[str, str] | None = None) -> Dataset:
    """The shipped recordings, or those of a file in its layout or in the plain one.

    Args:
        path: `.npz` with `planes` (as shipped, see `pack`) or `acc`, `label`, `subject`, `recording`.
        labels: own label -> name, over the set's mapping.
    Raises:
        DataError: not such a file, or a damaged one.
    """
    arrays = read_npz(path)
    if "planes" in arrays:
        arrays = unpack(arrays)
    missing = {"acc", "label", "subject", "recording"} - set(arrays)
    if missing:
        raise DataError(f"expected the arrays acc, label, subject, recording in {path}; {min(missing)} is missing")
    acc, own, subject = arrays["acc"], arrays["label"], arrays["subject"]
    edges = np.flatnonzero(np.diff(arrays["recording"], prepend=-1, append=-1))
    recordings = []
    for number, (start, stop) in enumerate(pairwise(edges), 1):
        code = own[start:stop].astype(np.int16)
        recordings.append(
            Recording(
                name=f"exp{number:02d}",
                subject=str(subject[start]),
                t=np.arange(stop - start) / RATE_HZ,
                acc=(acc[start:stop] * (STANDARD_GRAVITY / COUNTS_PER_G)).astype(np.float32),
                label=np.where(code > 0, code - 1, UNLABELLED).astype(np.int16),
                rate_hz=RATE_HZ,
            )
        )
    return assemble("hapt", "hapt", recordings, HAPT_OWN, overrides=labels, published_test=PUBLISHED_TEST)


def pack(arrays: Mapping[str, NDArray[Any]], target: Path) -> None:
    """Write the shipped layout: differences along time within a recording, low and high bytes apart.

    A third smaller than plain counts, exact, and the same bytes at each run.

    Args:
        arrays: `acc` int16 (N, 3) counts, `label`, `subject`, `recording` int8 (N,).
    """
    acc = np.asarray(arrays["acc"], np.int16)
    first = np.flatnonzero(np.diff(np.asarray(arrays["recording"]), prepend=-1))
    delta = np.diff(acc, axis=0, prepend=np.zeros((1, 3), np.int16))
    delta[first] = acc[first]
    planes = np.ascontiguousarray(delta.T.astype("<i2")).view(np.uint8).reshape(3, len(acc), 2).transpose(0, 2, 1)
    np.savez_compressed(
        target,
        planes=np.ascontiguousarray(planes),
        label=np.asarray(arrays["label"], np.int8),
        subject=np.asarray(arrays["subject"], np.int8)[first],
        first=first.astype(np.int32),
    )


def unpack(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays that `pack` was given."""
    try:
        planes, first = np.asarray(arrays["planes"], np.uint8), np.asarray(arrays["first"], np.int64)
        delta = np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<i2")[..., 0].T
        length = np.diff(first, append=len(delta))
        # int64 sums over the whole file, less the sum at each recording's start.
        total = np.cumsum(delta, axis=0, dtype=np.int64)
        before = np.where((first > 0)[:, None], total[first - 1], 0)
        acc = total - np.repeat(before, length, axis=0)
        return {
            "acc": acc.astype(np.int16),
            "label": arrays["label"],
            "subject": np.repeat(arrays["subject"], length),
            "recording": np.repeat(np.arange(len(first), dtype=np.int8), length),
        }
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(f"damaged HAPT file: {error}; install the package again") from error
