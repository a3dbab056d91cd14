"""`edgehar.adapt`: a profile of one person from a recording with labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehar.api.recordings import Read, Recordings, open_dataset
from edgehar.bundle import open_bundle
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.data import Dataset, DataSource, Recording, Windows, cut_windows
from edgehar.errors import DataError
from edgehar.personal.aligned import NoWalking, align_recordings
from edgehar.personal.alignment import require_alignable, turn_degrees
from edgehar.personal.person import LEAST_WINDOWS, chosen_windows, learn, left_to_score
from edgehar.personal.profile import Profile, personal_model, write_profile
from edgehar.runtimes import open_model
from edgehar.streaming.sources import choose_recording

INT8 = "model_int8.tflite"


@dataclass(frozen=True)
class AdaptResult:
    """What `adapt` learned.

    Attributes:
        path: the profile's file, `size` bytes.
        recording, subject: what it was learned from.
        used: label -> seconds at which its window begins, in the recording at the model's rate.
        missing: labels of the model without a window; for those the model stays as it was, or nearly so.
        aligned: what became of the alignment, in a few words.
        scored: windows that share no sample with those that were used.
        before, after: accuracy over the scored windows, None where there are none.
    """

    path: Path
    size: int
    profile: Profile
    recording: str
    subject: str
    used: dict[str, tuple[float, ...]]
    missing: tuple[str, ...]
    aligned: str
    scored: int
    before: float | None
    after: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "profile": str(self.path),
            "bytes": self.size,
            "model_sha256": self.profile.model,
            "recording": self.recording,
            "subject": self.subject,
            "used": {label: list(times) for label, times in self.used.items()},
            "missing": list(self.missing),
            "rotation": None if self.profile.rotation is None else list(self.profile.rotation),
            "aligned": self.aligned,
            "scored_windows": self.scored,
            "accuracy_before": self.before,
            "accuracy_after": self.after,
        }


def adapt(
    source: Recordings,
    bundle: str | os.PathLike[str] = "bundle",
    *,
    out: str | os.PathLike[str] = "me.profile",
    labels: Sequence[str] | None = None,
    each: int = 1,
    align: bool | None = None,
    last_layer: bool = True,
    recording: str | None = None,
    subject: str | None = None,
    read: Read = DataSource.open,
) -> AdaptResult:
    """Learn a person from one labelled window of each activity and from walking, and write a profile.

    Args:
        source: recordings with labels; one of them is taken. Without labels, walking alone is learned from.
        bundle: folder with an int8 model.
        out: the profile's file.
        labels: activities to learn from, such as `["sitting", "standing"]`; all by default.
        each: windows of each activity; the most typical ones of its longest stretch.
        align: put into the profile the rotation that the recording's first 8 s of walking tell, and learn the last
            layer from samples that are turned by it. By default, where the model knows where gravity is while people
            walk, and the recording walks.
        last_layer: learn the last layer; without, the profile holds the rotation alone.
        recording, subject: which recording; by default the first of the test people, else the first.
    Raises:
        DataError: no such recording, label or window; nothing to align by, where that is asked for.
        BundleError, ContractError: no int8 model, or one that cannot be adapted.
        EdgeharError: the file cannot be written.
    """
    opened = open_bundle(Path(bundle))
    path, contract = opened.file(INT8), opened.contract
    unknown = sorted(set(labels or ()) - set(contract.labels))
    if unknown:
        raise DataError(f"expected labels of {', '.join(contract.labels)}, got {', '.join(unknown)}")
    dataset = open_dataset(source, read)
    if not last_layer and (align is False or labels is not None or each != 1):
        raise DataError("expected alignment alone where no last layer is learned: it takes no labels and no windows")
    chosen = choose_recording(dataset, recording, subject)
    alone = _alone(dataset, chosen)
    turned, rotation, aligned = _align(alone, contract, align, required=not last_layer)
    # Without labels a recording can still be aligned; where it was not, what is missing is said.
    unlabelled = rotation is not None or not last_layer
    plain, windows = (_windows(each_way, contract, unlabelled) for each_way in (alone, turned))
    used = chosen_windows(path, contract, windows, labels, each) if last_layer else np.zeros(0, np.int64)
    if not len(used) and (rotation is None or labels is not None or len(windows)) and last_layer:
        raise DataError(
            f"expected {LEAST_WINDOWS} windows or more of {' or '.join(labels or contract.labels)} in {chosen.name}, "
            f"got {len(windows)} in all; mark {contract.window * contract.period_s:g} s or more of each activity"
        )
    profile = learn(path, contract, windows, used) if len(used) else Profile(read_network(path).sha256)
    profile = replace(profile, rotation=rotation)
    write_profile(out, profile)
    free = left_to_score(windows, used)
    before = _accuracy(path, contract, None, plain.select(free))
    after = _accuracy(path, contract, profile, windows.select(free))
    learned: dict[str, tuple[float, ...]] = {}
    for index in used:
        label = contract.labels[int(windows.y[index])]
        learned[label] = (*learned.get(label, ()), float(windows.start[index] * contract.period_s))
    missing = tuple(label for label in contract.labels if label not in learned)
    size = len(profile.to_bytes())
    result = (Path(out), size, profile, chosen.name, chosen.subject, learned, missing)
    scores = (aligned, int(free.sum()), before, after)
    return AdaptResult(*result, *scores)


def _align(
    dataset: Dataset, contract: Contract, align: bool | None, *, required: bool
) -> tuple[Dataset, tuple[int, ...] | None, str]:
    """A recording turned by its own walking, the rotation, and what to say of it."""
    if align is False:
        return dataset, None, "not aligned, as was asked for"
    if align or required:
        found = align_recordings(dataset, require_alignable(contract))
    elif contract.walking_gravity is None:
        return dataset, None, "not aligned: the model knows no direction to align to"
    else:
        try:
            found = align_recordings(dataset, contract.walking_gravity)
        except NoWalking:
            return dataset, None, "not aligned: nobody walks for 8 s"
    [rotation] = found.rotations.values()
    return found.dataset, rotation, f"aligned by walking: turned by {turn_degrees(rotation):.0f}°"


def _windows(dataset: Dataset, contract: Contract, unlabelled: bool) -> Windows:
    """Windows of the model's labels; none where the recording has no label of the model's, if it need not have."""
    if unlabelled and not set(contract.labels) & set(dataset.classes):
        return Windows.cut([], contract.window_shape, contract.labels)
    return cut_windows(dataset, contract)


def _alone(dataset: Dataset, recording: Recording) -> Dataset:
    """The data set with one recording only."""
    return replace(dataset, recordings=(recording,))


def _accuracy(path: Path, contract: Contract, profile: Profile | None, windows: Windows) -> float | None:
    """Share of windows that the int8 model names right, with a profile or without."""
    if not len(windows):
        return None
    with personal_model(path, profile) as own:
        runtime = open_model(own, runtime="litert-int8-reference", contract=contract)
        try:
            predicted = runtime.predict(windows.x).argmax(1)
        finally:
            runtime.close()
    return float(np.mean(predicted == windows.y))
