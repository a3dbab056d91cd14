"""`edgehar search`: small networks by accuracy, flash and multiply-accumulates."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.layout import Command
from edgehar.cli.output import note
from edgehar.cli.train import GROUPS, train_options

if TYPE_CHECKING:
    from edgehar.data import DataSource
    from edgehar.training.search import Candidate, OnCandidate


@click.command(
    cls=Command,
    groups={"Search": ("budget", "trials", "jobs"), **GROUPS},
    params=train_options("arch", "refit", "match", "teachers", "teacher", "share"),
)
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
    from edgehar.api.search import default_folder, search
    from edgehar.files import dump_json
    from edgehar.report.front_plot import plot_front, print_front

    folder = out or default_folder(options["seed"])
    with _candidates(folder) as tell:
        result = search(
            data, budget=budget, trials=trials, jobs=jobs, out=folder, read=load_dataset, on_candidate=tell, **options
        )
    front = result.front
    title = f"{len(result.candidates)} architectures on validation people of {result.dataset}, budget {budget}"
    if as_json:
        click.echo(dump_json(result.to_dict()["front"]), nl=False)
    elif front:
        print_front(front, f"Pareto front of {title}")
    if front:
        plot_front(front, result.candidates, folder / "front.png", title)
        note(
            "the figures are of the people who chose, and flatter the best: confirm a choice with "
            f"edgehar crossval --arch {front[-1].arch}"
        )


@contextmanager
def _candidates(folder: Path) -> Iterator[OnCandidate]:
    """A bar on standard error, or a line for each candidate where it is no terminal."""
    from edgehar.report.progress import counted

    with counted("searching", "architectures") as (count, say):

        def tell(done: int, wanted: int, rejected: int, newest: Candidate | None) -> None:
            count(done, wanted, f"searching, {rejected} rejected untrained")
            if newest is not None:
                figure = "given up" if newest.macro_f1 is None else f"macro-F1 {newest.macro_f1:.3f}"
                spent = f"{newest.flash / 1000:.1f} kB, {newest.macs / 1000:,.0f} kMAC"
                say(f"{done} of {wanted}: {newest.arch}: {figure}, {spent}")
            elif done:
                say(f"{done} architectures are in {folder} already")

        try:
            yield tell
        except KeyboardInterrupt:
            say(f"stopped; the study is in {shlex.quote(str(folder))}, the same command goes on")
            raise
