"""`edgehar search`: small networks by accuracy, flash and multiply-accumulates."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.train import plan_of, train_options

if TYPE_CHECKING:
    from edgehar.data import DataSource


@click.command(params=train_options("arch", "refit", "teachers", "teacher", "share"))
@click.option("--budget", default="flash=24k,macs=500k", show_default=True, help="Limits; also ram=BYTES.")
@click.option("--trials", type=click.IntRange(1), default=50, show_default=True, help="Architectures to train, in all.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trainings at a time.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/search-seedSEED]")
@click.option("--json", "as_json", is_flag=True, help="Print the front as JSON.")
@data_options()
def command(
    data: DataSource, budget: str, trials: int, jobs: int, out: Path | None, as_json: bool, **options: Any
) -> None:
    """Search the family of small networks for the front of macro-F1 against flash and multiply-accumulates.

    Flash is the constants of the C engine without its code, multiply-accumulates are those of a whole window.
    Validation people decide; those of the test split are not touched. The same command goes on with the study
    in the folder, with a higher --trials for longer. Train what is chosen with `edgehar train --arch …`.
    """
    from edgehar.report.front_plot import plot_front, print_front
    from edgehar.training.search import SearchPlan
    from edgehar.training.search_space import read_budget

    # The recipe of a small network; each is trained alone, since teachers would cost more than it does.
    plan = SearchPlan(plan_of({**options, "arch": "micro", "teachers": 0}, data), read_budget(budget))
    dataset = load_dataset(data)
    folder = out or Path("runs") / f"search-seed{plan.run.recipe.seed}"
    front, candidates = _run(plan, dataset, folder, trials, jobs)
    title = f"{len(candidates)} architectures on validation people of {dataset.name}, budget {budget}"
    if as_json:
        print(json.dumps([asdict(item) for item in front], indent=2, sort_keys=True))
    elif front:
        print_front(front, f"Pareto front of {title}")
    if front:
        plot_front(front, candidates, folder / "front.png", title)
        click.echo(
            "note: the figures are of the people who chose, and flatter the best: confirm a choice with "
            f"edgehar crossval --arch {front[-1].arch}",
            err=True,
        )


def _run(plan: Any, dataset: Any, folder: Path, trials: int, jobs: int) -> Any:
    """Search with a bar on standard error, or a line a candidate where it is no terminal."""
    from edgehar.report.progress import counted
    from edgehar.training.search import search

    with counted("searching", "architectures") as (count, say):

        def tell(done: int, wanted: int, rejected: int, newest: Any) -> None:
            count(done, wanted, f"searching, {rejected} rejected untrained")
            if newest is not None:
                figure = "given up" if newest.macro_f1 is None else f"macro-F1 {newest.macro_f1:.3f}"
                spent = f"{newest.flash / 1000:.1f} kB, {newest.macs / 1000:,.0f} kMAC"
                say(f"{done} of {wanted}: {newest.arch}: {figure}, {spent}")
            elif done:
                say(f"{done} architectures are in {folder} already")

        try:
            return search(plan, dataset, folder, trials=trials, jobs=jobs, on_candidate=tell)
        except KeyboardInterrupt:
            say(f"stopped; the study is in {shlex.quote(str(folder))}, the same command goes on")
            raise
