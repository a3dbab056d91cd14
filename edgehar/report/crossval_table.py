"""A cross-validation as tables: fold by fold, person by person, and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.report.evaluation import headline
from edgehar.report.tables import NOTHING, percent, results_console, terminal_table

if TYPE_CHECKING:
    from edgehar.training.crossval import CrossResult
    from edgehar.training.fold import FoldJson
    from edgehar.training.fold_adapted import AdaptedJson

#: People named in a row of the table before it says how many more there are.
NAMED = 6


def fold_line(fold: FoldJson) -> str:
    """One finished fold in one line."""
    return (
        f"fold {fold['fold']} ({people(fold['people'])}): accuracy {percent(fold['accuracy'])} %, "
        f"macro-F1 {fold['macro_f1']:.3f}, {fold['windows']} windows, epoch {fold['best_epoch']}"
    )


def people(names: list[str]) -> str:
    """Names for a narrow column."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def print_sources(result: CrossResult) -> None:
    """Each set in its own labels and with labels merged; macro-F1 over the classes that the set has."""
    columns = ["source", "windows", "accuracy %", "macro-F1", "merged: accuracy %", "macro-F1"]
    rows = []
    every = {**result.sources, **{f"{name}, int8": told for name, told in result.sources_int8.items()}}
    for name, (before, after) in result.sources_adapted.items():
        every |= {f"{name}, int8, not learned from": before, f"{name}, adapted": after}
    for name, told in every.items():
        cells = [name, str(told["windows"])]
        for figures in (told["own"], told["merged"]):
            cells += (
                [NOTHING, NOTHING] if figures is None else [percent(figures["accuracy"]), f"{figures['macro_f1']:.3f}"]
            )
        rows.append(cells)
    results_console().print(terminal_table("By source, over the classes that it has", columns, rows))


def _before_and_after(adapted: AdaptedJson) -> list[str]:
    return [str(len(adapted["scored"])), percent(adapted["plain_accuracy"]), percent(adapted["accuracy"])]


def print_crossval(result: CrossResult, title: str) -> None:
    """Print the folds, the people, and mean ± deviation over folds beside the interval over people."""
    console = results_console()
    rows = [
        [
            str(fold["fold"]),
            people(fold["people"]),
            percent(fold["accuracy"]),
            f"{fold['macro_f1']:.3f}",
            str(fold["best_epoch"]),
            str(fold["windows"]),
            *([percent(fold["int8_accuracy"]), f"{fold['int8_macro_f1']:.3f}"] if result.pooled_int8 else []),
            *(_before_and_after(fold["adapted"]) if result.pooled_adapted else []),
        ]
        for fold in result.folds
    ]
    columns = ["fold", "people", "accuracy %", "macro-F1", "epoch", "windows"]
    columns += ["int8: accuracy %", "macro-F1"] if result.pooled_int8 else []
    columns += ["scored", "plain", "adapted"] if result.pooled_adapted else []
    console.print(terminal_table(title, columns, rows))
    pooled = result.pooled
    order = sorted(pooled.subject_accuracy.items(), key=lambda item: item[1])
    rows = [[name, percent(value), str(pooled.subject_windows[name])] for name, value in order]
    console.print(terminal_table("By person, the worst first", ["person", "accuracy %", "windows"], rows))
    if result.sources:
        print_sources(result)
    mean, deviation = result.spread("accuracy")
    f1_mean, f1_deviation = result.spread("macro_f1")
    console.print(
        f"over {len(result.folds)} folds, mean ± deviation: accuracy {percent(mean)} ± {percent(deviation)} %, "
        f"macro-F1 {f1_mean:.3f} ± {f1_deviation:.3f}",
        soft_wrap=True,
    )
    console.print(f"all people together: {headline(pooled)}, by bootstrap over people", soft_wrap=True)
    if result.pooled_int8 is not None:
        console.print(f"quantised to int8: {headline(result.pooled_int8)}", soft_wrap=True)
    if result.pooled_adapted is not None:
        before, after = result.pooled_adapted
        console.print(f"int8, on the windows that nothing was learned from: {headline(before)}", soft_wrap=True)
        console.print(f"int8, adapted to each {result.folds[0]['adapted']['unit']}: {headline(after)}", soft_wrap=True)
