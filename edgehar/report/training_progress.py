"""A training in progress on standard error: an estimate first, then a bar, or a line for each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgehar.report import progress
from edgehar.report.tables import duration

if TYPE_CHECKING:
    from edgehar.training.progress import TrainProgress

#: Seconds beyond which a training says how long it will take before it goes on.
LONG = 60


@contextmanager
def training_bar() -> Iterator[tuple[Callable[[TrainProgress], None], Callable[[str], None]]]:
    """Show a run: on a terminal a bar with both clocks, else a line for each epoch with the time that is left.

    Yields:
        `show(now)`, for each batch, and `say(line)`.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = progress.console()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    left = TextColumn("{task.fields[left]}")
    epochs: set[tuple[str, int]] = set()
    estimated = False

    def say(line: str) -> None:
        console.print(line, soft_wrap=True)

    with Progress(*columns, left, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("training", total=1.0, left="")

        def show(now: TrainProgress) -> None:
            nonlocal estimated
            remaining = now.remaining_s
            if remaining is not None and not estimated:
                estimated = True
                if remaining > LONG:
                    say(f"this will take about {duration(remaining)}; it can be stopped and taken up again")
            loss = "" if now.validation_loss is None else f", validation loss {now.validation_loss:.3f}"
            text = f"{now.stage}: epoch {now.epoch} of {now.epochs}{loss}"
            clock = "" if remaining is None else f"{duration(remaining)} left"
            bar.update(task, completed=now.share, description=text, left=clock)
            if not console.is_terminal and (now.stage, now.epoch) not in epochs:
                epochs.add((now.stage, now.epoch))
                say(f"{text}{clock and f', {clock}'}")

        yield show, say
