"""Which packages are installed, for manifests and benchmark results."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Version by package name; packages that are absent are left out."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
