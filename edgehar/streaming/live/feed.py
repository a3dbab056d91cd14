"""Lines from a peer that may go away and come back, handed over by a thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from edgehar.errors import DataError, EdgeharError

#: Seconds for which a peer is waited for once it has answered; between two tries, from the first to the longest.
PATIENCE_S, FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 0.25, 4.0
#: Chunks that may wait; a reader that is slower loses nothing, the peer waits.
_WAITING = 10_000


class Peer:
    """One connection to a source. A subclass connects when it is made, and raises OSError where that fails."""

    def read(self) -> bytes:
        """Whole lines that have come, at least one unless at the end; empty at the end of a source that has one.

        Raises:
            OSError: the connection broke.
            EdgeharError: what comes can never be a stream of samples.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the connection; a `read` in another thread ends."""


class Feed:
    """A `ByteStream` over connections: the first must succeed, later ones are made again where one breaks.

    Args:
        connect: makes a connection.
        address: for messages.
        note: called with one line for a person.
        patience_s: for a peer that was there once.
    Raises:
        DataError: nobody answers.
    """

    def __init__(
        self,
        connect: Callable[[], Peer],
        address: str,
        note: Callable[[str], None] = lambda text: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._connect, self._address, self._note, self._patience_s = connect, address, note, patience_s
        self._chunks: queue.Queue[bytes | EdgeharError] = queue.Queue(_WAITING)
        self._stop = threading.Event()
        self.reconnections = 0
        try:
            self._peer = connect()
        except OSError as error:
            raise DataError(f"expected samples at {address}, got: {error}") from error
        self._thread = threading.Thread(target=self._run, name=f"edgehar {address}", daemon=True)
        self._thread.start()

    def read1(self, size: int = -1, /) -> bytes:
        """What has come, at least a line; empty at the end.

        Raises:
            DataError: the connection broke and did not come back.
        """
        # Not for ever: a thread that waits for a lock does not see Ctrl-C on every system.
        while True:
            try:
                first = self._chunks.get(timeout=0.2)
                break
            except queue.Empty:
                continue
        chunks = [first]
        while isinstance(chunks[-1], bytes) and chunks[-1] and not self._chunks.empty():
            chunks.append(self._chunks.get())
        taken = [chunk for chunk in chunks if isinstance(chunk, bytes) and chunk]
        if taken:
            if len(taken) < len(chunks):  # the end, or why it ended, stays for the next call
                self._chunks.put(chunks[-1])
            return b"".join(taken)
        if isinstance(first, EdgeharError):
            raise first
        return b""

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                chunk = self._peer.read()
            except EdgeharError as error:
                self._put(error)
                return
            except OSError as error:
                self._peer.close()
                if not self._stop.is_set() and not self._again(str(error)):
                    return
                continue
            except Exception as error:  # of a peer's library; a thread that died of it would leave its reader waiting
                self._put(DataError(f"{self._address}: {type(error).__name__}: {error}"))
                return
            self._put(chunk)
            if not chunk:
                return

    def _again(self, why: str) -> bool:
        """Connect anew; whether that succeeded."""
        self._note(f"{self._address}: {why}; connecting again")
        until, wait = time.monotonic() + self._patience_s, FIRST_WAIT_S
        while time.monotonic() < until and not self._stop.wait(wait):
            wait = min(2 * wait, LONGEST_WAIT_S)
            try:
                self._peer = self._connect()
            except (OSError, EdgeharError) as error:
                why = str(error)
                continue
            self.reconnections += 1
            self._note(f"{self._address}: connected again")
            return True
        self._put(DataError(f"expected {self._address} to come back within {self._patience_s:g} s, it did not: {why}"))
        return False

    def _put(self, chunk: bytes | EdgeharError) -> None:
        while not self._stop.is_set():
            try:
                self._chunks.put(chunk, timeout=0.2)
                return
            except queue.Full:
                continue

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._peer.close()
        self._thread.join(timeout=5)


def line_of(t_s: float, values: tuple[float, float, float]) -> bytes:
    """A sample as a line; numbers in full, so that nothing is lost on the way."""
    return ",".join([repr(float(t_s)), *(repr(float(value)) for value in values)]).encode() + b"\n"
