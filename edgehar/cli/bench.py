"""`edgehar bench`: measure the runtimes, or compare two measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, reader
from edgehar.cli.layout import Command
from edgehar.cli.words import words
from edgehar.errors import CheckFailed, EdgeharError, MissingExtra

if TYPE_CHECKING:
    from edgehar.data import DataSource

#: Samples between decisions where nothing is said: a second at 20 Hz.
DEFAULT_HOP = 20


class BenchCommand(Command):
    """`bench [BUNDLE]`, which hands `bench compare A B` to a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As in the base class; a bundle in a folder named `compare` is written `./compare`."""
        if args[:1] == ["compare"]:
            return compare_command.make_context(f"{info_name} compare", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@click.command(
    "bench",
    cls=BenchCommand,
    groups={"Measuring": ("runtimes", "engine", "hops", "threads", "quick", "targets")},
)
@click.argument("bundle", default="bundle", type=click.Path(path_type=Path))
@click.option("--runtimes", type=words, metavar="A,B", help="Rows to measure; all by default.")
@click.option(
    "--engine",
    type=click.Choice(["whole", "incremental"]),
    default="whole",
    show_default=True,
    help="incremental: also time a step of the incremental model of each --hop.",
)
@click.option("--hop", "hops", type=click.IntRange(min=1), multiple=True, help="Of the incremental model [20].")
@click.option("--threads", default=1, show_default=True, help="Threads of one inference.")
@click.option("--quick", is_flag=True, help="Fewer rounds, and accuracy on a stratified subset; at most 45 s.")
@click.option("--out", default="bench-results", show_default=True, type=click.Path(path_type=Path), metavar="DIR")
@data_options(default=None)
@click.option("--split", "split_name", help="Who the test people are.  [default: whom the model has not seen]")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="CORE",
    help="Also count instructions: cortex-m4, …; at each --hop, too.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="One page with figures, tables, samples.")
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of tables.")
def command(
    bundle: Path,
    runtimes: tuple[str, ...] | None,
    engine: str,
    hops: tuple[int, ...],
    threads: int,
    quick: bool,
    out: Path,
    data: DataSource | None,
    split_name: str | None,
    targets: tuple[str, ...],
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure each runtime on BUNDLE (default: ./bundle), each in a process of its own, rounds interleaved.

    Writes results.json, samples.csv, env.json, summary.md and accuracy.png to --out.
    `edgehar bench compare A B` compares two such folders.

    Accuracy is of people whom the model has not seen, in the recordings of its training. Where those are not here,
    and with --dataset golden, the windows in the bundle serve, which need the base install alone.

    With --target, instructions on an emulated Cortex-M: counts, never time.
    """
    from rich.progress import BarColumn, TimeElapsedColumn

    from edgehar import extras
    from edgehar.api.bench import bench
    from edgehar.benchmark.results import PICTURE, SUMMARY
    from edgehar.files import dump_json, require_folder, write_text
    from edgehar.report.bench_plot import draw_results
    from edgehar.report.bench_table import WIDTH, print_results, summary_markdown
    from edgehar.report.figures import save_png
    from edgehar.report.progress import bar
    from edgehar.report.tables import results_console

    if html is not None:
        require_folder(html.parent, "--html")
        extras.require("bench", "matplotlib")
    if hops and engine == "whole":
        raise click.UsageError("expected --engine incremental with --hop; a whole window has no hop")
    with bar(BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("reading", total=None)

        def show(done: int, total: int, words: str) -> None:
            progress.update(task, completed=done, total=total, description=words or "measuring")

        result = bench(
            bundle,
            data,
            runtimes=runtimes or (),
            hops=(hops or (DEFAULT_HOP,)) if engine == "incremental" else (),
            threads=threads,
            quick=quick,
            split=split_name,
            targets=targets,
            out=out,
            command=["edgehar", *sys.argv[1:]],
            read=reader(lambda done, total: show(done, total, "reading")),
            on_progress=show,
        )
    write_text(out / SUMMARY, summary_markdown(result.results, result.environment))
    try:
        save_png(draw_results(result.results), out / PICTURE)
    except MissingExtra as error:
        click.echo(f"no picture: {error}", err=True)
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
    else:
        print_results(result.results, results_console(WIDTH))
    click.echo(f"written to {out}", err=True)
    if html is not None:
        from edgehar.report.bench_page import bench_page

        write_text(html, bench_page(result.results, result.environment, out))
        click.echo(f"wrote {html}", err=True)
    if not result.measured:
        raise CheckFailed("no runtime could be measured; see the notes above")


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

    from edgehar.benchmark.compare import compare
    from edgehar.files import dump_json
    from edgehar.report.bench_table import WIDTH, print_comparison
    from edgehar.report.tables import results_console

    if not threshold > 0:
        raise EdgeharError(f"expected a positive threshold such as 1.10, got {threshold}")
    comparison = compare(before, after)
    if as_json:
        click.echo(dump_json(asdict(comparison)), nl=False)
    else:
        print_comparison(comparison, threshold, results_console(WIDTH))
    slower = comparison.regressions(threshold)
    if slower:
        worst = max(slower, key=lambda ratio: ratio.ratio)
        raise CheckFailed(
            f"{len(slower)} of the latencies grew past {threshold:g}, {worst.runtime} {worst.figure} most: "
            f"{worst.ratio:.3f}"
        )
