"""Standard output and standard error whose readers may go away, or which may lie on a full disk."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TextIO, cast

import click

from edgehar.errors import EdgeharError


class Output:
    """A stream of text that drops what nobody reads any more (`| head`).

    The command goes on: its files, and whether its check failed, do not hang on who reads its tables.

    Args:
        stream: what is written to.
        shown: its name for the message where it cannot be written for another reason; none: nothing is said, because
            this is where it would be said.
        ends: raise BrokenPipeError instead, for a command that prints without end.
    """

    def __init__(self, stream: IO[str], shown: str = "", ends: bool = False) -> None:
        self.stream, self.shown, self.ends = stream, shown, ends

    def write(self, text: str) -> int:
        """As of a file.

        Raises:
            EdgeharError: the disk is full.
        """
        try:
            return self.stream.write(text)
        except OSError as error:
            self._leave(error)
        return len(text)

    def flush(self) -> None:
        """As of a file; errors as in `write`."""
        try:
            self.stream.flush()
        except OSError as error:
            self._leave(error)

    def _leave(self, error: OSError) -> None:
        """What is left in the buffer goes nowhere, also when Python flushes it at its end."""
        with suppress(OSError, ValueError):  # no file at all, as in tests
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            if self.ends:
                raise error
        elif self.shown:
            raise EdgeharError(f"cannot write {self.shown}: {error.strerror or error}") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def note(text: str) -> None:
    """Say on standard error what a person should know."""
    click.echo(f"note: {text}", err=True)


def warn(text: str) -> None:
    """Say on standard error what may spoil the result."""
    click.echo(f"warning: {text}", err=True)


def ending(stream: TextIO) -> TextIO:
    """The same stream for a command that is to end when its reader goes away: then it raises BrokenPipeError."""
    return cast(TextIO, Output(stream.stream, stream.shown, ends=True)) if isinstance(stream, Output) else stream


class Outputs:
    """`Output`s in the places of `sys.stdout` and `sys.stderr`, for the time of a command."""

    def __enter__(self) -> Outputs:
        self._before = sys.stdout, sys.stderr
        for name, shown in (("stdout", "standard output"), ("stderr", "")):
            stream = getattr(sys, name) or _nowhere()
            setattr(sys, name, Output(stream, shown))
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(EdgeharError):  # a command that failed has said why
            sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = self._before


def _nowhere() -> TextIO:
    """For a stream that was closed before this process began (`>&-`).

    It takes the place among the descriptors, too: else the next file would, and would get what libraries print.
    """
    return Path(os.devnull).open("w", encoding="utf-8")  # as long as the process lives
