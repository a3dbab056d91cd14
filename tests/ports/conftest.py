"""The engine of tests/firmware, for networks that are compared across ports, and modules of shipped models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.firmware.conftest import engine_objects
from tests.scripts import load_runner

__all__ = ["engine_objects"]


@pytest.fixture(scope="module")
def modules_of(bundle_of, tmp_path_factory) -> Callable[..., Path]:
    """The folder with both modules of a shipped model, built once."""
    built: dict[tuple[str, str], Path] = {}

    def build(name: str, personal: str = "yes") -> Path:
        if (name, personal) not in built:
            folder = tmp_path_factory.mktemp(name)
            built[name, personal] = load_runner("ports").build_modules(
                bundle_of(name) / "c", folder, personal=personal == "yes"
            )
        return built[name, personal]

    return build
