"""Learning curves."""

from __future__ import annotations

from pathlib import Path

from edgehar.files import atomic_path
from edgehar.report.figures import new_figure


def plot_history(history: list[dict[str, float]], best_epoch: int, path: Path, title: str) -> None:
    """Loss and validation accuracy by epoch, the best epoch marked, as PNG.

    The two losses are not on one footing: the training loss holds class weights, smoothed labels, dropout
    and augmentation. The legend says so.
    """
    epochs = [entry["epoch"] for entry in history]
    validated = "validation_loss" in history[0]
    figure = new_figure(9 if validated else 5.5, 3.8)
    axes = figure.subplots(1, 2 if validated else 1, squeeze=False)[0]
    axes[0].plot(epochs, [entry["loss"] for entry in history], "o-", markersize=3, label="training (augmented)")
    if validated:
        curve = [entry["validation_loss"] for entry in history]
        axes[0].plot(epochs, curve, "o-", markersize=3, label="validation people")
        accuracy = [100 * entry["validation_accuracy"] for entry in history]
        axes[1].plot(epochs, accuracy, "o-", markersize=3, color="tab:orange", label="validation people")
        axes[1].set_ylabel("accuracy, %")
    axes[0].set_ylabel("cross-entropy")
    axes[0].set_ylim(bottom=0)
    for panel in axes:
        panel.axvline(best_epoch, color="grey", linewidth=1, linestyle="--", label=f"kept: epoch {best_epoch}")
        panel.set_xlabel("epoch")
        panel.set_xticks(epochs[:: max(1, len(epochs) // 10)])
        panel.grid(alpha=0.3)
        panel.legend()
    figure.suptitle(title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
