"""`data`: list, inspect, check and fetch recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.layout import Command
from edgehar.cli.output import note, warn
from edgehar.errors import CheckFailed
from edgehar.report.progress import progress

if TYPE_CHECKING:
    from edgehar.data import DataSource
    from edgehar.data.check import Check


@click.group()
def command() -> None:
    """List, inspect, check and fetch recordings."""


@command.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_sets(as_json: bool) -> None:
    """List the data sets known by name, and where they are."""
    from edgehar.data.catalogue import CATALOGUE, fetched

    rows = []
    for item in CATALOGUE:
        path = fetched(item.name)
        shipped = item.name == "hapt"
        state = "shipped" if shipped else str(path) if path else f"run: edgehar data fetch {item.name}"
        rows.append(
            {
                "name": item.name,
                "title": item.title,
                "people": item.people,
                "rate_hz": item.rate_hz,
                "placement": item.placement,
                "licence": item.licence,
                "url": item.url,
                "available": shipped or path is not None,
                "where": state,
            }
        )
    if as_json:
        _print_json(rows)
        return
    _print_table(
        "Data sets",
        ["name", "what", "people", "Hz", "placement", "where"],
        [[r["name"], r["title"], r["people"], f"{r['rate_hz']:g}", r["placement"], r["where"]] for r in rows],
    )
    click.echo("Any other file or folder: edgehar data check PATH")


@command.command(cls=Command)
@data_options(argument="name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(data: DataSource, as_json: bool) -> None:
    """Tell people, labels, rates and hash of a data set: a NAME of the list, or a path."""
    from edgehar.data.catalogue import entry

    dataset = load_dataset(data, quiet=as_json)
    seconds: dict[str, float] = {}
    for recording in dataset.recordings:
        for code, name in enumerate(dataset.classes):
            seconds[name] = seconds.get(name, 0) + float((recording.label == code).sum()) / recording.rate_hz
    found = entry(data.source)
    result: dict[str, Any] = {
        "name": dataset.name,
        "people": list(dataset.subjects),
        "recordings": len(dataset.recordings),
        "samples": sum(len(recording) for recording in dataset.recordings),
        "rates_hz": sorted({recording.rate_hz for recording in dataset.recordings}),
        "classes": {name: round(value, 2) for name, value in seconds.items()},
        "mapping": dict(dataset.mapping),
        "published_test": list(dataset.published_test),
        "sha256": dataset.sha256,
        "notes": list(dataset.notes),
        "licence": found.licence if found else None,
        "citation": found.citation if found else None,
    }
    if as_json:
        _print_json(result)
        return
    own: dict[str, list[str]] = {}
    for label, name in dataset.mapping.items():
        own.setdefault(name, []).append(label)
    rows = [[name, ", ".join(own.get(name, [])), f"{value:,.1f}"] for name, value in seconds.items()]
    _print_table(f"{dataset.name}: labels", ["name here", "label in the files", "seconds"], rows)
    click.echo(f"{len(dataset.subjects)} people: {', '.join(dataset.subjects)}")
    click.echo(f"{result['recordings']} recordings, {result['samples']:,} samples, {_hz(result['rates_hz'])} Hz")
    if dataset.published_test:
        click.echo(f"published test split: {', '.join(dataset.published_test)}")
    if found:
        click.echo(f"cite: {found.citation}; licence: {found.licence}")
    click.echo(f"SHA-256 of samples, labels and people: {dataset.sha256}")


@command.command(cls=Command)
@data_options(argument="path")
@click.option(
    "--for", "use", type=click.Choice(["stream", "evaluate", "train"]), default="train", show_default=True,
    help="What the recordings must be good for; exit status 1 if they are not.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(data: DataSource, use: str, as_json: bool) -> None:
    """Check any recording: rate, gaps, timestamps, values, unit, sign, labels, and what would be dropped.

    PATH is a file, folder or archive: text tables (any separator, decimal comma, .gz, .xz, .zip), Parquet, Feather,
    the exports of phyphox, Sensor Logger and CoreMotion as they come, and the published sets.

    An edgehar-data.toml beside the recordings says what they do not; options given here win over it. Its keys are
    columns (a list), channels, unit, axes, rate, time, time_unit, subject and label, with the meaning of the options,
    and a table [labels] with lines such as Own = "walking".
    """
    from edgehar.contract import Contract
    from edgehar.data import HAPT_LABELS
    from edgehar.data.check import check as run

    dataset = load_dataset(data, quiet=as_json, notes=False)
    with progress("checking", quiet=as_json) as tick:
        result = run(dataset, Contract(HAPT_LABELS, channels=dataset.channels), on_progress=tick)
    if as_json:
        _print_json(result.to_dict())
    else:
        _print_check(result)
    if not result.usable_for(use):
        from edgehar.data.check import USES

        reasons = [reason for step in USES[: USES.index(use) + 1] for reason in result.problems[step]]
        raise CheckFailed(f"not usable to {use}: {'; '.join(reasons)}")


@command.command(cls=Command)
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; otherwise the user's cache.")
@click.option("--url", help="Another address than the official one.")
@click.option("--sha256", help="Expected hash; otherwise the one recorded at the first download.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fetch(name: str, out: Path | None, url: str | None, sha256: str | None, as_json: bool) -> None:
    """Download a data set by NAME from its official place."""
    from edgehar.data.catalogue import entry
    from edgehar.data.fetch import fetch as run

    with progress(f"fetching {name}", quiet=as_json, unit="bytes") as tick:
        path, digest = run(name, url=url, folder=out, sha256=sha256, on_progress=tick)
    found = entry(name)
    assert found is not None
    source = f"{found.kind}:{path}"
    if as_json:
        _print_json({"name": name, "path": str(path), "sha256": digest, "source": source})
        return
    click.echo(f"{path}\nSHA-256 {digest}\nuse it: --dataset {source}")


def _gravity_rows(result: Check) -> list[list[str]]:
    """What gravity tells, where there is acceleration."""
    if result.gravity is None:
        return []
    up = ", ".join(f"{value:.2f}" for value in result.gravity["upright_mean"])
    return [
        ["length of the mean", f"{result.gravity['usual']:.2f} m/s² (gravity: 9.81)"],
        ["mean while upright", f"{up} m/s²: {result.gravity['up']} is up"],
    ]


def _print_check(result: Check) -> None:
    rates = ", ".join(f"{rate} Hz ({count:,} samples)" for rate, count in result.rates.items())
    stuck = ", ".join(f"{axis} {count}" for axis, count in result.saturated["samples"].items())
    names = result.saturated["samples"]
    ranges = zip(names, result.saturated["lowest"], result.saturated["highest"], strict=True)
    rows = [
        ["people, recordings", f"{result.people}, {result.recordings}"],
        ["samples", f"{result.samples:,} ({result.seconds:,.1f} s)"],
        ["rate", rates],
        ["jittered recordings", f"{result.jittered}"],
        *_gravity_rows(result),
        ["range", "  ".join(f"{name} {lo:.1f} … {hi:.1f}" for name, lo, hi in ranges)],
        ["saturated samples", stuck],
        ["walking's peak", f"{result.walking_hz:.2f} Hz" if result.walking_hz is not None else "no 8 s of walking"],
        ["windows", f"{result.windows}"],
    ]
    _print_table(f"{result.name}", ["", ""], rows)
    _print_table(
        "Labels",
        ["label", "seconds", "windows"],
        [[name, f"{row['seconds']:,.1f}", f"{row.get('windows', 0):g}"] for name, row in result.labels.items()],
    )
    _print_table(
        "People",
        ["person", "seconds", "windows"],
        [[name, f"{row['seconds']:,.1f}", f"{row['windows']:g}"] for name, row in result.subjects.items()],
    )
    dropped = [[reason, str(count)] for reason, count in result.findings.items()]
    dropped += [[reason, f"{seconds:,.1f} s"] for reason, seconds in result.dropped_seconds.items()]
    _print_table("Dropped and broken", ["why", "how much"], dropped or [["nothing", ""]])
    for sentence in result.notes:
        note(sentence)
    for sentence in result.warnings:
        warn(sentence)
    click.echo("usable: " + ", ".join(f"{use} {'yes' if result.usable_for(use) else 'no'}" for use in result.problems))


def _hz(rates: list[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates)


def _print_json(value: object) -> None:
    from edgehar.files import dump_json

    click.echo(dump_json(value), nl=False)


def _print_table(title: str, columns: list[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from edgehar.report.tables import results_console

    table = Table(title=title, title_justify="left", show_header=any(columns))
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    results_console().print(table)
