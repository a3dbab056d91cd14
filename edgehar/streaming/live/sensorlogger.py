"""Sensor Logger's HTTP push: the app posts JSON to this machine. Its `accelerometer` is without gravity.

Facts: the app's documentation, "Data Pushing": `{"payload": [{"name", "time" (ns), "values": {"x", "y", "z"}}, …]}`.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edgehar.errors import DataError, EdgeharError
from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer, line_of

TOTAL, LINEAR, GRAVITY, RAW = "totalacceleration", "accelerometer", "gravity", "accelerometeruncalibrated"
_LARGEST, _BATCHES, _TIMEOUT_S = 4 << 20, 100, 20

#: Batches without any gravity after which it is said.
PATIENT = 3

Sample = tuple[float, tuple[float, float, float]]


class Batches:
    """Acceleration with gravity out of what the app sends, whichever of its sensors are switched on."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[int, tuple[float, float, float]]] = {LINEAR: {}, GRAVITY: {}}
        self._name: str | None = None
        self._without = 0

    def take(self, message: bytes) -> list[Sample]:
        """The samples of one message.

        Raises:
            ValueError: not such a message.
            DataError: the app sends acceleration without gravity, and gravity neither.
        """
        try:
            return self._take(json.loads(message))
        except (KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError("not as the app has it") from error

    def _take(self, told: object) -> list[Sample]:
        payload = told.get("payload") if isinstance(told, dict) else None
        if not isinstance(payload, list):
            raise ValueError("no payload")
        found: dict[str, list[tuple[int, tuple[float, float, float]]]] = {}
        for entry in payload:
            name = str(entry.get("name", "")).lower() if isinstance(entry, dict) else ""
            if name in (TOTAL, LINEAR, GRAVITY, RAW):
                found.setdefault(name, []).append((int(entry["time"]), _values(entry["values"])))
        for name in (TOTAL, RAW):
            if name in found and self._name in (None, name):
                self._name = name
                return [(t / 1e9, values) for t, values in found[name]]
        if self._name in (None, "sum"):
            return self._sums(found)
        return []

    def _sums(self, found: dict[str, list[tuple[int, tuple[float, float, float]]]]) -> list[Sample]:
        """Gravity and the rest that have one time, added."""
        for name, waiting in self._waiting.items():
            waiting.update(found.get(name, []))
        linear, gravity = self._waiting[LINEAR], self._waiting[GRAVITY]
        both = sorted(linear.keys() & gravity.keys())
        if both:
            self._name, self._without = "sum", 0
        elif linear:
            self._without += 1
            if self._without >= PATIENT:
                raise DataError(
                    "expected acceleration with gravity from Sensor Logger, got its Accelerometer, which is without; "
                    "switch on Total Acceleration in the app, or Gravity beside it"
                )
        made = []
        for t in both:
            (a, b, c), (d, e, f) = linear.pop(t), gravity.pop(t)
            made.append((t / 1e9, (a + d, b + e, c + f)))
        if both:  # what has no partner by now will have none
            for waiting in self._waiting.values():
                for t in [one for one in waiting if one < both[-1]]:
                    del waiting[t]
        return made


def _values(told: Any) -> tuple[float, float, float]:
    return float(told["x"]), float(told["y"]), float(told["z"])


class SensorLogger(Peer):
    """A server that the app posts to."""

    def __init__(self, host: str, port: int) -> None:
        waiting: queue.Queue[bytes | EdgeharError] = queue.Queue(_BATCHES)
        batches, lock = Batches(), threading.Lock()

        class PushHandler(BaseHTTPRequestHandler):
            server_version, sys_version, timeout = "edgehar", "", _TIMEOUT_S

            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                if not length.isdecimal() or int(length) > _LARGEST:
                    self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                    return
                try:
                    message = self.rfile.read(int(length))
                    with lock:
                        samples = batches.take(message)
                except ValueError:
                    self.send_error(HTTPStatus.BAD_REQUEST)
                    return
                except EdgeharError as error:
                    waiting.put(error)
                    self.send_error(HTTPStatus.BAD_REQUEST)
                    return
                if samples:
                    waiting.put(b"".join(line_of(*sample) for sample in samples))
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._waiting = waiting
        self._server = ThreadingHTTPServer((host, port), PushHandler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def read(self) -> bytes:
        """The next batch."""
        chunk = self._waiting.get()
        if isinstance(chunk, EdgeharError):
            raise chunk
        return chunk

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._waiting.put(b"")


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    host, port, _ = split_address(address, form)
    note(f"post to http://ADDRESS-OF-THIS-MACHINE:{port}/ from Sensor Logger: Settings, Data Streaming, HTTP Push")
    note("sign taken as Android's; on an iPhone, switch on 'Standardise Units & Frames', or give --axes=-x,-y,-z")
    return Feed(lambda: SensorLogger(host, port), address, note)
