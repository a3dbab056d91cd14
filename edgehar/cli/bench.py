"""`edgehar bench`: measure the runtimes, or compare two measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.errors import CheckFailed, EdgeharError, MissingExtra

if TYPE_CHECKING:
    from edgehar.data import DataSource


class BenchCommand(click.Command):
    """`bench [BUNDLE]`, which hands `bench compare A B` to a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As in the base class; a bundle in a folder named `compare` is written `./compare`."""
        if args[:1] == ["compare"]:
            return compare_command.make_context(f"{info_name} compare", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@click.command("bench", cls=BenchCommand)
@click.argument("bundle", default="bundle", type=click.Path(path_type=Path))
@click.option("--runtimes", default="", metavar="A,B", help="Rows to measure; all by default.")
@click.option(
    "--engine",
    type=click.Choice(["whole", "incremental"]),
    default="whole",
    show_default=True,
    help="incremental: also time a step of the streaming model of each --hop.",
)
@click.option("--hop", "hops", type=click.IntRange(min=1), multiple=True, help="Of the streaming model [20].")
@click.option("--threads", default=1, show_default=True, help="Threads of one inference.")
@click.option("--quick", is_flag=True, help="Fewer rounds, and accuracy on a stratified subset; at most 45 s.")
@click.option("--out", default="bench-results", show_default=True, type=click.Path(path_type=Path), metavar="DIR")
@data_options()
@click.option("--split", "split_name", default="published", show_default=True, help="Who the test people are.")
@click.option("--target", "targets", multiple=True, metavar="CORE", help="Also count instructions: cortex-m4, ….")
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of tables.")
def command(
    bundle: Path,
    runtimes: str,
    engine: str,
    hops: tuple[int, ...],
    threads: int,
    quick: bool,
    out: Path,
    data: DataSource,
    split_name: str,
    targets: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure each runtime on BUNDLE (default: ./bundle), each in a process of its own, rounds interleaved.

    Writes results.json, samples.csv, env.json, summary.md and accuracy.png to --out.
    `edgehar bench compare A B` compares two such folders.

    With --target, instructions on an emulated Cortex-M: counts, never time.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from edgehar.benchmark.environment import environment
    from edgehar.benchmark.results import PICTURE, SUMMARY, ResultFolder
    from edgehar.benchmark.run import DEFAULT, QUICK, choose_rows, run
    from edgehar.benchmark.targets import import_measure
    from edgehar.benchmark.testset import pick_test_set
    from edgehar.bundle import open_bundle
    from edgehar.files import dump_json, write_text
    from edgehar.report.bench_plot import plot_results
    from edgehar.report.bench_table import WIDTH, print_results, summary_markdown

    if hops and engine == "whole":
        raise click.UsageError("expected --engine incremental with --hop; a whole window has no hop")
    if threads < 1:
        raise EdgeharError(f"expected 1 thread or more, got {threads}")
    plan = QUICK if quick else DEFAULT
    opened = open_bundle(bundle)
    rows = choose_rows([name.strip() for name in runtimes.split(",") if name.strip()], _hops(engine, hops))
    measure = import_measure(targets) if targets else lambda *_: {}
    around = environment(["edgehar", *sys.argv[1:]])
    dataset = load_dataset(data)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("cutting the test windows", total=None)
        tests = pick_test_set(dataset, split_name, opened.contract, plan.subset)
        folder = ResultFolder(out, around)

        def show(done: int, total: int, words: str) -> None:
            progress.update(task, completed=done, total=total, description=words or "measuring")

        results = run(opened, rows, tests, plan, threads, folder, around, show)
        for target in targets:
            progress.update(task, description=f"{target}: counting instructions")
            results["targets"].append(measure(opened.path, target))
            folder.write(results)
    write_text(out / SUMMARY, summary_markdown(results, around))
    try:
        plot_results(results, out / PICTURE)
    except MissingExtra as error:
        click.echo(f"no picture: {error}", err=True)
    if as_json:
        click.echo(dump_json(results), nl=False)
    else:
        print_results(results, Console(width=max(WIDTH, Console().width)))
    click.echo(f"written to {out}", err=True)
    if all(row["status"] != "ok" for row in results["rows"]):
        raise CheckFailed("no runtime could be measured; see the notes above")


def _hops(engine: str, hops: tuple[int, ...]) -> tuple[int, ...]:
    """Hops of the streaming models to measure; a second at 20 Hz where nothing is said."""
    return (hops or (20,)) if engine == "incremental" else ()


@click.command("compare")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--threshold", default=1.10, show_default=True, help="Fail where a latency grew by more than this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def compare_command(before: Path, after: Path, threshold: float, as_json: bool) -> None:
    """Ratios of two results with 95 % bootstrap intervals; exits 1 past --threshold.

    A latency fails where its ratio is past the threshold and its interval lies above 1.
    """
    from dataclasses import asdict

    from rich.console import Console

    from edgehar.benchmark.compare import compare
    from edgehar.files import dump_json
    from edgehar.report.bench_table import WIDTH, print_comparison

    if not threshold > 0:
        raise EdgeharError(f"expected a positive threshold such as 1.10, got {threshold}")
    comparison = compare(before, after)
    if as_json:
        click.echo(dump_json(asdict(comparison)), nl=False)
    else:
        print_comparison(comparison, threshold, Console(width=max(WIDTH, Console().width)))
    slower = comparison.regressions(threshold)
    if slower:
        worst = max(slower, key=lambda ratio: ratio.ratio)
        raise CheckFailed(
            f"{len(slower)} of the latencies grew past {threshold:g}, {worst.runtime} {worst.figure} most: "
            f"{worst.ratio:.3f}"
        )
