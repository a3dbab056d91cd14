"""An evaluation as tables for people, and as text and CSV for files."""

from __future__ import annotations

import csv
import io

from rich.console import Console

from edgehar.evaluation import Evaluation
from edgehar.report.confidence_table import print_confidence
from edgehar.report.tables import NOTHING, percent, percent_range, results_console, terminal_table

CLASSES = ("activity", "precision", "recall", "F1", "windows")
PEOPLE = ("person", "accuracy %", "windows")
SUMMARY = ("model", "accuracy %", "95 % interval", "macro-F1", "95 % interval", "ECE", "windows", "people")


def class_rows(evaluation: Evaluation) -> list[list[str]]:
    """Precision, recall, F1 and windows of each class, as text."""
    scores = evaluation.scores
    return [
        [label, *(f"{values[index]:.3f}" for values in (scores.precision, scores.recall, scores.f1)), str(support)]
        for index, (label, support) in enumerate(zip(evaluation.labels, scores.support, strict=True))
    ]


def confusion_columns(evaluation: Evaluation) -> tuple[str, ...]:
    """Heads of `confusion_rows`."""
    return ("truth, predicted:", *evaluation.labels)


def confusion_rows(evaluation: Evaluation) -> list[list[str]]:
    """Windows of each true class by the class that was said, as text."""
    return [
        [label, *(str(count) if count else "·" for count in row)]
        for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)
    ]


def people_rows(evaluation: Evaluation) -> list[list[str]]:
    """Accuracy and windows of each person, as text."""
    return [
        [name, percent(value), str(evaluation.subject_windows[name])]
        for name, value in evaluation.subject_accuracy.items()
    ]


def summary_rows(measured: dict[str, Evaluation]) -> list[list[str]]:
    """Accuracy and macro-F1 of each model with their intervals, and the calibration error, as text."""
    return [
        [
            name,
            percent(item.accuracy),
            percent_range(item.intervals.accuracy),
            f"{item.macro_f1:.4f}",
            NOTHING if item.intervals.macro_f1 is None else "{:.4f} – {:.4f}".format(*item.intervals.macro_f1),
            NOTHING if item.confidence is None else f"{item.confidence.ece:.3f}",
            str(item.windows),
            str(len(item.subject_accuracy)),
        ]
        for name, item in measured.items()
    ]


def print_evaluation(evaluation: Evaluation, title: str, console: Console | None = None) -> None:
    """Print one table each by class, for the confusion, by person and of confidence, and the headline figures last."""
    console = console or results_console()
    console.print(terminal_table(f"{title}: by class", CLASSES, class_rows(evaluation)))
    console.print(terminal_table("Confusion, windows", confusion_columns(evaluation), confusion_rows(evaluation)))
    console.print(terminal_table("By person", PEOPLE, people_rows(evaluation)))
    if evaluation.confidence is not None:
        print_confidence(evaluation, evaluation.confidence, console)
    console.print(f"{title}: {headline(evaluation)}", soft_wrap=True)


def print_summary(measured: dict[str, Evaluation], dataset: str) -> None:
    """Print one line per model: accuracy and macro-F1 with their intervals, and the calibration error."""
    results_console().print(terminal_table(f"On {dataset}", SUMMARY, summary_rows(measured)))


def headline(evaluation: Evaluation) -> str:
    """Accuracy and macro-F1 in one line, with their intervals where there are several people."""
    accuracy, f1 = evaluation.intervals.accuracy, evaluation.intervals.macro_f1
    people = len(evaluation.subject_accuracy)
    if accuracy is None or f1 is None:
        return (
            f"accuracy {percent(evaluation.accuracy)} %, macro-F1 {evaluation.macro_f1:.3f}, "
            f"{evaluation.windows} windows of one person, no interval"
        )
    return (
        f"accuracy {percent(evaluation.accuracy)} % ({percent_range(accuracy)}), "
        f"macro-F1 {evaluation.macro_f1:.3f} ({f1[0]:.3f} – {f1[1]:.3f}), {evaluation.windows} windows of "
        f"{people} people; brackets: {100 * evaluation.intervals.confidence:.0f} % intervals"
    )


def classification_report(evaluation: Evaluation, title: str) -> str:
    """The same as plain text for a file."""
    text = io.StringIO()
    print_evaluation(evaluation, title, Console(file=text, width=120, no_color=True, force_terminal=False))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def subjects_csv(evaluation: Evaluation) -> str:
    """One line per person: subject, accuracy (0 … 1), windows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["subject", "accuracy", "windows"])
    for name, value in evaluation.subject_accuracy.items():
        writer.writerow([name, f"{value:.6f}", evaluation.subject_windows[name]])
    return text.getvalue()
