"""Lines from a TCP server."""

from __future__ import annotations

import socket

from edgehar.errors import DataError
from edgehar.streaming.live.address import split_address

PREFIX = "tcp://"

#: Seconds that a server may take to accept.
PATIENCE_S = 10.0


class TcpStream:
    """The bytes that a server sends, as a `ByteStream`; use it as a context manager.

    Args:
        address: `tcp://HOST:PORT`.
    Raises:
        DataError: no such address, or nobody answers there.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        host, port, _ = split_address(address, "tcp://HOST:PORT, as in tcp://192.168.1.20:5555")
        try:
            self._socket = socket.create_connection((host, port), timeout=PATIENCE_S)
        except OSError as error:
            raise DataError(f"expected a server of lines t,x,y,z at {address}, got: {error}") from error
        self._socket.settimeout(None)

    def read1(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, none at the end.

        Raises:
            DataError: the connection broke.
        """
        try:
            return self._socket.recv(size if size > 0 else 1 << 16)
        except OSError as error:
            raise DataError(f"expected more lines from {self._address}, but the connection broke: {error}") from error

    def __enter__(self) -> TcpStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
