"""Seven people as a CSV, three activities that differ in frequency and posture: a fold trains in a second."""

from __future__ import annotations

import numpy as np
import pytest

CLASSES = ("walking", "sitting", "standing")
PEOPLE = 7
#: What makes a training short: a network of a few hundred parameters, no second training, no fine windows.
QUICK = (
    "--arch", "conv4k9s4", "--epochs", "2", "--teachers", "0", "--shift", "0", "--no-refit", "--validation", "0.3",
)  # fmt: skip


@pytest.fixture(scope="session")
def recordings(made_once):
    """A CSV with time, axes, activity and person."""
    return made_once("recordings", write_recordings) / "people.csv"


def write_recordings(folder):
    folder.mkdir()
    rng = np.random.default_rng(0)
    lines = ["t,x,y,z,activity,person"]
    seconds = 16
    t = np.arange(20 * seconds) / 20.0
    for person in range(PEOPLE):
        for number, name in enumerate(CLASSES):
            acc = rng.normal(0, 0.2, (len(t), 3))
            acc[:, 0] += 9.8
            if name == "walking":
                acc += 3 * np.sin(2 * np.pi * 2 * t)[:, None]
            if name == "sitting":
                acc[:, 2] += 4 + rng.normal(0, 0.3)
            start = 100 * number
            lines += [
                f"{start + at:.2f},{x:.3f},{y:.3f},{z:.3f},{name},p{person}"
                for at, (x, y, z) in zip(t, acc, strict=True)
            ]
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
