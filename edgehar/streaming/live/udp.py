"""Lines in datagrams."""

from __future__ import annotations

import socket
from collections.abc import Callable

from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer

_LARGEST = 1 << 16


class Datagrams(Peer):
    """A bound socket; each datagram holds one line or several."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._closed = False
        try:
            self._socket.bind((host, port))
        except OverflowError as error:
            self._socket.close()
            raise OSError(str(error)) from error
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]

    def read(self) -> bytes:
        """The next datagram's lines."""
        while not self._closed:
            try:
                content = self._socket.recv(_LARGEST)
            except TimeoutError:
                continue
            if content.strip():
                return content if content.endswith(b"\n") else content + b"\n"
        return b""

    def close(self) -> None:
        """Let go of the port."""
        self._closed = True
        self._socket.close()


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    host, port, _ = split_address(address, form)
    return Feed(lambda: Datagrams(host, port), address, note)
