"""`edgehar crossval`: what a recipe is worth on people it has not seen, fold by fold."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.evaluate import read_matches
from edgehar.cli.layout import Command, given
from edgehar.cli.output import note
from edgehar.cli.train import GROUPS, train_options
from edgehar.cli.words import words

if TYPE_CHECKING:
    from edgehar.data import Dataset, DataSource
    from edgehar.training.crossval import OnFold
    from edgehar.training.fold import FoldJson


@click.command(
    cls=Command,
    groups={
        "Folds": ("folds", "leave_one_source_out", "everybody", "int8", "align", "adapt", "only", "jobs", "dask"),
        **{name: tuple(word for word in words if word != "align") for name, words in GROUPS.items()},
    },
    params=train_options("split", "match"),
)
@click.option("--folds", default="loso", show_default=True, help="Folds by person; loso: leave one subject out.")
@click.option("--leave-one-source-out", is_flag=True, help="One fold for each set of a .toml list, instead of --folds.")
@click.option("--everybody", is_flag=True, help="Also the people of the published test split: no choices after that.")
@click.option("--int8", is_flag=True, help="Measure each fold's network quantised, too.")
@click.option(
    "--align", is_flag=False, flag_value="all", type=click.Choice(["none", "all", "measured", "both"]), default="none",
    help="Turn each recording by its own first walking, those of training as well; measured: the measured ones alone; "
    "both: train on turned ones and on the same as recorded, measure as recorded.",
)  # fmt: skip
@click.option(
    "--adapt", type=click.IntRange(1), metavar="K",
    help="Learn each recording from K labelled windows of each activity; each fold's int8 network before and after.",
)  # fmt: skip
@click.option(
    "--only", type=words, metavar="A,B", help="With --adapt: learn from these activities alone: sitting,standing."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Folds at a time on this machine.")
@click.option("--dask", metavar="ADDRESS", help="Run on a Dask cluster instead, as in tcp://host:8786.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/crossval-ARCH-seedSEED]")
@click.option(
    "--match", multiple=True, callback=read_matches, metavar="NAME=A,B",
    help="Labels that count as one in the figures, as in stairs=upstairs,downstairs; a truth of that name allows them "
    "in training. Repeatable.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_options()
@click.pass_context
def command(
    context: click.Context, /, data: DataSource, folds: str, leave_one_source_out: bool, everybody: bool, int8: bool,
    align: str, adapt: int | None, only: tuple[str, ...] | None, jobs: int, dask: str | None, out: Path | None,
    match: dict[str, tuple[str, ...]] | None, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Train once per fold, each time without the fold's people, and measure each person by a model that knows nobody.

    Each fold's result is written as it finishes; the same command again runs what is missing. Without
    --everybody, people of a published test split stay out, so that choices can be made by these figures.
    --adapt tells what learning people is worth, as in `evaluate`: in every fold, on its own people; --align, what
    alignment by walking is worth, with it or alone.
    """
    from edgehar import files
    from edgehar.api.crossval import crossval, default_folder
    from edgehar.report.crossval_table import print_crossval
    from edgehar.report.evaluation import subjects_csv

    def read(source: DataSource) -> Dataset:
        dataset = load_dataset(source)
        if dataset.published_test and not everybody:
            note(
                f"the {len(dataset.published_test)} people of the published test split stay out; --everybody takes "
                "them in"
            )
        return dataset

    if leave_one_source_out and "folds" in given(context):
        raise click.UsageError("expected --folds or --leave-one-source-out, got both")
    count: int | str = "source" if leave_one_source_out else folds if folds == "loso" else _number(folds)
    by = "source" if leave_one_source_out else "person"
    folder = out or default_folder(options["arch"], options["seed"])
    told = {
        "everybody": everybody,
        "int8": int8,
        "align": align,
        "adapt": adapt,
        "only": only,
        "match": match,
        "jobs": jobs,
        "dask": dask,
        **options,
    }
    with _folds(folder) as tell:
        result = crossval(data, folds=count, out=folder, read=read, on_fold=tell, **told)
    files.write_text(folder / "people.csv", subjects_csv(result.pooled))
    if as_json:
        click.echo(files.dump_json(result.to_dict()), nl=False)
    else:
        if result.unaligned:
            note(
                f"nobody walks for 8 s in {len(result.unaligned)} recordings, which stay as they are "
                f"({', '.join(result.unaligned[:6])}{', …' if len(result.unaligned) > 6 else ''})"
            )
        print_crossval(result, f"{options['arch']} on {data.source}, {len(result.folds)} folds by {by}")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"expected a number or loso, got {text!r}", param_hint="--folds") from error


@contextmanager
def _folds(folder: Path) -> Iterator[OnFold]:
    """A bar on standard error, or a line per fold where it is no terminal."""
    from edgehar.report.crossval_table import fold_line
    from edgehar.report.progress import counted
    from edgehar.report.tables import duration

    began: list[tuple[float, int]] = []
    with counted("training", "folds") as (count, say):

        def tell(done: int, total: int, fold: FoldJson | None) -> None:
            count(done, total, "training")
            if fold is None:
                began.append((time.monotonic(), done))
                if done:
                    say(f"{done} of {total} folds are in {folder} already")
                return
            start, before = began[0]
            left = (time.monotonic() - start) / (done - before) * (total - done)
            clock = f"; about {duration(left)} left" if done < total else ""
            say(f"{done} of {total}: {fold_line(fold)}{clock}")

        try:
            yield tell
        except KeyboardInterrupt:
            say(f"stopped; what has finished is in {shlex.quote(str(folder))}, the same command runs the rest")
            raise
