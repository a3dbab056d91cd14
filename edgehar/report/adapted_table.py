"""A model's figures before and after people were learned, side by side."""

from __future__ import annotations

from edgehar.evaluation import Evaluation
from edgehar.report.evaluation import headline
from edgehar.report.tables import percent, results_console, terminal_table

BY_CLASS = ("activity", "recall before", "after", "F1 before", "after", "windows")
BY_PERSON = ("person", "accuracy % before", "after", "windows")


def adapted_class_rows(before: Evaluation, after: Evaluation) -> list[list[str]]:
    """Recall and F1 of each class, as text."""
    return [
        [
            label,
            *(f"{values[index]:.3f}" for values in (before.scores.recall, after.scores.recall)),
            *(f"{values[index]:.3f}" for values in (before.scores.f1, after.scores.f1)),
            str(before.scores.support[index]),
        ]
        for index, label in enumerate(before.labels)
    ]


def adapted_people_rows(before: Evaluation, after: Evaluation) -> list[list[str]]:
    """Accuracy of each person, the worst before first, as text."""
    return [
        [name, percent(value), percent(after.subject_accuracy[name]), str(before.subject_windows[name])]
        for name, value in sorted(before.subject_accuracy.items(), key=lambda item: item[1])
    ]


def print_adapted(before: Evaluation, after: Evaluation, title: str) -> None:
    """Print recall and F1 by class, accuracy by person, and the headline figures last."""
    console = results_console()
    console.print(terminal_table(f"{title}: by class", BY_CLASS, adapted_class_rows(before, after)))
    console.print(terminal_table("By person, the worst first", BY_PERSON, adapted_people_rows(before, after)))
    console.print(f"before: {headline(before)}", soft_wrap=True)
    console.print(f"after:  {headline(after)}", soft_wrap=True)
