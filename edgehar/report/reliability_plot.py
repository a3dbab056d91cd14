"""Reliability and rejection as one figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehar.evaluation.confidence import BINS, THRESHOLDS, Confidence
from edgehar.files import atomic_path
from edgehar.report.figures import new_figure

#: Bins with fewer windows are drawn pale: their accuracy is mostly chance.
FEW = 20


def plot_reliability(confidence: Confidence, path: Path, title: str) -> None:
    """Accuracy by confidence with the windows in each bin, and accuracy against coverage, as PNG."""
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
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
