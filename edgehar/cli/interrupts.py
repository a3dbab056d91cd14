"""Ctrl-C, whatever native code makes of it."""

from __future__ import annotations

import signal
import threading


class Interrupts:
    """Ctrl-C as KeyboardInterrupt, and the memory of it.

    Native code that runs when the exception comes may drop it and fail otherwise (TensorFlow's tracing does): what then
    reaches the top is still the user's interruption. Where Ctrl-C is ignored or handled already, nothing is changed.
    """

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> Interrupts:
        here = threading.current_thread() is threading.main_thread()
        self._ours = here and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._ours:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, *_: object) -> None:
        self.came = True
        raise KeyboardInterrupt
