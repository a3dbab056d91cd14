"""Lines in an MQTT topic's messages, through paho."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from edgehar.errors import DataError
from edgehar.extras import require
from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer

PORT, TIMEOUT_S = 1883, 5.0
_WAITING = 10_000


class Subscription(Peer):
    """A client that has subscribed."""

    def __init__(self, host: str, port: int, topic: str) -> None:
        from paho.mqtt import client as paho

        waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        ready: queue.Queue[str] = queue.Queue()

        def connected(client: Any, data: object, flags: object, reason: Any, properties: object) -> None:
            if reason.is_failure:
                ready.put(f"the broker refuses: {reason}")
            else:
                client.subscribe(topic)

        def subscribed(client: object, data: object, number: int, reasons: Any, properties: object) -> None:
            bad = [str(reason) for reason in reasons if reason.is_failure]
            ready.put(f"the broker refuses the topic {topic}: {bad[0]}" if bad else "")

        def came(client: object, data: object, message: Any) -> None:
            content = bytes(message.payload)
            if content.strip():
                waiting.put(content if content.endswith(b"\n") else content + b"\n")

        def gone(*_: object) -> None:
            ready.put("the broker closed the connection")
            waiting.put(None)

        self._waiting = waiting
        self._client = client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.connect_timeout = TIMEOUT_S
        client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, came
        client.on_disconnect = gone
        client.connect(host, port)
        client.loop_start()
        try:
            wrong = ready.get(timeout=TIMEOUT_S)
        except queue.Empty:
            wrong = f"no answer in {TIMEOUT_S:g} s"
        if wrong:
            client.loop_stop()
            raise OSError(wrong)

    def read(self) -> bytes:
        """The next message's lines."""
        content = self._waiting.get()
        if content is None:
            raise ConnectionError("the broker closed the connection")
        return content

    def close(self) -> None:
        """Unsubscribe and stop."""
        self._client.disconnect()
        self._client.loop_stop()
        self._waiting.put(b"")


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    require("live", "paho.mqtt")
    host, port, topic = split_address(address, form, PORT)
    if not topic:
        raise DataError(f"expected {form}, got no topic in {address[:80]!r}")
    return Feed(lambda: Subscription(host, port, topic), address, note)
