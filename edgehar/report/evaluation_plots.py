"""An evaluation as figures: confusion, people, reliability and rejection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgehar.evaluation import Evaluation
from edgehar.evaluation.confidence import BINS, THRESHOLDS, Confidence
from edgehar.report.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Bins with fewer windows are drawn pale: their accuracy is mostly chance.
FEW = 20


def draw_confusion(evaluation: Evaluation, title: str) -> Figure:
    """Confusion matrix: shares of each true class by colour, counts in the cells."""
    share = evaluation.confusion / np.maximum(evaluation.confusion.sum(axis=1, keepdims=True), 1)
    figure = new_figure(1.6 + 0.85 * len(evaluation.labels), 1.4 + 0.7 * len(evaluation.labels))
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ticks = range(len(evaluation.labels))
    axes.set_xticks(ticks, evaluation.labels, rotation=30, ha="right")
    axes.set_yticks(ticks, evaluation.labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth")
    axes.set_title(f"{title}\naccuracy {100 * evaluation.accuracy:.1f} %, macro-F1 {evaluation.macro_f1:.3f}")
    for row, column in np.ndindex(*evaluation.confusion.shape):
        if evaluation.confusion[row, column]:
            shade = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(evaluation.confusion[row, column]), ha="center", va="center", color=shade)
    return figure


def draw_people(evaluation: Evaluation, title: str) -> Figure:
    """Accuracy by person, the worst first, with the figure of all windows as a line."""
    people = sorted(evaluation.subject_accuracy.items(), key=lambda item: item[1])
    figure = new_figure(max(5.0, 1.5 + 0.4 * len(people)), 3.6)
    axes = figure.subplots()
    bars = axes.bar([name for name, _ in people], [100 * value for _, value in people], color="tab:blue")
    axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.axhline(100 * evaluation.accuracy, color="black", linewidth=1, linestyle="--", label="all windows")
    axes.set_ylim(0, 108)
    axes.set_xlabel("person")
    axes.set_ylabel("accuracy, %")
    axes.set_title(title)
    axes.legend(loc="lower right")
    return figure


def draw_reliability(confidence: Confidence, title: str) -> Figure:
    """Accuracy by confidence with the windows in each bin, and accuracy against coverage."""
    figure = new_figure(10, 4.2)
    (bars, counts), (curve, unused) = figure.subplots(2, 2, height_ratios=(3, 1), sharex="col").T
    figure.delaxes(unused)
    curve.set_subplotspec(curve.get_subplotspec().get_gridspec()[:, 1])
    middles = (np.arange(BINS) + 0.5) / BINS
    filled = confidence.bin_windows > 0
    shade = ["tab:blue" if windows >= FEW else "lightsteelblue" for windows in confidence.bin_windows[filled]]
    bars.bar(middles[filled], confidence.bin_accuracy[filled], 1 / BINS, color=shade, edgecolor="white")
    bars.plot(
        confidence.bin_confidence[filled], confidence.bin_accuracy[filled], "o", color="black", markersize=3,
        label="mean confidence of the bin",
    )  # fmt: skip
    bars.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="calibrated")
    bars.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
    bars.set_title(f"ECE {confidence.ece:.3f}; pale: under {FEW} windows", fontsize=10)
    bars.legend(loc="upper left", fontsize=8)
    counts.bar(middles, np.maximum(confidence.bin_windows, 0.5), 1 / BINS, color="grey", edgecolor="white")
    counts.set(yscale="log", ylim=(0.8, None), xlabel="confidence", ylabel="windows")
    curve.plot(100 * confidence.coverage, 100 * confidence.accuracy, "o-", markersize=4)
    for index in (0, 4, 8):
        at = (100 * confidence.coverage[index], 100 * confidence.accuracy[index])
        if np.isfinite(at[1]):
            curve.annotate(
                f"≥ {THRESHOLDS[index]:.1f}", at, textcoords="offset points", xytext=(-8, -10), ha="right", fontsize=8
            )
    curve.set(xlim=(0, 102), xlabel="coverage, % of windows", ylabel="accuracy on them, %")
    curve.set_title(f"rejection; AURC {confidence.aurc:.4f}", fontsize=10)
    curve.grid(alpha=0.3)
    curve.tick_params(labelbottom=True)
    figure.suptitle(title)
    return figure
