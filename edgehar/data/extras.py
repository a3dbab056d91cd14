"""The libraries that recordings need beyond the base install."""

from __future__ import annotations

from importlib.util import find_spec

from edgehar.errors import MissingExtra


def require(package: str) -> None:
    """Raise MissingExtra unless a library of the extra `data` is there; call it before importing one."""
    if find_spec(package) is None:
        raise MissingExtra(package, "data")
