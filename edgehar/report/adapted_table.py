"""A model's figures before and after people were learned, side by side."""

from __future__ import annotations

from edgehar.evaluation import Evaluation
from edgehar.report.evaluation import headline
from edgehar.report.tables import percent, results_console, terminal_table


def print_adapted(before: Evaluation, after: Evaluation, title: str) -> None:
    """Print recall and F1 by class, accuracy by person, and the headline figures last."""
    console = results_console()
    rows = [
        [
            label,
            *(f"{values[index]:.3f}" for values in (before.scores.recall, after.scores.recall)),
            *(f"{values[index]:.3f}" for values in (before.scores.f1, after.scores.f1)),
            str(before.scores.support[index]),
        ]
        for index, label in enumerate(before.labels)
    ]
    columns = ["activity", "recall before", "after", "F1 before", "after", "windows"]
    console.print(terminal_table(f"{title}: by class", columns, rows))
    rows = [
        [name, percent(value), percent(after.subject_accuracy[name]), str(before.subject_windows[name])]
        for name, value in sorted(before.subject_accuracy.items(), key=lambda item: item[1])
    ]
    console.print(
        terminal_table("By person, the worst first", ["person", "accuracy % before", "after", "windows"], rows)
    )
    console.print(f"before: {headline(before)}", soft_wrap=True)
    console.print(f"after:  {headline(after)}", soft_wrap=True)
