"""Emulated cores: skipped, with a line that says what to install, where they cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehar.benchmark import qemu


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    line = qemu.missing_tools()
    for item in items:
        if Path(item.path).parent == Path(__file__).parent and item.get_closest_marker("emulated") and line:
            item.add_marker(pytest.mark.skip(reason=line))
