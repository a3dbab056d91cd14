"""What is in a recording, what would be dropped, and whether a model can be made or measured with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION, acceleration_at
from edgehar.contract import STANDARD_GRAVITY, Contract
from edgehar.data.gravity import gravity_length
from edgehar.data.labels import TRANSITIONS
from edgehar.data.recording import UNLABELLED, Dataset
from edgehar.data.resampling import is_uniform
from edgehar.data.windows import cut_windows, runs
from edgehar.errors import DataError

#: Uses in rising order of what they ask for.
USES = ("stream", "evaluate", "train")

#: Equal extreme values in a row from which on a sensor counts as saturated.
SATURATED_RUN = 3

#: Hz between which the spectral peak of walking lies, whoever walks and wherever the phone is.
WALKING_HZ = (1.4, 2.6)


class SaturationJson(TypedDict):
    """Of each channel: samples that are stuck at a limit, and the limits, in its unit."""

    samples: dict[str, int]
    lowest: list[float]
    highest: list[float]


class GravityJson(TypedDict):
    """Usual length of the mean and its direction while people are upright, m/s²; `up` as in `+y`."""

    usual: float
    upright_mean: list[float]
    up: str


@dataclass
class Check:
    """Everything that `data check` tells; `problems` name the uses that they rule out."""

    name: str
    people: int
    recordings: int
    samples: int
    seconds: float
    rates: dict[str, int]
    jittered: int
    findings: dict[str, int]
    saturated: SaturationJson
    gravity: GravityJson | None
    walking_hz: float | None
    labels: dict[str, dict[str, float]]
    subjects: dict[str, dict[str, float]]
    dropped_seconds: dict[str, float]
    windows: int
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def usable_for(self, use: str) -> bool:
        """Whether nothing rules this use out."""
        return not any(self.problems.get(step) for step in USES[: USES.index(use) + 1])

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with `usable` by use."""
        return {**asdict(self), "usable": {use: self.usable_for(use) for use in USES}}


def check(dataset: Dataset, contract: Contract, on_progress: Callable[[int, int], None] | None = None) -> Check:
    """Look at a data set as the contract would use it.

    Windows are those of the contract's rate, length and training step, over all labels the set has.

    Args:
        on_progress: called with (recordings done, recordings in all).
    """
    samples = sum(len(recording) for recording in dataset.recordings)
    problems: dict[str, list[str]] = {use: [] for use in USES}
    warnings: list[str] = []
    rates: Counter[str] = Counter()
    for recording in dataset.recordings:
        rates[f"{recording.rate_hz:g}"] += len(recording)
    window_count, by_label, by_subject = _windows(dataset, contract, problems, on_progress)
    labels, dropped = _labels(dataset, contract)
    for name, row in labels.items():
        row["windows"] = by_label.get(name, 0)
    gravity = _gravity(dataset, problems, warnings)
    walking = walking_peak(dataset)
    if walking is not None and not WALKING_HZ[0] <= walking <= WALKING_HZ[1]:
        problems["evaluate"].append(
            f"walking has its spectral peak at {walking:.2f} Hz, expected about 2 Hz: the rate is probably wrong"
        )
    _training(by_label, by_subject, problems)
    return Check(
        name=dataset.name,
        people=len(dataset.subjects),
        recordings=len(dataset.recordings),
        samples=samples,
        seconds=round(sum(len(r) / r.rate_hz for r in dataset.recordings), 2),
        rates=dict(rates),
        jittered=sum(not is_uniform(recording) for recording in dataset.recordings),
        findings=dict(dataset.findings),
        saturated=_saturation(dataset, warnings),
        gravity=gravity,
        walking_hz=walking,
        labels=labels,
        subjects={
            person: {
                "seconds": round(sum(len(r) / r.rate_hz for r in dataset.recordings if r.subject == person), 2),
                "windows": by_subject.get(person, 0),
            }
            for person in dataset.subjects
        },
        dropped_seconds=dropped,
        windows=window_count,
        notes=list(dataset.notes),
        warnings=warnings,
        problems=problems,
    )


def walking_peak(dataset: Dataset) -> float | None:
    """Frequency in Hz of walking's strongest component between 0.5 and 5 Hz, the median over people.

    Spectra of |acceleration| over stretches of 8 s with a Hann window; None without 8 s of walking, or without
    the three axes.
    """
    place = acceleration_at(dataset.channels)
    if place is None or "walking" not in dataset.classes:
        return None
    code = dataset.classes.index("walking")
    spectra: dict[str, NDArray[np.float64]] = {}
    for recording in dataset.recordings:
        length = round(8 * recording.rate_hz)
        if length < 80:
            continue
        for start, stop in runs(recording.label):
            if recording.label[start] != code:
                continue
            for at in range(start, stop - length + 1, length):
                size = np.linalg.norm(recording.acc[at : at + length, place : place + 3], axis=1)
                power = np.abs(np.fft.rfft((size - size.mean()) * np.hanning(length)))[:41] ** 2
                total = float(power.sum())
                if total > 0:
                    spectra[recording.subject] = spectra.get(recording.subject, np.zeros(41)) + power / total
    frequency = np.arange(41) / 8
    band = (frequency >= 0.5) & (frequency <= 5)
    peaks = [float(frequency[band][power[band].argmax()]) for power in spectra.values()]
    return float(np.median(peaks)) if peaks else None


def _windows(
    dataset: Dataset,
    contract: Contract,
    problems: dict[str, list[str]],
    on_progress: Callable[[int, int], None] | None,
) -> tuple[int, dict[str, int], dict[str, int]]:
    """Windows in all, by label and by person; without labels, those that a stream would see."""
    longest = max(len(recording) / recording.rate_hz for recording in dataset.recordings)
    needed = contract.window / contract.rate_hz
    if longest < needed:
        problems["stream"].append(f"the longest stretch is {longest:.2f} s, expected a window of {needed:g} s at least")
    if not dataset.classes:
        problems["evaluate"].append("no sample has a label; name the column with --label-column")
        return 0, {}, {}
    try:
        windows = cut_windows(dataset, contract, labels=dataset.classes, on_progress=on_progress)
    except DataError as error:
        problems["stream"].append(str(error))
        return 0, {}, {}
    if not len(windows):
        problems["evaluate"].append(f"no labelled stretch is as long as a window ({needed:g} s)")
    by_label = {label: int((windows.y == index).sum()) for index, label in enumerate(windows.labels)}
    return len(windows), by_label, {person: int((windows.subject == person).sum()) for person in dataset.subjects}


def _labels(dataset: Dataset, contract: Contract) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Seconds by label, and seconds that give no window, by reason."""
    seconds: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for recording in dataset.recordings:
        for start, stop in runs(recording.label):
            code = int(recording.label[start])
            length = (stop - start) / recording.rate_hz
            name = "unlabelled" if code == UNLABELLED else dataset.classes[code]
            seconds[name] += length
            if code == UNLABELLED:
                dropped["no label"] += length
            elif name in TRANSITIONS:
                dropped[f"label {name} is a postural transition"] += length
            elif length < contract.window / contract.rate_hz:
                dropped["in stretches shorter than a window"] += length
    order = [*dataset.classes, "unlabelled"]
    return (
        {name: {"seconds": round(seconds[name], 2)} for name in order if seconds[name]},
        {reason: round(value, 2) for reason, value in dropped.items()},
    )


def _gravity(dataset: Dataset, problems: dict[str, list[str]], warnings: list[str]) -> GravityJson | None:
    """Usual length of the mean, and where gravity points while people are upright; None without acceleration."""
    at = acceleration_at(dataset.channels)
    if at is None:
        return None
    usual = gravity_length(recording.acc[:, at : at + 3] for recording in dataset.recordings)
    if not 0.7 < usual / STANDARD_GRAVITY < 1.4:
        problems["stream"].append(f"the mean is {usual:.2f} m/s² long, expected about 9.8: unit or gravity is wrong")
    upright = [dataset.classes.index(name) for name in ("standing", "walking") if name in dataset.classes]
    total, count = np.zeros(3), 0
    for recording in dataset.recordings:
        rows = np.isin(recording.label, upright) if upright else np.ones(len(recording), bool)
        total += recording.acc[rows, at : at + 3].sum(axis=0, dtype=np.float64)
        count += int(rows.sum())
    mean = total / max(count, 1)
    axis = int(np.abs(mean).argmax())
    side = f"{'+' if mean[axis] > 0 else '-'}{'xyz'[axis]}"
    # The published sets' own loaders know their sign; a table's is for its owner to say.
    if mean[axis] < -0.5 * STANDARD_GRAVITY and dataset.name not in ("hapt", "motionsense", "wisdm"):
        warnings.append(
            f"gravity reads {mean[axis]:.1f} m/s² on {'xyz'[axis]} while upright: right for a phone worn upside down; "
            "if it was not, the sign is iOS's, and --axes=-x,-y,-z turns it"
        )
    return {"usual": round(usual, 3), "upright_mean": [round(float(value), 3) for value in mean], "up": side}


def _saturation(dataset: Dataset, warnings: list[str]) -> SaturationJson:
    """Samples that stay at an axis's largest or smallest value three times in a row or more."""
    low = np.min([recording.acc.min(axis=0) for recording in dataset.recordings], axis=0)
    high = np.max([recording.acc.max(axis=0) for recording in dataset.recordings], axis=0)
    count = np.zeros(len(dataset.channels), int)
    for recording in dataset.recordings:
        for axis in np.flatnonzero(low < high):
            value = recording.acc[:, axis]
            for limit in (low[axis], high[axis]):
                stuck = runs((value == limit).astype(np.int16))
                long = (stuck[:, 1] - stuck[:, 0] >= SATURATED_RUN) & (value[stuck[:, 0]] == limit)
                count[axis] += int((stuck[long, 1] - stuck[long, 0]).sum())
    names = "xyz" if dataset.channels == ACCELERATION else [one.name for one in dataset.channels]
    samples = sum(len(recording) for recording in dataset.recordings)
    if count.max() > 0.01 * samples:
        share = 100 * count.max() / samples
        warnings.append(f"{share:.1f} % of the samples are saturated: the sensor's range is too small")
    return {
        "samples": dict(zip(names, count.tolist(), strict=True)),
        "lowest": [round(float(value), 3) for value in low],
        "highest": [round(float(value), 3) for value in high],
    }


def _training(by_label: dict[str, int], by_subject: dict[str, int], problems: dict[str, list[str]]) -> None:
    """What training asks for beyond measuring: two classes, three people, windows of every class."""
    present = [label for label, count in by_label.items() if count and label not in TRANSITIONS]
    people = sum(count > 0 for count in by_subject.values())
    if len(present) < 2:
        problems["train"].append(
            f"windows of {len(present)} activities ({', '.join(present) or 'none'}), expected 2 or more; "
            "see --label-column"
        )
    if people < 3:
        problems["train"].append(
            f"windows of {people} {'person' if people == 1 else 'people'}, expected 3 or more for a split by person; "
            "see --subject-column"
        )
    if present and sum(by_label.values()) < len(present):
        problems["train"].append("fewer windows than classes")
