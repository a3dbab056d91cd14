"""Single keys from the terminal, while standard input may carry samples."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from types import TracebackType

from edgehar.errors import EdgeharError

TERMINAL = "/dev/tty"


class Keys:
    """The labels whose keys were pressed: 1 for the first, 2 for the second, …, a for the tenth.

    Use it as a context manager: the terminal hands over keys at once until then.

    Args:
        labels: at most 35.
        instead: what to do where there is no terminal.
    Raises:
        EdgeharError: no terminal here.
    """

    NAMES = "123456789abcdefghijklmnopqrstuvwxyz"

    def __init__(self, labels: Sequence[str], instead: str) -> None:
        self._instead = instead
        self._labels = dict(zip(self.NAMES, labels, strict=False))

    @property
    def legend(self) -> str:
        """Which key is which label."""
        return ", ".join(f"{key} {label}" for key, label in self._labels.items())

    def __enter__(self) -> Keys:
        try:
            import termios
            import tty

            self._terminal = os.open(TERMINAL, os.O_RDONLY | os.O_NONBLOCK)
        except (ImportError, OSError) as error:
            raise EdgeharError(f"expected a terminal for keys, got none ({error}); {self._instead}") from error
        self._before = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal)
        print(f"keys: {self.legend}", file=sys.stderr)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        import termios

        termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)
        os.close(self._terminal)

    def pressed(self) -> list[str]:
        """Labels since the last call, in order; other keys are nothing."""
        if not select.select([self._terminal], [], [], 0)[0]:
            return []
        text = os.read(self._terminal, 1024).decode("ascii", "ignore")
        return [self._labels[key] for key in text if key in self._labels]
