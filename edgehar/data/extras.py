"""The libraries that recordings need beyond the base install."""

from __future__ import annotations

from edgehar import extras


def require(package: str) -> None:
    """Raise MissingExtra unless a library of the extra `data` is there; call it before importing one."""
    extras.require("data", package)
