"""Parts of a live source's address."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from edgehar.errors import DataError


def split_address(address: str, form: str, port: int | None = None) -> tuple[str, int, str]:
    """Host, port and path.

    Args:
        form: what an address looks like, for the message.
        port: where none is said; None where it must be.
    Raises:
        DataError: not an address.
    """
    try:
        parts: SplitResult | None = urlsplit(address)
        host, found = (parts.hostname, parts.port) if parts else (None, None)
    except ValueError:
        parts = host = found = None
    if parts is None or not host or (found is None and port is None) or parts.username or parts.query or parts.fragment:
        raise DataError(f"expected {form}, got {address[:80]!r}")
    return host, found if found is not None else port or 0, parts.path.lstrip("/")
