"""Parts of a live source's address."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from edgehar.errors import DataError


def split_address(address: str, form: str, port: int | None = None, *, path: bool = False) -> tuple[str, int, str]:
    """Host, port, and the path without the slash before it.

    Args:
        form: what an address looks like, for the message.
        port: where none is said; None where it must be.
        path: whether one may be said.
    Raises:
        DataError: not an address.
    """
    try:
        parts: SplitResult | None = urlsplit(address)
        host, found = (parts.hostname, parts.port) if parts else (None, None)
    except ValueError:
        parts = host = found = None
    more = parts is None or parts.username or parts.query or parts.fragment or (parts.path.strip("/") and not path)
    if parts is None or not host or (found is None and port is None) or more:
        raise DataError(f"expected {form}, got {address[:80]!r}")
    return host, found if found is not None else port or 0, parts.path.lstrip("/")
