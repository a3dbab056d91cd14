"""Sets whose prepared `.npz` says nothing of scale and frame: where the sensor was worn decides both.

selfBACK (Axivity AX3 on the thigh or the wrist): Sani, Massie, Wiratunga, Cooper, "Learning Deep and Shallow Features
for Human Activity Recognition", KSEM 2017. DiFronzo (Galaxy S8 in the trouser pocket):
github.com/DiFronzo/LSTM-for-Human-Activity-Recognition-classification.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data.assemble import assemble
from edgehar.data.readers.archive import read_npz
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.errors import DataError

RATE_HZ = 50.0

#: m/s² of one count: int16 in 1/1000 g.
COUNT = STANDARD_GRAVITY / 1000

_ARRAYS = ("acc", "label", "label_names", "subject", "trial")


@dataclass(frozen=True)
class Placement:
    """How the samples of one set become those of a phone worn there.

    Attributes:
        axes: for each of x, y and z the column it is and its sign.
        left_out: own label -> why its samples count as unlabelled.
        note: what a person should know of the frame.
    """

    note: str
    axes: tuple[tuple[int, int], ...] = ((0, 1), (1, 1), (2, 1))
    left_out: Mapping[str, str] = field(default_factory=dict)


#: Kind of source -> placement.
PLACEMENTS: Mapping[str, Placement] = MappingProxyType(
    {
        "selfback-thigh": Placement(
            "axes: y, x, -z of the sensor, the frame of a phone in the pocket",
            ((1, 1), (0, 1), (2, -1)),
            MappingProxyType({"lying": "at the thigh it reads as sitting does"}),
        ),
        "selfback-wrist": Placement("axes: as the sensor has them, on the wrist"),
        "difronzo": Placement("sign: Android's, as recorded"),
    }
)


def load_placed(source: Path, kind: str, labels: Mapping[str, str] | None = None) -> Dataset:
    """Read a prepared `.npz`; a recording is a trial of one person.

    Args:
        source: `acc` int16 (N, 3) in 1/1000 g at 50 Hz, `label` (N,) into `label_names` or -1, `subject` and `trial`.
        kind: a key of `PLACEMENTS`.
        labels: own label -> name, over the set's mapping.
    Raises:
        DataError: not such a file, or a damaged one.
    """
    arrays = read_npz(source)
    missing = set(_ARRAYS) - set(arrays)
    if missing:
        raise DataError(f"expected the arrays {', '.join(_ARRAYS)} in {source}; {min(missing)} is missing")
    acc, own = arrays["acc"], arrays["label"].astype(np.int16)
    lengths = {len(arrays[name]) for name in _ARRAYS if name != "label_names"}
    names = [str(name) for name in arrays["label_names"]]
    if len(lengths) > 1 or acc.ndim != 2 or acc.shape[1] != 3:
        raise DataError(f"expected acc (N, 3) and N labels, subjects and trials in {source}, got {acc.shape}")
    if not len(acc) or own.min() < UNLABELLED or own.max() >= len(names):
        raise DataError(f"expected samples with labels of -1 … {len(names) - 1} in {source}, got none or others")
    how, findings = PLACEMENTS[kind], Counter[str]()
    for name, reason in how.left_out.items():
        if name in names:
            gone = own == names.index(name)
            findings[f"samples of {name} left out: {reason}"] = int(gone.sum())
            own = np.where(gone, np.int16(UNLABELLED), own)
    turned = np.stack([sign * acc[:, column].astype(np.float64) for column, sign in how.axes], axis=1) * COUNT
    change = np.any([np.diff(arrays[key], prepend=-1) != 0 for key in ("subject", "trial")], axis=0)
    edges = [*np.flatnonzero(change).tolist(), len(acc)]
    recordings = [
        Recording(
            name=f"{kind}/{arrays['subject'][start]}/{number}",
            subject=str(arrays["subject"][start]),
            t=np.arange(stop - start) / RATE_HZ,
            acc=turned[start:stop].astype(np.float32),
            label=own[start:stop],
            rate_hz=RATE_HZ,
        )
        for number, (start, stop) in enumerate(pairwise(edges), 1)
    ]
    return assemble(kind, kind, recordings, names, overrides=labels, findings=findings, notes=[how.note])
