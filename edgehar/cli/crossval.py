"""`edgehar crossval`: what a recipe is worth on people it has not seen, fold by fold."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.train import plan_of, train_options

if TYPE_CHECKING:
    from edgehar.data import DataSource


@click.command(params=train_options("split"))
@click.option("--folds", default="loso", show_default=True, help="Folds by person; loso leaves one subject out a fold.")
@click.option("--everybody", is_flag=True, help="Also the people of the published test split: no choices after that.")
@click.option("--int8", is_flag=True, help="Measure each fold's network quantised, too.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Folds at a time on this machine.")
@click.option("--dask", metavar="ADDRESS", help="Run on a Dask cluster instead, as in tcp://host:8786.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/crossval-ARCH-seedSEED]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_options()
def command(
    data: DataSource, folds: str, everybody: bool, int8: bool, jobs: int, dask: str | None, out: Path | None,
    as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Train once a fold, each time without the fold's people, and measure each person by a model that knows nobody.

    Each fold's result is written as it finishes; the same command again runs what is missing. Without
    --everybody, people of a published test split stay out, so that choices can be made by these figures.
    """
    from edgehar import files
    from edgehar.report.crossval_table import print_crossval
    from edgehar.report.evaluation import subjects_csv
    from edgehar.training import crossval

    count: int | str = folds if folds == "loso" else _number(folds)
    plan = crossval.CrossPlan(plan_of(options, data), count, everybody, int8)
    recipe = plan.run.recipe
    dataset = load_dataset(data)
    if dataset.published_test and not everybody:
        click.echo(
            f"note: the {len(dataset.published_test)} people of the published test split stay out; --everybody takes "
            "them in",
            err=True,
        )
    chosen = crossval.participants(dataset, everybody)
    folder = out or Path("runs") / f"crossval-{recipe.arch}-seed{recipe.seed}"
    result = _run(plan, chosen, folder, jobs, dask)
    files.write_text(folder / "people.csv", subjects_csv(result.pooled))
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, sort_keys=True))
    else:
        print_crossval(result, f"{recipe.arch} on {dataset.name}, {len(result.folds)} folds by person")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"expected a number or loso, got {text!r}", param_hint="--folds") from error


def _run(plan: Any, dataset: Any, folder: Path, jobs: int, dask: str | None) -> Any:
    """Run the folds with a bar on standard error, or a line a fold where it is no terminal."""
    from edgehar.report.crossval_table import fold_line
    from edgehar.report.progress import counted
    from edgehar.training import crossval

    options: dict[str, Any] = {"jobs": jobs, "dask": dask}
    if plan.int8:
        from edgehar.convert.quantised import int8_probabilities

        options["quantised"] = int8_probabilities
    with counted("training", "folds") as (count, say):

        def tell(done: int, total: int, fold: dict[str, Any] | None) -> None:
            count(done, total, "training")
            if fold is not None:
                say(f"{done} of {total}: {fold_line(fold)}")
            elif done:
                say(f"{done} of {total} folds are in {folder} already")

        try:
            return crossval.cross_validate(plan, dataset, folder, **options, on_fold=tell)
        except KeyboardInterrupt:
            say(f"stopped; what has finished is in {shlex.quote(str(folder))}, the same command runs the rest")
            raise
