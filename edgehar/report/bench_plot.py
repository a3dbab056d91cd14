"""The runtimes side by side: accuracy with its interval, latency with its spread, file size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgehar.report.figures import new_figure
from edgehar.report.tables import microseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgehar.benchmark.results import ResultsJson, RowJson, Samples

#: Okabe and Ito's colours, which most colour-blind people tell apart.
COLOURS = {"keras": "#000000", "litert": "#0072B2", "onnx": "#D55E00", "tflm": "#009E73", "native": "#CC79A7"}


def draw_results(results: ResultsJson, stacked: bool = False) -> Figure:
    """A line for each runtime: accuracy, latency of one window, file size; each panel only where there are figures.

    Args:
        stacked: panels below each other, for a narrow screen.
    Raises:
        MissingExtra: Matplotlib is not installed.
    """
    rows = [row for row in results["rows"] if "invoke" in row]
    panels = [_latency, _size]
    if any("accuracy" in row for row in rows):
        panels.insert(0, _accuracy)
    elif any("agreement" in row for row in rows):
        panels.insert(0, _agreement)
    height, across = 1.1 + 0.42 * max(len(rows), 1), 1 if stacked else len(panels)
    figure = new_figure(5.5 if stacked else 3.9 * across, height * len(panels) / across + 0.4, "bench")
    columns = figure.subplots(len(panels) // across, across, sharey=True, squeeze=False).ravel()
    for axes, draw in zip(columns, panels, strict=True):
        axes.grid(True, axis="x", alpha=0.25)
        draw(axes, rows)
        axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    columns[0].set_ylim(max(len(rows), 1) - 0.5, -0.5)
    if not stacked:
        figure.suptitle(f"Test windows: {results['dataset']['note']}", fontsize=9)
    return figure


def draw_rounds(samples: Samples) -> Figure:
    """The median latency of each round in the order of the run: what drifts shows, and what jumps.

    Args:
        samples: as `edgehar.benchmark.results.read_samples` reads them.
    """
    figure = new_figure(7.5, 3.8)
    axes = figure.subplots()
    marks = "osv^D*Px"
    for index, (name, kinds) in enumerate(samples.items()):
        medians = [float(np.median(values)) for values in kinds["invoke"]]
        axes.plot(
            range(1, len(medians) + 1), medians, marker=marks[index % len(marks)], markersize=4, linewidth=1,
            color=_colour(name), label=name, linestyle=("-", "--", ":")[index % 3],
        )  # fmt: skip
    axes.set(yscale="log", xlabel="round", ylabel="invoke, median of the round, µs")
    axes.grid(True, alpha=0.25)
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def _accuracy(axes: Axes, rows: list[RowJson]) -> None:
    for place, row in enumerate(rows):
        if "accuracy" not in row:
            continue
        share = 100 * row["accuracy"]
        interval = row.get("accuracy_interval")
        if interval:
            axes.plot([100 * value for value in interval], [place, place], color=_colour(row["name"]), linewidth=2)
        axes.plot(share, place, "o", color=_colour(row["name"]))
        _say(axes, share, place, f"{share:.2f}")
    axes.set_xlabel("accuracy, %; line: 95 % over people")


def _agreement(axes: Axes, rows: list[RowJson]) -> None:
    for place, row in enumerate(rows):
        if "agreement" in row:
            axes.plot(100 * row["agreement"], place, "o", color=_colour(row["name"]))
            _say(axes, 100 * row["agreement"], place, f"{100 * row['agreement']:.2f}")
    axes.set_xlabel("same label as Keras, % of windows")


def _latency(axes: Axes, rows: list[RowJson]) -> None:
    for place, row in enumerate(rows):
        told, colour = row["invoke"], _colour(row["name"])
        axes.plot([told["min"], told["p99"]], [place, place], color=colour, linewidth=1.5)
        axes.plot([told["median"], told["p95"]], [place, place], color=colour, linewidth=5, alpha=0.4)
        axes.plot(told["median"], place, "o", color=colour)
        _say(axes, told["median"], place, microseconds(told["median"]))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("one window, µs: median, p95, least … p99")


def _size(axes: Axes, rows: list[RowJson]) -> None:
    for place, row in enumerate(rows):
        kilo = row["file_bytes"] / 1000
        axes.barh(place, kilo, color=_colour(row["name"]), alpha=0.75, height=0.55)
        axes.annotate(f"{kilo:,.0f}", (kilo, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, 1.25 * max((row["file_bytes"] / 1000 for row in rows), default=1))
    axes.set_xlabel("file, kB")


def _say(axes: Axes, x: float, place: int, words: str) -> None:
    axes.annotate(words, (x, place), (0, 6), textcoords="offset points", ha="center", fontsize=8)


def _colour(name: str) -> str:
    return COLOURS.get(name.split("-")[0], "#666666")
