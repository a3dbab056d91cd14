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
