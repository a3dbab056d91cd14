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


COVERAGE = "Kept by confidence"


def confidence_line(confidence: Confidence) -> str:
    """The three figures of all windows, in words."""
    return (
        f"Calibration error (ECE, {BINS} bins) {confidence.ece:.3f}, negative log-likelihood {confidence.nll:.3f}, "
        f"area under risk and coverage (AURC) {confidence.aurc:.4f}."
    )


def coverage_columns(evaluation: Evaluation) -> list[str]:
    """Heads of `coverage_rows`."""
    more = [] if evaluation.transitions is None else ["transitions rejected %"]
    return ["threshold", "coverage %", "accuracy on it %", *more]


def coverage_rows(evaluation: Evaluation) -> list[list[str]]:
    """What is kept at each threshold and how right it is, as text; nothing where there are no probabilities."""
    confidence, transitions = evaluation.confidence, evaluation.transitions
    if confidence is None:
        return []
    rows = [
        [f"{at:.2f}", percent(float(kept)), percent(None if math.isnan(right) else float(right))]
        for at, kept, right in zip(THRESHOLDS, confidence.coverage, confidence.accuracy, strict=True)
    ]
    if transitions is not None:
        rows = [[*row, percent(share)] for row, share in zip(rows, transitions.rejected, strict=True)]
    return rows


def print_confidence(evaluation: Evaluation, confidence: Confidence, console: Console) -> None:
    """Print how far the model's probabilities can be trusted."""
    console.print(confidence_line(confidence), soft_wrap=True)
    console.print(terminal_table(COVERAGE, coverage_columns(evaluation), coverage_rows(evaluation)))
    transitions = evaluation.transitions
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
