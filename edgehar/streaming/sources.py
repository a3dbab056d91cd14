"""Blocks of samples, and those of a recording."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.data.resampling import resample, split_at_gaps
from edgehar.errors import DataError
from edgehar.streaming.streamer import Flush

#: Samples that a recording gives at a time: one second at 20 Hz, so that a live view moves.
BLOCK = 20


class Block(NamedTuple):
    """Samples in order of time.

    Attributes:
        x: float32 (N, channels), in their units.
        t_us: int64 (N,), microseconds.
        truth: int64 (N,), index into the contract's labels, -1 where not known; None without labels.
        flush: set where these do not follow what came before, with the time and the reason.
    """

    x: NDArray[np.float32]
    t_us: NDArray[np.int64]
    truth: NDArray[np.int64] | None = None
    flush: Flush | None = None


def choose_recording(dataset: Dataset, recording: str | None = None, subject: str | None = None) -> Recording:
    """One recording by name and subject; by default the first of the published test people, else the first.

    Raises:
        DataError: there is none; the message lists some that there are.
    """
    found = [
        one
        for one in dataset.recordings
        if (recording is None or one.name == recording) and (subject is None or one.subject == subject)
    ]
    if not found:
        wanted = " of ".join(
            part for part in (recording and f"recording {recording!r}", subject and f"subject {subject!r}") if part
        )
        names = [one.name for one in dataset.recordings if subject is None or one.subject == subject]
        if recording is None or not names:
            names = list(dataset.subjects)
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise DataError(f"no {wanted or 'recording'} in {dataset.name}; there are {shown or 'none'}")
    if recording is None and subject is None:
        found = [one for one in found if one.subject in dataset.published_test] or found
    return found[0]


def recording_blocks(
    recording: Recording, classes: Sequence[str], contract: Contract, *, realtime: bool = False
) -> Iterator[Block]:
    """A recording at the contract's rate, in blocks; labels that the model does not have count as not known.

    Args:
        recording: at any rate; gaps split it.
        classes: the data set's names, which the recording's labels index.
        realtime: wait, so that each block comes when it would have been complete.
    Raises:
        DataError: a rate that cannot be resampled.
    """
    codes = label_codes(classes, contract)
    size = max(1, BLOCK // 10) if realtime else BLOCK
    begun = time.monotonic()
    first: float | None = None
    for number, part in enumerate(split_at_gaps(recording)):
        even = resample(part, contract.rate_hz)
        t_us = np.floor(even.t * 1e6 + 0.5).astype(np.int64)
        for start in range(0, len(even), size):
            rows = slice(start, start + size)
            if realtime:
                first = even.t[0] if first is None else first
                ready = even.t[min(start + size, len(even)) - 1] - first
                time.sleep(max(0.0, begun + ready - time.monotonic()))
            flush = Flush(int(t_us[0]), "gap") if number and not start else None
            yield Block(even.acc[rows], t_us[rows], codes[even.label[rows]], flush)


def label_codes(classes: Sequence[str], contract: Contract) -> NDArray[np.int64]:
    """For a data set's codes, -1 at the end included, the contract's."""
    return np.array([_index(contract.labels, name) for name in classes] + [UNLABELLED], np.int64)


def _index(labels: Sequence[str], name: str) -> int:
    return labels.index(name) if name in labels else UNLABELLED
