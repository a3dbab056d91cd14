"""An evaluation as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.benchmark.environment import environment
from edgehar.files import dump_json
from edgehar.report import evaluation as tables
from edgehar.report.adapted_table import BY_CLASS, BY_PERSON, adapted_class_rows, adapted_people_rows
from edgehar.report.bench_page import environment_rows
from edgehar.report.confidence_table import COVERAGE, confidence_line, coverage_columns, coverage_rows
from edgehar.report.evaluation_plots import draw_confusion, draw_people, draw_reliability
from edgehar.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgehar.api.evaluate import EvaluateResult
    from edgehar.evaluation import Evaluation


def evaluation_page(result: EvaluateResult, command: Sequence[str]) -> str:
    """The content of the page: what it comes to, figures and tables of each model, and all of it as JSON.

    Args:
        command: kept in the page.
    Raises:
        MissingExtra: Matplotlib is not installed.
    """
    page = Page(f"edgehar evaluate: {', '.join(result.models)} on {result.dataset}")
    measured = dict(result.models)
    if result.adapted is not None:
        measured = {f"{name}, before learning": item for name, item in measured.items()}
        measured["after learning"] = result.adapted.figures
    if result.baseline is not None:
        measured["62 features, SVM"] = result.baseline
    if len(measured) == 1:
        page.headline(tables.headline(next(iter(measured.values()))))
    else:
        page.table(f"On {result.dataset}", tables.SUMMARY, tables.summary_rows(measured))
    page.notes(
        [f"people: {', '.join(result.people)}", *(f"skipped {name}: {why}" for name, why in result.skipped.items())],
        [*result.notes, *(f"{count} windows of {label!r} left out" for label, count in result.dropped.items())],
    )
    if result.adapted is not None:
        before, after = next(iter(result.models.values())), result.adapted.figures
        page.table("Before and after, by class", BY_CLASS, adapted_class_rows(before, after))
        page.table("Before and after, by person", BY_PERSON, adapted_people_rows(before, after))
    for name, item in measured.items():
        _add_model(page, name, item)
    page.heading("Data")
    page.download("evaluation.json", dump_json(result.to_dict()).encode())
    page.heading("Environment")
    page.table("Machine and versions", ("what", ""), environment_rows(environment(command)))
    return page.html()


def _add_model(page: Page, name: str, item: Evaluation) -> None:
    page.heading(name)
    page.figure(draw_confusion(item, name), f"Confusion matrix of {name}: truth in rows, what was said in columns")
    page.table("By class", tables.CLASSES, tables.class_rows(item))
    page.table("Confusion, windows", tables.confusion_columns(item), tables.confusion_rows(item))
    page.figure(draw_people(item, name), f"Accuracy of {name} by person, the worst first")
    page.table("By person", tables.PEOPLE, tables.people_rows(item))
    if item.confidence is not None:
        page.figure(draw_reliability(item.confidence, name), f"Accuracy of {name} by confidence, and by coverage")
        page.text(confidence_line(item.confidence))
        page.table(COVERAGE, coverage_columns(item), coverage_rows(item))
