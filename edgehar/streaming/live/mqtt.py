"""Lines in an MQTT topic's messages, through paho."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from edgehar.errors import DataError
from edgehar.extras import require
from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer

PORT, TIMEOUT_S = 1883, 5.0
#: A broker that says nothing is asked after so many seconds, and given up after as many again.
KEEPALIVE_S = 10
#: Longest wait of a turn: so long a `close` in another thread may go unseen.
_TURN_S = 0.2


class Subscription(Peer):
    """A client that has subscribed; whoever reads turns its wheel, so that what is not read waits at the broker."""

    def __init__(self, host: str, port: int, topic: str) -> None:
        from paho.mqtt import client as paho

        self._lines: list[bytes] = []
        self._wrong: str | None = None  # empty once subscribed

        def connected(client: Any, data: object, flags: object, reason: Any, properties: object) -> None:
            if reason.is_failure:
                self._wrong = f"the broker refuses: {reason}"
            else:
                client.subscribe(topic, qos=1)

        def subscribed(client: object, data: object, number: int, reasons: Any, properties: object) -> None:
            bad = [str(reason) for reason in reasons if reason.is_failure]
            self._wrong = f"the broker refuses the topic {topic}: {bad[0]}" if bad else ""

        def came(client: object, data: object, message: Any) -> None:
            content = bytes(message.payload)
            if content.strip():
                self._lines.append(content if content.endswith(b"\n") else content + b"\n")

        # paho's own connecting again is for its own thread; here the feed does it.
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self._client.connect_timeout = TIMEOUT_S
        self._client.on_connect, self._client.on_subscribe, self._client.on_message = connected, subscribed, came
        self._client.connect(host, port, KEEPALIVE_S)
        until = time.monotonic() + TIMEOUT_S
        while self._wrong is None and time.monotonic() < until:
            self._turn()
        if self._wrong != "":
            self.close()
            raise OSError(self._wrong or f"no answer in {TIMEOUT_S:g} s")

    def _turn(self) -> None:
        """Take what has come, answer what has to be answered.

        Raises:
            OSError: the connection is gone.
        """
        if self._client.loop(_TURN_S):
            raise ConnectionError(self._wrong or "the broker closed the connection")

    def read(self) -> bytes:
        """The lines of the messages that have come."""
        while not self._lines:
            self._turn()
        content = b"".join(self._lines)
        self._lines.clear()
        return content

    def close(self) -> None:
        """Unsubscribe and stop."""
        self._client.disconnect()


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    require("live", "paho.mqtt")
    host, port, topic = split_address(address, form, PORT, path=True)
    if not topic:
        raise DataError(f"expected {form}, got no topic in {address[:80]!r}")
    return Feed(lambda: Subscription(host, port, topic), address, note)
