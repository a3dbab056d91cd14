"""Where live samples come from: phones' apps, serial lines, datagrams, brokers; each gives lines t,x,y,z."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from edgehar.errors import DataError
from edgehar.streaming.live.feed import Feed

#: Beginning of an address -> the module that reads it, and what an address looks like.
SCHEMES = {
    "phyphox": ("phyphox", "phyphox://PHONE[:PORT]"),
    "sensorserver": ("sensorserver", "sensorserver://PHONE:PORT"),
    "sensorlogger": ("sensorlogger", "sensorlogger://ADDRESS:PORT, at which this machine listens"),
    "serial": ("serial_port", "serial://DEVICE[@BAUD]"),
    "udp": ("udp", "udp://ADDRESS:PORT, at which this machine listens"),
    "mqtt": ("mqtt", "mqtt://BROKER[:PORT]/TOPIC"),
}


def scheme_of(source: str) -> str | None:
    """`phyphox` of `phyphox://192.168.1.20:8080`; None where it is no live source of this package."""
    name, mark, _ = source.partition("://")
    return name if mark and name in SCHEMES else None


def open_live(address: str, note: Callable[[str], None] = lambda text: None) -> Feed:
    """A connected source, to be used as a context manager.

    Args:
        note: called with one line for a person: connections that broke and came back, what was taken for granted.
    Raises:
        DataError: no such address, nobody answers, or samples that hold no gravity.
        MissingExtra: its package is not installed.
    """
    name = scheme_of(address)
    if name is None:
        raise DataError(f"expected an address such as {SCHEMES['phyphox'][1]}, got {address[:80]!r}")
    module, form = SCHEMES[name]
    made = import_module(f"edgehar.streaming.live.{module}").open_feed(address, form, note)
    assert isinstance(made, Feed)
    return made
