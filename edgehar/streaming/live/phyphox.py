"""phyphox's remote access: an HTTP server on the phone, asked again and again for what is new.

Facts: the phyphox wiki, "Remote-interface communication". The experiments with and without g name their buffers
alike, so `/config` is asked for the sensor behind them.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from edgehar.errors import DataError
from edgehar.streaming.live.address import split_address
from edgehar.streaming.live.feed import Feed, Peer, line_of

#: Android's port; iPhones take 80.
PORT = 8080
INTERVAL_S, TIMEOUT_S = 0.1, 5.0
_LARGEST = 16 << 20
#: What phyphox calls the accelerometer with gravity.
_SENSOR = "accelerometer"


class Phyphox(Peer):
    """A phone's experiment; it is started where it stands still.

    Args:
        seen: time of the newest sample read by a connection before, in a list of one, or an empty list: phyphox keeps
            what it measures, so that nothing is lost where a connection breaks.
    """

    def __init__(self, host: str, port: int, note: Callable[[str], None], seen: list[float]) -> None:
        self._base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._names = self._buffers(self._ask("/config"))
        time_name = self._names["t"]
        state = self._ask(f"/get?{_quoted(time_name)}")
        if not _measuring(state):
            self._ask("/control?cmd=start")
            note("phyphox stood still and was started")
        held = _values(state, time_name)
        self._seen = seen
        if not seen:
            seen.append(held[-1] if held else -1.0)
        self._closed = False

    def read(self) -> bytes:
        """Samples since the last call; waits for some."""
        t, axes = self._names["t"], [self._names[axis] for axis in "xyz"]
        while not self._closed:
            since = f"{self._seen[0]!r}|{t}"
            query = "&".join([f"{_quoted(t)}={self._seen[0]!r}", *(f"{_quoted(a)}={_quoted(since)}" for a in axes)])
            state = self._ask(f"/get?{query}")
            times, columns = _values(state, t), [_values(state, axis) for axis in axes]
            count = min(len(times), *map(len, columns))  # a buffer may be a sample ahead of another
            rows = [(times[i], (columns[0][i], columns[1][i], columns[2][i])) for i in range(count)]
            if rows:
                self._seen[0] = rows[-1][0]
                return b"".join(line_of(*row) for row in rows)
            if not times and not _measuring(state):
                self._seen[0] = -1.0  # cleared, or paused: times may begin anew
            time.sleep(INTERVAL_S)
        return b""

    def close(self) -> None:
        """End a `read` at its next turn."""
        self._closed = True

    def _ask(self, path: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(self._base + path, timeout=TIMEOUT_S) as answer:
                return _object(answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            raise OSError(f"phyphox answers {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise OSError(str(error.reason)) from error

    @staticmethod
    def _buffers(config: dict[str, Any]) -> dict[str, str]:
        """Axis, or `t` -> the buffer that holds it, of the accelerometer with gravity."""
        inputs = [one for one in _list(config.get("inputs")) if isinstance(one, dict)]
        for one in inputs:
            if one.get("source") == _SENSOR:
                outputs = [out for out in _list(one.get("outputs")) if isinstance(out, dict)]
                names = {str(k): str(v) for out in outputs for k, v in out.items()}
                if {"x", "y", "z", "t"} <= names.keys():
                    return names
        sources = ", ".join(str(one.get("source")) for one in inputs) or "none"
        raise DataError(
            f"expected phyphox's experiment 'Acceleration with g', got {str(config.get('title', 'another'))!r} with "
            f"the sensors {sources}; without gravity no posture can be told"
        )


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _object(content: bytes) -> dict[str, Any]:
    """An answer; raises OSError where it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OSError(f"expected JSON from phyphox, got something else ({error})") from error
    if not isinstance(found, dict):
        raise OSError("expected a JSON object from phyphox, got something else")
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _measuring(state: dict[str, Any]) -> bool:
    return bool(_entry(state.get("status"), "measuring"))


def _values(state: dict[str, Any], name: str) -> list[float]:
    """A buffer's numbers, without what is none of them."""
    held = _list(_entry(_entry(state.get("buffer"), name), "buffer"))
    return [
        float(value) for value in held if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1e300)
    ]


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    host, port, _ = split_address(address, form, PORT)
    seen: list[float] = []
    return Feed(lambda: Phyphox(host, port, note, seen), address, note)
