"""`edgehar record`: a live source as a CSV, with labels by key."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehar.cli.data_options import data_options
from edgehar.cli.layout import Command
from edgehar.cli.output import note
from edgehar.cli.words import words

if TYPE_CHECKING:
    from edgehar.api.record import RecordResult
    from edgehar.data import DataSource

#: Seconds between two lines of progress where there is no terminal that renews one.
LOG_S = 60


@click.command(cls=Command)
@data_options(argument="source")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--labels", type=words, metavar="A,B", help="Keys 1, 2, … of the terminal begin these labels.")
@click.option("--seconds", type=float, help="Stop after so many.  [default: at the source's end, or Ctrl-C]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(data: DataSource, out: Path, labels: tuple[str, ...] | None, seconds: float | None, as_json: bool) -> None:
    """Write the samples of a live SOURCE to the new file OUT: time (s), x, y, z (m/s²), label.

    SOURCE is as in `edgehar stream`: -, tcp://HOST:PORT, phyphox://PHONE, sensorserver://PHONE:PORT,
    sensorlogger://ADDRESS:PORT, serial://DEVICE@BAUD, udp://ADDRESS:PORT, mqtt://BROKER/TOPIC. Each line is on disk
    when it is shown; Ctrl-C ends. `edgehar data check OUT` says what it is good for.
    """
    from edgehar.api.record import record
    from edgehar.cli.keys import Keys
    from edgehar.files import dump_json
    from edgehar.report.progress import console, stage

    with Keys(labels, "leave out --labels, or run it in one") if labels else nullcontext() as keys, stage() as on_step:
        last: list[RecordResult] = []
        every, due = (1 if console().is_terminal else LOG_S), 0.0

        def show(result: RecordResult) -> None:
            nonlocal due
            last[:] = [result]
            if result.seconds >= due:
                due = result.seconds + every
                on_step(f"{result.samples:,} samples, {result.seconds:.0f} s")

        try:
            result = record(
                data,
                out,
                seconds=seconds,
                pressed=list if keys is None else keys.pressed,
                note=note,
                on_progress=show,
            )
        except KeyboardInterrupt:
            if not last:
                raise
            result = last[0]
    if result.dropped:
        note(result.dropped)
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
        return
    told = ", ".join(f"{name or 'no label'} {count:,}" for name, count in result.labels.items())
    click.echo(
        f"{result.path}: {result.samples:,} samples in {result.seconds:.1f} s ({told}); skipped {result.bad} lines"
    )
