"""Tables for the terminal and for Markdown from the same rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Characters a line where the output is a file or a pipe; a terminal has its own width.
FILE_WIDTH = 130

#: What stands where there is no figure.
NOTHING = "–"


def results_console(least: int = 0) -> Console:
    """Where results go: standard output, without rich's guesses about numbers and paths.

    Args:
        least: columns that a table needs; a narrower terminal wraps its lines, but loses no figure.
    """
    import sys

    from rich.console import Console

    width = Console().width if sys.stdout.isatty() else FILE_WIDTH
    return Console(highlight=False, width=max(least, width))


def terminal_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A rich table: the first column to the left, figures to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with the same alignment, ending in a newline."""
    lines = [
        "| " + " | ".join(columns) + " |",
        "|" + "|".join("---" if index == 0 else "---:" for index in range(len(columns))) + "|",
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def percent(share: float | None, digits: int = 1) -> str:
    """0.9137 -> 91.4."""
    return NOTHING if share is None else f"{100 * share:.{digits}f}"


def percent_range(interval: tuple[float, float] | None, digits: int = 1) -> str:
    """(0.839, 0.966) -> 83.9 – 96.6; no interval over a single person."""
    return NOTHING if interval is None else f"{percent(interval[0], digits)} – {percent(interval[1], digits)}"


def microseconds(value: float | None) -> str:
    """Three digits or more: 74.8, 260, 6,311."""
    if value is None:
        return NOTHING
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """45 s, 13 min, 1 h 20 min: as exactly as an estimate can be."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def kilobytes(value: float | None) -> str:
    """Thousands of bytes (kB = 1000)."""
    return NOTHING if value is None else f"{value / 1000:,.1f}"


def megabytes(value: float | None) -> str:
    """Millions of bytes (MB = 1000000)."""
    return NOTHING if value is None else f"{value / 1e6:,.1f}"
