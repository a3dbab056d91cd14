"""Windows over postural transitions, which no model is trained on: what it says there should not be sure."""

from __future__ import annotations

import numpy as np

from edgehar.contract import Contract
from edgehar.data.labels import TRANSITIONS
from edgehar.data.recording import Dataset, Recording, Windows
from edgehar.data.resampling import contract_parts
from edgehar.data.windows import runs


def transition_windows(dataset: Dataset, contract: Contract) -> Windows:
    """One window a transition, centred on it.

    Most transitions are shorter than a window, so its ends show the postures before and after; of a longer
    one the window shows the middle. A window that would pass the end of its uninterrupted stretch is moved
    inside, and none is cut where the stretch is shorter than a window.

    Returns:
        Windows labelled by `TRANSITIONS`, possibly none.
    """
    names = {code: TRANSITIONS.index(name) for code, name in enumerate(dataset.classes) if name in TRANSITIONS}
    places: list[tuple[Recording, int, int]] = []
    for whole in dataset.recordings:
        if not np.isin(whole.label, list(names)).any():
            continue
        for even in contract_parts(whole, contract):
            for begin, end in runs(even.label):
                code = int(even.label[begin])
                if code not in names or len(even) < contract.window:
                    continue
                start = min(max(0, (int(begin) + int(end) - contract.window) // 2), len(even) - contract.window)
                places.append((even, start, names[code]))
    return Windows.cut(places, contract.window_shape, TRANSITIONS)
