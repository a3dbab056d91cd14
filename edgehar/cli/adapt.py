"""`edgehar adapt`: learn a person from one window of each activity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.layout import Command
from edgehar.cli.words import words

if TYPE_CHECKING:
    from edgehar.api.adapt import AdaptResult
    from edgehar.data import DataSource


@click.command(cls=Command)
@data_options(argument="source")
@click.option("--bundle", default="bundle", show_default=True, help="Bundle folder with an int8 model.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("me.profile"), show_default=True,
    help="The profile.",
)  # fmt: skip
@click.option("--only", type=words, metavar="A,B", help="Learn from these activities alone, as in sitting,standing.")
@click.option("--each", type=click.IntRange(1, 8), default=1, show_default=True, help="Windows of each activity.")
@click.option(
    "--align/--no-align", default=None,
    help="Also turn samples by the recording's first 8 s of walking (default: where model and recording allow it).",
)  # fmt: skip
@click.option("--rotation-only", is_flag=True, help="Align, and leave the last layer as it is; needs no labels.")
@click.option("--subject", help="Take a recording of this person.")
@click.option("--recording", help="Take the recording of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    data: DataSource,
    bundle: str,
    out: Path,
    only: tuple[str, ...] | None,
    each: int,
    align: bool | None,
    rotation_only: bool,
    subject: str | None,
    recording: str | None,
    as_json: bool,
) -> None:
    """Learn a person from one labelled window of each activity, and write a profile of a few hundred bytes.

    SOURCE is a recording with labels. The profile is the model's last layer anew, for this model only, and the rotation
    that puts gravity where training had it, told by the recording's first 8 s of walking: `edgehar stream --profile`
    takes it, and the C engine. A recording without labels that walks gives the rotation alone.
    """
    from edgehar.api.adapt import adapt
    from edgehar.files import dump_json

    if rotation_only and (align is False or only is not None or each != 1):
        raise click.UsageError(
            "--rotation-only learns nothing but the rotation: leave out --no-align, --only and --each"
        )
    result = adapt(
        data, bundle, out=out, labels=only, each=each, align=align, last_layer=not rotation_only,
        recording=recording, subject=subject, read=load_dataset,
    )  # fmt: skip
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
    else:
        _print(result)


def _print(result: AdaptResult) -> None:
    from edgehar.report.tables import NOTHING, percent, results_console, terminal_table

    rows = [
        [label, ", ".join(f"{time:.2f}" for time in result.used[label]) if label in result.used else NOTHING]
        for label in (*result.used, *result.missing)
    ]
    console = results_console()
    title = f"{result.recording}, subject {result.subject}"
    if result.used:
        console.print(terminal_table(title, ("activity", "learned from the window at, s"), rows))
    console.print(result.aligned)
    if not result.used:
        console.print("no last layer: it stays the model's own")
    if result.before is not None:
        console.print(
            f"right in {percent(result.after)} % of {result.scored} other windows; without the profile "
            f"{percent(result.before)} %"
        )
    console.print(f"wrote {result.path}, {result.size} bytes, for the model {result.profile.model[:16]}")
