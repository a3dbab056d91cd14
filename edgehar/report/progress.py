"""What is being done, on standard error: the project's one console there, and its one bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn


@cache
def console() -> Console:
    """The console of standard error; bars and lines that share it do not write over each other."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def bar(*columns: ProgressColumn, quiet: bool = False) -> Progress:
    """A line that renews itself on a terminal, and goes at the end; nothing where standard error is none.

    Args:
        columns: what stands on it, after what is being done.
        quiet: nothing on a terminal either.
    """
    from rich.progress import Progress, TextColumn

    shown = (TextColumn("{task.description}"), *columns)
    return Progress(*shown, console=console(), transient=True, disable=quiet or not console().is_terminal)


@contextmanager
def progress(title: str, *, quiet: bool = False, unit: str = "count") -> Iterator[Callable[[int, int], None]]:
    """Show how much is done.

    Args:
        unit: `count` or `bytes`.
    Yields:
        a callback (done, in all).
    """
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn

    amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    with bar(BarColumn(), amount, TimeElapsedColumn(), TimeRemainingColumn(), quiet=quiet) as shown:
        task = shown.add_task(title, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def stage() -> Iterator[Callable[[str], None]]:
    """Show the current step; on a terminal one line with a spinner and the time, else a line for each step.

    Yields:
        a function that names the step that begins.
    """
    from rich.progress import SpinnerColumn, TimeElapsedColumn

    if not console().is_terminal:
        yield lambda step: console().print(f"{step} …")
        return
    with bar(SpinnerColumn(), TimeElapsedColumn()) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda step: shown.update(task, description=step)


@contextmanager
def counted(first: str, things: str) -> Iterator[tuple[Callable[[int, int, str], None], Callable[[str], None]]]:
    """Count things that take long each: on a terminal a bar with both clocks, and lines that stay.

    Args:
        first: what is being done.
        things: what is counted, for example `folds`.
    Yields:
        `count(done, total, doing)`, and `say(line)`.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(things), TimeElapsedColumn(), TimeRemainingColumn())
    with bar(*columns) as shown:
        task = shown.add_task(first, total=None)

        def count(done: int, total: int, doing: str) -> None:
            shown.update(task, completed=done, total=total, description=doing)

        yield count, lambda line: console().print(line, soft_wrap=True)
