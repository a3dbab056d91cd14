"""A bundle's models, and the data that the runtimes are compared on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehar.contract import STANDARD_GRAVITY, Contract
from edgehar.data import cut_windows, load, split
from edgehar.schema import read_json


@pytest.fixture(scope="session")
def contract(bundle: Path) -> Contract:
    return read_json(bundle / "contract.json", Contract)


@pytest.fixture(scope="session")
def golden(bundle: Path) -> NDArray[np.float32]:
    """The golden windows, float32 (N, 80, 3)."""
    entries = json.loads((bundle / "golden.json").read_text())["windows"]
    return np.array([entry["window"] for entry in entries], np.float32)


@pytest.fixture(scope="session")
def windows(golden: NDArray[np.float32]) -> NDArray[np.float32]:
    """Golden windows and 500 random ones: still, walking, shaken and saturating at ±4 g in turn."""
    rng = np.random.default_rng(20)
    scales = np.array([0.05, 3.0, 12.0, 40.0])[np.arange(500) % 4]
    noise = rng.standard_normal((500, 80, 3)) * scales[:, None, None]
    gravity = rng.standard_normal((500, 1, 3))
    gravity *= STANDARD_GRAVITY / np.linalg.norm(gravity, axis=2, keepdims=True)
    random = np.clip(noise + gravity, -4 * STANDARD_GRAVITY, 4 * STANDARD_GRAVITY).astype(np.float32)
    return np.concatenate([golden, random])


@pytest.fixture(scope="session")
def recorded(contract: Contract) -> NDArray[np.float32]:
    """Windows of HAPT's test people, every third, float32 (N, 80, 3)."""
    dataset = load("hapt")
    return cut_windows(dataset, contract).of_subjects(split(dataset, "published").test).x[::3]
