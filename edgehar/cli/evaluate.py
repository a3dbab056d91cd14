"""`edgehar evaluate`: the figures of a model on labelled recordings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.layout import Command
from edgehar.cli.output import note
from edgehar.cli.words import words
from edgehar.report.progress import progress

if TYPE_CHECKING:
    from edgehar.api.evaluate import EvaluateResult
    from edgehar.data import DataSource


def read_matches(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, tuple[str, ...]] | None:
    """`stairs=upstairs,downstairs`, repeatable, as a dictionary; None where nothing is given."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, _, members = (part.strip() for part in value.partition("="))
        allowed = tuple(word.strip() for word in members.split(","))
        if not name or not all(allowed) or name in found:
            raise click.BadParameter(
                f"expected NAME=A,B, each name once, as in stairs=upstairs,downstairs; got {value!r}", ctx, parameter
            )
        found[name] = allowed
    return found or None


@click.command(cls=Command, groups={"Measuring": ("runtime", "baseline", "align", "adapt", "only")})
@click.argument("model")
@click.option("--split", "split_name", help="Measure its test people.  [default: the model's own test people]")
@click.option("--subjects", help="Measure these people instead: 2,4,9 or all.")
@click.option("--runtime", help="Runtime by name, such as litert-int8-reference.  [default: the file's usual one]")
@click.option(
    "--match", multiple=True, callback=read_matches, metavar="NAME=A,B",
    help="A label of the recordings that may mean several of the model's: stairs=upstairs,downstairs; repeatable.",
)  # fmt: skip
@click.option("--baseline", is_flag=True, help="Add an SVM on 62 features, trained on the model's training people.")
@click.option("--align", is_flag=True, help="Turn each recording by its own first 8 s of walking.")
@click.option(
    "--adapt", type=click.IntRange(1), metavar="K",
    help="Learn each recording from K labelled windows of each activity, and measure on the others, before and after.",
)  # fmt: skip
@click.option(
    "--only", type=words, metavar="A,B", help="With --adapt: learn from these activities alone: sitting,standing."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="One page with figures, tables, data.")
@click.option("--plot", type=click.Path(path_type=Path, file_okay=False), help="Folder for PNGs.")
@data_options(default=None)
def command(
    model: str,
    data: DataSource | None,
    split_name: str | None,
    subjects: str | None,
    runtime: str | None,
    match: dict[str, tuple[str, ...]] | None,
    baseline: bool,
    align: bool,
    adapt: int | None,
    only: tuple[str, ...] | None,
    as_json: bool,
    html: Path | None,
    plot: Path | None,
) -> None:
    """Measure MODEL on labelled recordings.

    MODEL is a .keras, .tflite or .onnx file, a bundle's folder, or the name of a shipped model. Without --dataset it
    is measured on the recordings that it was trained with, and there on the people whom it has not seen. Accuracy and
    macro-F1 come with 95 % intervals by bootstrap over people. Confidence comes with its calibration error, with
    accuracy against coverage, and with how often postural transitions (where the recordings have them; no model is
    trained on them) are called unsure. Windows of labels that the model does not have are counted and left out;
    --match says which of its labels a coarser one may mean, and sums their probabilities. --adapt is what
    `edgehar adapt` is worth: figures of the int8 model before and after, side by side; --align, what turning samples by
    the first walking is worth (edgehar stream --align), with it or alone. --plot writes confusion,
    people and reliability, --html one
    page with all of it.
    """
    from edgehar import extras
    from edgehar.api.evaluate import evaluate
    from edgehar.files import dump_json, require_folder, write_text

    if html is not None:
        require_folder(html.parent, "--html")
        extras.require("train", "matplotlib")
    if subjects and split_name:
        raise click.UsageError("expected --split or --subjects, got both")
    if only is not None and adapt is None:
        raise click.UsageError("expected --adapt with --only: it names the activities to learn from")
    if adapt is not None and (baseline or plot):
        raise click.UsageError(f"expected --adapt or {'--baseline' if baseline else '--plot'}, got both")
    if align and baseline:
        raise click.UsageError("expected --align or --baseline, got both: that is for the recordings as they are")
    with ExitStack() as bars:
        shown: dict[str, Callable[[int, int], None]] = {}

        def show(name: str, done: int, total: int) -> None:
            # A bar for each file, opened when there is something to show: never two at a time with the reader's.
            if name not in shown:
                bars.close()
                shown[name] = bars.enter_context(progress(name))
            shown[name](done, total)

        result = evaluate(
            model,
            data,
            people=subjects,
            split=split_name,
            runtime=runtime,
            match=match,
            baseline=baseline,
            align=align,
            adapt=adapt,
            only=only,
            read=load_dataset,
            on_progress=show,
        )
    for sentence in result.notes:
        note(sentence)
    for name, why in result.skipped.items():
        click.echo(f"skipped {name}: {why}", err=True)
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
    else:
        _print(result)
    if plot is not None:
        _plot(result, plot)
    if html is not None:
        from edgehar.report.evaluation_page import evaluation_page

        write_text(html, evaluation_page(result, ["edgehar", *sys.argv[1:]]))
        click.echo(f"wrote {html}", err=True)


def _print(result: EvaluateResult) -> None:
    from edgehar.report.evaluation import print_evaluation, print_summary

    if result.adapted is not None:
        from edgehar.report.adapted_table import print_adapted

        for name, item in result.models.items():
            print_adapted(item, result.adapted.figures, f"{name} on {result.dataset}")
        return
    if len(result.models) == 1 and result.baseline is None:
        for name, item in result.models.items():
            print_evaluation(item, f"{name} on {result.dataset}")
        return
    rows = dict(result.models)
    if result.baseline is not None:
        rows["62 features, SVM"] = result.baseline
    print_summary(rows, result.dataset)
    print("per class, person and confusion: evaluate one file, without --baseline", file=sys.stderr)


def _plot(result: EvaluateResult, folder: Path) -> None:
    from edgehar.report.evaluation_plots import draw_confusion, draw_people, draw_reliability
    from edgehar.report.figures import save_png

    for name, item in result.models.items():
        stem = name.replace(".", "_")
        save_png(draw_confusion(item, name), folder / f"{stem}_confusion.png")
        save_png(draw_people(item, name), folder / f"{stem}_people.png")
        if item.confidence is not None:
            save_png(draw_reliability(item.confidence, name), folder / f"{stem}_reliability.png")
        print(f"wrote {folder / stem}_confusion.png, …_people.png and …_reliability.png", file=sys.stderr)
