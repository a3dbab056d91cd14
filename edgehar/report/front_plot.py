"""The outcome of a search: the Pareto front as a table and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.files import atomic_path
from edgehar.report.figures import new_figure
from edgehar.report.tables import NOTHING, kilobytes, percent, results_console, terminal_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edgehar.training.search import Candidate

#: Colours of Okabe and Ito, as in the other plots.
ON_FRONT, BEATEN = "#0072B2", "#bdbdbd"


def print_front(front: Sequence[Candidate], title: str) -> None:
    """Print the front, the cheapest first, numbered as in the picture."""
    rows = [
        [
            str(number),
            item.arch,
            f"{item.macro_f1:.3f}",
            NOTHING if item.macro_f1_low is None else f"{item.macro_f1_low:.3f} – {item.macro_f1_high:.3f}",
            percent(item.accuracy),
            kilobytes(item.flash),
            f"{item.macs / 1000:,.0f}",
            kilobytes(item.ram),
        ]
        for number, item in enumerate(front, 1)
    ]
    columns = ["", "architecture", "macro-F1", "95 % interval", "accuracy %", "flash kB", "kMAC", "RAM kB"]
    results_console().print(terminal_table(title, columns, rows))


def plot_front(front: Sequence[Candidate], candidates: Sequence[Candidate], path: Path, title: str) -> None:
    """Macro-F1 against flash and against multiply-accumulates as PNG.

    A candidate is on the front for all three figures at once, so that in one panel it may stand below the
    steps, which show the best macro-F1 to be had for that much of the one figure.
    """
    trained = [item for item in candidates if item.macro_f1 is not None]
    numbers = {item.number: index for index, item in enumerate(front, 1)}
    figure = new_figure(11, 5.2)
    panels = figure.subplots(1, 2, sharey=True)
    for panel, (name, label) in zip(
        panels, (("flash", "flash, kB"), ("macs", "multiply-accumulates, thousands per window")), strict=True
    ):
        beaten = [item for item in trained if item.number not in numbers]
        panel.scatter(_spent(beaten, name), [item.macro_f1 for item in beaten], s=18, color=BEATEN, label="beaten")
        best = [max((o.macro_f1 or 0) for o in front if getattr(o, name) <= getattr(item, name)) for item in front]
        steps = sorted(zip(_spent(front, name), best, strict=True))
        panel.step([x for x, _ in steps], [y for _, y in steps], where="post", color=ON_FRONT, linewidth=1, alpha=0.6)
        panel.scatter(
            _spent(front, name), [item.macro_f1 for item in front], s=34, color=ON_FRONT, label="Pareto front"
        )
        for item in front:
            at = (getattr(item, name) / 1000, item.macro_f1)
            panel.annotate(str(numbers[item.number]), at, xytext=(4, -9), textcoords="offset points", fontsize=8)
        panel.set_xscale("log")
        _ticks(panel, [getattr(item, name) / 1000 for item in trained])
        panel.set_xlabel(label)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("macro-F1 on validation people")
    panels[0].legend(loc="lower right")
    figure.suptitle(title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _spent(items: Sequence[Candidate], name: str) -> list[float]:
    return [getattr(item, name) / 1000 for item in items]


def _ticks(panel: Axes, values: Sequence[float]) -> None:
    """Plain numbers 1, 2, 5, 10 … on the logarithmic axis."""
    low, high = min(values), max(values)
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0**d for d in decades for m in (1, 2, 5) if low / 1.3 <= m * 10.0**d <= high * 1.3]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
