"""Confidence as tables: calibration, accuracy against coverage, and postural transitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgehar.evaluation.confidence import BINS, THRESHOLDS
from edgehar.report.tables import percent, terminal_table

if TYPE_CHECKING:
    from rich.console import Console

    from edgehar.evaluation import Evaluation
    from edgehar.evaluation.confidence import Confidence


def print_confidence(evaluation: Evaluation, confidence: Confidence, console: Console) -> None:
    """Print how far the model's probabilities can be trusted."""
    console.print(
        f"Calibration error (ECE, {BINS} bins) {confidence.ece:.3f}, negative log-likelihood {confidence.nll:.3f}, "
        f"area under risk and coverage (AURC) {confidence.aurc:.4f}.",
        soft_wrap=True,
    )
    transitions = evaluation.transitions
    rows = [
        [f"{at:.2f}", percent(float(kept)), percent(None if math.isnan(right) else float(right))]
        for at, kept, right in zip(THRESHOLDS, confidence.coverage, confidence.accuracy, strict=True)
    ]
    columns = ["threshold", "coverage %", "accuracy on it %"]
    if transitions is not None:
        columns.append("transitions rejected %")
        rows = [[*row, percent(share)] for row, share in zip(rows, transitions.rejected, strict=True)]
    console.print(terminal_table("Kept by confidence", columns, rows))
    if transitions is None:
        return
    rows = [[name, percent(transitions.unsure[name]), str(count)] for name, count in transitions.windows.items()]
    rows.append(["all transitions", percent(transitions.overall), str(sum(transitions.windows.values()))])
    rows.append(["activities", percent(confidence.unsure), str(evaluation.windows)])
    title = "Called unsure (below 0.5)"
    console.print(terminal_table(title, ["kind", "unsure %", "windows"], rows))
    console.print(
        "Without smoothing; one window a transition, centred on it; no model is trained on them. Of an activity and a "
        f"transition, the activity is the more confident in {percent(transitions.separation)} % of pairs.",
        soft_wrap=True,
    )
