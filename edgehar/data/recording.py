"""The one type that every loader gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION, Channel

#: Label code of a sample whose activity is not known.
UNLABELLED = -1


@dataclass(frozen=True)
class Recording:
    """One uninterrupted stretch of samples of one person.

    Attributes:
        name: unique within its data set, for example `exp01`.
        subject: the person.
        t: float64 (N,), seconds, strictly increasing.
        acc: float32 (N, channels), as the data set's channels say: usually x, y, z in m/s² with gravity, Android
            sign.
        label: int16 (N,), index into the data set's `classes`, `UNLABELLED` where not known.
        rate_hz: samples per second; the timestamps advance by about 1 / rate_hz.
    """

    name: str
    subject: str
    t: NDArray[np.float64]
    acc: NDArray[np.float32]
    label: NDArray[np.int16]
    rate_hz: float

    def __len__(self) -> int:
        return len(self.acc)


@dataclass(frozen=True)
class Dataset:
    """Recordings that share a vocabulary.

    Attributes:
        classes: activity names; a recording's label codes index it.
        published_test: subjects of the set's published test split, empty where there is none.
        sha256: hash of the samples, labels and subjects, for the manifest.
        notes: what the loader dropped or repaired, one line each.
        mapping: the set's own label -> name among `classes`.
        findings: what the loader dropped or repaired, counted by reason.
        sources: person -> the set they come from, where several sets were pooled; otherwise empty.
        channels: what the values of a sample are.
        weights: set -> how often training draws it, next to others; 1 where it is not named.
    """

    name: str
    recordings: tuple[Recording, ...]
    classes: tuple[str, ...]
    published_test: tuple[str, ...] = ()
    sha256: str = ""
    notes: tuple[str, ...] = field(default=())
    mapping: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ACCELERATION
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def origin(self) -> dict[str, object]:
        """What a run's files keep of it: name, hash, and weights where there are some."""
        told: dict[str, object] = {"name": self.name, "sha256": self.sha256}
        return told if not self.weights else {**told, "weights": dict(self.weights)}

    @property
    def subjects(self) -> tuple[str, ...]:
        """The people, each once, in the order of their first recording."""
        return tuple(dict.fromkeys(recording.subject for recording in self.recordings))


@dataclass(frozen=True)
class Windows:
    """Windows cut from a data set.

    Attributes:
        x: float32 (W, window, channels), in the channels' units.
        y: int64 (W,), index into `labels`.
        subject: str (W,), the person of each window.
        recording: str (W,), the recording of each window.
        start: int64 (W,), index of the window's first sample within its recording.
        labels: class names.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    subject: NDArray[np.str_]
    recording: NDArray[np.str_]
    start: NDArray[np.int64]
    labels: tuple[str, ...]

    @classmethod
    def cut(
        cls, places: Sequence[tuple[Recording, int, int]], shape: tuple[int, int], labels: tuple[str, ...]
    ) -> Windows:
        """Windows of a shape (samples, channels) from (recording, first sample, class) each; possibly none."""
        length = shape[0]
        return cls(
            x=np.stack([whole.acc[at : at + length] for whole, at, _ in places])
            if places
            else np.zeros((0, *shape), np.float32),
            y=np.array([code for *_, code in places], np.int64),
            subject=np.array([whole.subject for whole, *_ in places], np.str_),
            recording=np.array([whole.name for whole, *_ in places], np.str_),
            start=np.array([at for _, at, _ in places], np.int64),
            labels=labels,
        )

    def __len__(self) -> int:
        return len(self.x)

    def select(self, mask: NDArray[np.bool_] | NDArray[np.int64]) -> Windows:
        """The windows of a boolean mask or an index array, in that order."""
        return Windows(
            self.x[mask], self.y[mask], self.subject[mask], self.recording[mask], self.start[mask], self.labels
        )

    def of_subjects(self, subjects: Sequence[str]) -> Windows:
        """The windows of these people."""
        return self.select(np.isin(self.subject, list(subjects)))
