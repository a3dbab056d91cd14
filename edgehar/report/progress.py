"""What is being done, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stage(first: str) -> Iterator[Callable[[str], None]]:
    """Show the current step; on a terminal one line with a spinner and the time, else a line a step.

    Yields:
        a function that names the next step.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:

        def line(step: str) -> None:
            console.print(f"{step} …", style=None, highlight=False)

        line(first)
        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(first, total=None)
        yield lambda step: progress.update(task, description=step)


@contextmanager
def counted(first: str, things: str) -> Iterator[tuple[Callable[[int, int, str], None], Callable[[str], None]]]:
    """Count things that take long each: on a terminal a bar with both clocks, and lines that stay.

    Args:
        first: what is being done.
        things: what is counted, for example `folds`.
    Yields:
        `count(done, total, doing)`, and `say(line)`.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(things))
    clocks = (TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, *clocks, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(first, total=None)

        def count(done: int, total: int, doing: str) -> None:
            progress.update(task, completed=done, total=total, description=doing)

        yield count, lambda line: console.print(line, soft_wrap=True)
