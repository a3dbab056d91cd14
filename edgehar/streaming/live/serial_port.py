"""Lines from a serial port, through pyserial; a board that is unplugged may be plugged in again."""

from __future__ import annotations

from collections.abc import Callable

from edgehar.errors import DataError
from edgehar.extras import require
from edgehar.streaming.live.feed import Feed, Peer

BAUD = 115_200


class SerialPort(Peer):
    """An open port; the first, torn line is thrown away."""

    def __init__(self, device: str, baud: int) -> None:
        import serial

        try:
            self._port = serial.Serial(device, baud, timeout=0.2)
        except (serial.SerialException, ValueError) as error:
            raise OSError(str(error)) from error
        self._error = serial.SerialException
        self._rest, self._begun, self._closed = b"", False, False

    def read(self) -> bytes:
        """Whole lines."""
        while not self._closed:
            try:
                chunk = self._port.read(max(1, self._port.in_waiting))
            except (self._error, TypeError) as error:  # TypeError: closed by another thread meanwhile
                raise OSError(f"the port broke ({error})") from error
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if lines and not self._begun:
                self._begun = True
                lines = lines[1:]
            if lines:
                return b"\n".join(lines) + b"\n"
            if len(self._rest) > 1 << 16:
                raise DataError(f"expected lines t,x,y,z, got {len(self._rest)} bytes without a line end; is the baud "
                                "rate right?")  # fmt: skip
        return b""

    def close(self) -> None:
        """Close the port."""
        self._closed = True
        self._port.close()


def open_feed(address: str, form: str, note: Callable[[str], None]) -> Feed:
    """See `edgehar.streaming.live.open_live`."""
    require("live", "serial")
    device, mark, rate = address.partition("://")[2].rpartition("@")
    device, rate = (device, rate) if mark else (rate, str(BAUD))
    if not device or not rate.isdecimal() or not 1 <= int(rate) <= 10_000_000:
        raise DataError(f"expected {form}, as in serial:///dev/ttyACM0@115200, got {address[:80]!r}")
    return Feed(lambda: SerialPort(device, int(rate)), address, note)
