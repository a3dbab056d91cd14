"""The libraries that recordings need beyond the base install."""

from __future__ import annotations

from importlib import import_module

from edgehar.errors import MissingExtra


def require(package: str) -> None:
    """Raise MissingExtra unless a library of the extra `data` is there; call it before importing one."""
    try:
        import_module(package)
    except ImportError as error:
        raise MissingExtra(package, "data") from error
