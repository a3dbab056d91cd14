"""Accuracy against size and against latency, one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.errors import MissingExtra
from edgehar.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edgehar.benchmark.results import ResultsJson

#: Okabe and Ito's colours, which most colour-blind people tell apart.
COLOURS = {"keras": "#000000", "litert": "#0072B2", "onnx": "#D55E00", "tflm": "#009E73", "native": "#CC79A7"}


#: Text size of the labels, and the space that a line of it takes, in points.
_FONT, _LINE = 8, 11


def plot_results(results: ResultsJson, path: Path) -> None:
    """Write a PNG with a panel of accuracy over file size and one of accuracy over latency.

    Raises:
        MissingExtra: matplotlib is not installed.
        EdgeharError: the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "bench") from error
    rows = [row for row in results["rows"] if "accuracy" in row and "invoke" in row]
    figure = Figure(figsize=(11, 4.8), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    panels = (
        (left, [row["file_bytes"] / 1e6 for row in rows], "file size, MB"),
        (right, [row["invoke"]["median"] / 1000 for row in rows], "invoke of one window, median, ms"),
    )
    accuracies = [100 * row["accuracy"] for row in rows]
    for axes, x, title in panels:
        _scale(axes, x, accuracies, title)
    left.set_ylabel("accuracy on unseen people, %")
    figure.suptitle(f"Test windows: {results['dataset']['note']}", fontsize=9)
    # Labels are placed in points, which are known only once the panels have their final size.
    figure.draw_without_rendering()
    for axes, x, _ in panels:
        _label(axes, [row["name"] for row in rows], x, accuracies)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _scale(axes: Axes, x: list[float], y: list[float], title: str) -> None:
    """Logarithmic x axis, room around the dots, a light grid."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.set_xlabel(title)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, alpha=0.25)
    if x:
        # Labels stand to the right of their dots.
        axes.set_xlim(min(x) / 1.6, max(x) * 1.6 * (max(x) / min(x)) ** 0.45)
        room = max(0.4, 0.3 * (max(y) - min(y)))
        axes.set_ylim(min(y) - room, max(y) + room)


def _label(axes: Axes, names: list[str], x: list[float], y: list[float]) -> None:
    """Draw dots and their names; a name that would cover another one moves up or down, with a line to its dot."""
    to_points = 72 / axes.figure.dpi
    centres = [tuple(to_points * axes.transData.transform(xy)) for xy in zip(x, y, strict=True)]
    # A name must not cover another name, nor any dot: boxes of (left, right, middle height).
    taken = [(across - 5, across + 5, height) for across, height in centres]
    for name, here, accuracy, (across, height) in zip(names, x, y, centres, strict=True):
        colour = COLOURS.get(name.split("-")[0], "#666666")
        axes.plot(here, accuracy, "o", markersize=8, color=colour, alpha=0.75)
        left, right = across + 10, across + 10 + 0.62 * _FONT * len(name)
        steps = sorted(range(-12, 13), key=lambda step: (abs(step), -step))
        free = (
            step * _LINE
            for step in steps
            if all(
                right < low or high < left or abs(height + step * _LINE - middle) >= _LINE - 0.5
                for low, high, middle in taken
            )
        )
        shift = next(free, 0)
        taken.append((left, right, height + shift))
        axes.annotate(
            name,
            (here, accuracy),
            (10, shift),
            textcoords="offset points",
            va="center",
            fontsize=_FONT,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.5} if shift else None,
        )
