"""SensorServer, an Android app that sends a sensor's samples over a WebSocket, times in ns since the phone's start."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack

from edgehar.extras import require
from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer, line_of

PORT, TIMEOUT_S = 8080, 5.0
_LARGEST = 1 << 16
_PATH = "sensor/connect?type=android.sensor.accelerometer"


class SensorServer(Peer):
    """One connection to the app."""

    def __init__(self, host: str, port: int) -> None:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        self._closed_error = WebSocketException
        address = f"ws://{f'[{host}]' if ':' in host else host}:{port}/{_PATH}"
        self._open = ExitStack()
        try:
            self._socket = self._open.enter_context(
                connect(address, open_timeout=TIMEOUT_S, max_size=_LARGEST, close_timeout=1)
            )
        except (WebSocketException, TimeoutError) as error:
            raise OSError(f"no WebSocket of SensorServer: {error}") from error

    def read(self) -> bytes:
        """The next message's sample; a message that holds none becomes a line that is counted as bad."""
        try:
            message = self._socket.recv()
        except self._closed_error as error:
            raise OSError(f"the connection closed ({error})") from error
        return sample_of(message)

    def close(self) -> None:
        """Close the connection."""
        self._open.close()


def sample_of(message: str | bytes) -> bytes:
    """The line of a message's sample; of one that holds none, a line that is counted as bad."""
    try:
        told = json.loads(message)
        x, y, z = (float(value) for value in told["values"][:3])
        return line_of(int(told["timestamp"]) / 1e9, (x, y, z))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return b"no sample\n"


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    require("live", "websockets")
    host, port, _ = split_address(address, form, PORT)
    return Feed(lambda: SensorServer(host, port), address, note)
