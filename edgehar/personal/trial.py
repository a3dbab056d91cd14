"""What learning a person is worth: each recording's own last layer, measured on the windows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.data import Windows, whole_name
from edgehar.errors import DataError
from edgehar.personal.adaptation import MOST_WINDOWS
from edgehar.personal.person import LEAST_WINDOWS, chosen_windows, learn, left_to_score
from edgehar.personal.profile import Profile, personal_model
from edgehar.runtimes import open_model


@dataclass(frozen=True)
class Trial:
    """The same windows without and with what was learned.

    Attributes:
        unit: what has a profile of its own, `recording` or `person`.
        units: how many of them there are.
        unlearned: names of those without enough windows of two activities; there both answers are the model's own.
        used: windows that were learned from, in all units.
        scored: indices of the windows that share no sample with those, int64 (S,).
        plain, adapted: probabilities float32 (S, classes) of the scored windows, by the model and by the profiles.
    """

    unit: str
    units: int
    unlearned: tuple[str, ...]
    used: int
    scored: NDArray[np.int64]
    plain: NDArray[np.float32]
    adapted: NDArray[np.float32]


def require_room(labels: Sequence[str], only: Sequence[str] | None, each: int) -> None:
    """Raise DataError for an unknown activity, or for more windows than the last layer can be learned from."""
    if only is not None and len(set(only)) < 2:
        raise DataError(f"expected two activities or more to tell apart, got {', '.join(only) or 'none'}")
    unknown = sorted(set(only or ()) - set(labels))
    if unknown:
        raise DataError(f"expected activities of {', '.join(labels)} to learn from, got {', '.join(unknown)}")
    count = len(set(only or labels))
    if not 1 <= each <= MOST_WINDOWS // count:
        raise DataError(
            f"expected 1 to {MOST_WINDOWS // count} windows of each of {count} activities to learn from "
            f"({MOST_WINDOWS} in all), got {each}; name fewer activities, or take fewer windows"
        )


def units_of(windows: Windows) -> tuple[str, NDArray[np.str_]]:
    """What has a profile of its own, and its name for each window, str (W,).

    A recording, parts between gaps together; where somebody's recordings hold one activity each, as in MotionSense and
    in what is pooled with it, a person.
    """
    recordings = np.array([whole_name(name) for name in windows.recording.tolist()], np.str_)
    together = _with_several(recordings, windows)
    for person in _with_several(windows.subject, windows):
        if not together & set(recordings[windows.subject == person].tolist()):
            return "person", windows.subject
    return "recording", recordings


def _with_several(names: NDArray[np.str_], windows: Windows) -> set[str]:
    """The names whose windows show more than one activity that can be learned."""
    return {name for name in set(names.tolist()) if len(set(windows.y[names == name].tolist()) - {-1}) > 1}


def try_profiles(
    path: Path,
    contract: Contract,
    windows: Windows,
    *,
    each: int = 1,
    only: Sequence[str] | None = None,
    runtime: str | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Trial:
    """Learn the last layer anew in every recording from labelled windows, and predict the others.

    Args:
        path: an int8 `.tflite`.
        windows: `labels` are the model's; a window of class -1 is scored and never learned from.
        each: windows of each activity that are learned from.
        only: activities to learn from; all by default.
        runtime: by name; the file's usual one by default.
        on_progress: called with (windows done, windows in all).
    Raises:
        DataError: unknown activities, too many windows, or none left to learn from or to score.
        ContractError: a network whose last layer cannot be learned.
    """
    require_room(windows.labels, only, each)
    unit, names = units_of(windows)
    places: list[NDArray[np.int64]] = []
    adapted: list[NDArray[np.float32]] = []
    unlearned, taken = [], 0
    everyone = list(dict.fromkeys(names.tolist()))
    for name in everyone:
        inside = np.flatnonzero(names == name)
        own = windows.select(inside)
        used = chosen_windows(path, contract, own, only, each)
        if len(set(own.y[used].tolist())) < 2:
            used = used[:0]
        taken += len(used)
        free = left_to_score(own, used)
        profile = learn(path, contract, own, used) if len(used) else None
        if profile is None:
            unlearned.append(name)
        if free.any():
            places.append(inside[free])
            adapted.append(_predict(path, contract, profile, runtime, own.x[free]))
        on_progress(int(inside[-1]) + 1, len(windows))
    if len(unlearned) == len(everyone):
        raise DataError(
            f"expected {LEAST_WINDOWS} windows or more of each of two of {', '.join(only or windows.labels)} in a "
            f"{unit} to learn from, got fewer in all {len(everyone)}"
        )
    if not places:
        raise DataError("expected windows apart from those that are learned from, got none left to score")
    order = np.argsort(np.concatenate(places))
    scored = np.concatenate(places)[order]
    plain = _predict(path, contract, None, runtime, windows.x[scored])
    return Trial(unit, len(everyone), tuple(unlearned), taken, scored, plain, np.concatenate(adapted)[order])


def _predict(
    path: Path, contract: Contract, profile: Profile | None, runtime: str | None, x: NDArray[np.float32]
) -> NDArray[np.float32]:
    with personal_model(path, profile) as own:
        opened = open_model(own, runtime=runtime, contract=contract)
        try:
            return opened.predict(x)
        finally:
            opened.close()
