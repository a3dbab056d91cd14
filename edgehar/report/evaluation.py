"""An evaluation as tables for people, as text and CSV for files, and as plots."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from rich.console import Console

from edgehar.evaluation import Evaluation
from edgehar.files import atomic_path
from edgehar.report.confidence_table import print_confidence
from edgehar.report.figures import new_figure
from edgehar.report.tables import NOTHING, percent, percent_range, results_console, terminal_table


def print_evaluation(evaluation: Evaluation, title: str, console: Console | None = None) -> None:
    """Print one table each by class, for the confusion, by person and of confidence, and the headline figures last."""
    console = console or results_console()
    scores, labels = evaluation.scores, evaluation.labels
    by_class = [
        [label, *(f"{values[index]:.3f}" for values in (scores.precision, scores.recall, scores.f1)), str(support)]
        for index, (label, support) in enumerate(zip(labels, scores.support, strict=True))
    ]
    console.print(terminal_table(f"{title}: by class", ["activity", "precision", "recall", "F1", "windows"], by_class))
    counts = [
        [label, *(str(count) if count else "·" for count in row)]
        for label, row in zip(labels, evaluation.confusion, strict=True)
    ]
    console.print(terminal_table("Confusion, windows", ["truth, predicted:", *labels], counts))
    people = [
        [name, percent(value), str(evaluation.subject_windows[name])]
        for name, value in evaluation.subject_accuracy.items()
    ]
    console.print(terminal_table("By person", ["person", "accuracy %", "windows"], people))
    if evaluation.confidence is not None:
        print_confidence(evaluation, evaluation.confidence, console)
    console.print(f"{title}: {headline(evaluation)}", soft_wrap=True)


def print_summary(measured: dict[str, Evaluation], dataset: str) -> None:
    """Print one line per model: accuracy and macro-F1 with their intervals, and the calibration error."""
    columns = ["model", "accuracy %", "95 % interval", "macro-F1", "95 % interval", "ECE", "windows", "people"]
    rows = [
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
    results_console().print(terminal_table(f"On {dataset}", columns, rows))


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


def plot_confusion(evaluation: Evaluation, path: Path, title: str) -> None:
    """Confusion matrix PNG: shares of each true class by colour, counts in the cells."""
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
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def plot_subjects(evaluation: Evaluation, path: Path, title: str) -> None:
    """Accuracy by person PNG, the worst first, with the mean over windows as a line."""
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
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
