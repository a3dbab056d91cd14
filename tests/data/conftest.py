"""Recordings that the tests of the data layer share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import HAPT_LABELS, Dataset, Recording, load

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the development recordings are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def hapt() -> Dataset:
    return load("hapt")


@pytest.fixture
def contract() -> Contract:
    return Contract(labels=HAPT_LABELS)


@pytest.fixture
def make_recording() -> Callable[..., Recording]:
    def make(
        n: int = 400,
        rate_hz: float = 20.0,
        *,
        label: Sequence[int] | int = 0,
        name: str = "r",
        subject: str = "1",
        seed: int = 0,
        t: np.ndarray | None = None,
    ) -> Recording:
        acc = np.random.default_rng(seed).normal((0, 9.8, 0), 1, (n, 3)).astype(np.float32)
        codes = np.full(n, label, np.int16) if isinstance(label, int) else np.asarray(label, np.int16)
        return Recording(name, subject, np.arange(n) / rate_hz if t is None else t, acc, codes, rate_hz)

    return make


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A CSV of walking-like samples at 50 Hz: `table(people=…, labels=…, seconds=…)`."""

    def make(
        name: str = "walk.csv",
        *,
        people: Sequence[str] = ("a", "b", "c"),
        labels: Sequence[str] = ("walking", "sitting"),
        seconds: float = 12,
        scale: float = 1.0,
        step_hz: float = 2.0,
        sign: int = 1,
    ) -> Path:
        rng = np.random.default_rng(3)
        rows = ["t,ax,ay,az,label,subject"]
        clock = 0.0
        for person in people:
            for label in labels:
                for _ in range(round(seconds * 50)):
                    swing = 3 * np.sin(2 * np.pi * step_hz * clock) if label in ("walking", "jogging") else 0.0
                    x, y, z = sign * (np.array([0.5, 9.7 + swing, 0.3]) + rng.normal(0, 0.05, 3)) * scale
                    rows.append(f"{clock:.2f},{x:.4f},{y:.4f},{z:.4f},{label},{person}")
                    clock += 0.02
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n")
        return path

    return make
