"""`edgehar stream`: run a bundle over a live stream or a recording."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.errors import DataError

if TYPE_CHECKING:
    from edgehar.contract import Contract
    from edgehar.data import DataSource
    from edgehar.runtimes import Runtime
    from edgehar.streaming.sources import Block

FRACTION = click.FloatRange(0, 1)


@click.command()
@data_options(argument="source")
@click.option("--bundle", help="Bundle folder, or a model file (default: bundle).")
@click.option("--runtime", help="Runtime, such as litert-int8-reference (default: int8 where the bundle has it).")
@click.option(
    "--engine",
    type=click.Choice(["whole", "incremental"]),
    default="whole",
    show_default=True,
    help="Run whole windows, or only what is new since the last decision; the decisions are equal.",
)
@click.option("--hop", type=click.IntRange(min=1), default=20, show_default=True, help="Samples between decisions.")
@click.option(
    "--smooth",
    type=click.Choice(["ema", "majority", "none"]),
    default="ema",
    show_default=True,
    help="Moving average of probabilities, vote over the last decisions, or nothing.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="ema: weight of the newest.",
)
@click.option(
    "--votes", type=click.IntRange(1, 15), default=5, show_default=True, help="majority: decisions that count."
)
@click.option("--threshold", type=FRACTION, default=0.5, show_default=True, help="Below this score: unsure.")
@click.option(
    "--hysteresis", type=FRACTION, default=0.05, show_default=True, help="Lead that another label needs to take over."
)
@click.option(
    "--min-dwell", type=click.IntRange(1, 2**31 - 1), default=2, show_default=True, help="Decisions a label stays."
)
@click.option("--realtime", is_flag=True, help="Play a recording at its own pace.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of text.")
@click.option("--plot", type=click.Path(dir_okay=False), help="Write a timeline of signal, truth and decisions (PNG).")
@click.option("--subject", help="Take a recording of this person.")
@click.option("--recording", help="Take the recording of this name.")
def command(
    data: DataSource,
    bundle: str | None,
    runtime: str | None,
    engine: str,
    hop: int,
    smooth: str,
    alpha: float,
    votes: int,
    threshold: float,
    hysteresis: float,
    min_dwell: int,
    realtime: bool,
    as_json: bool,
    plot: str | None,
    subject: str | None,
    recording: str | None,
) -> None:
    """Run a bundle over a live stream or a recording.

    SOURCE is "hapt" (its first test recording), any file or folder that "edgehar data check" reads, or "-" for
    lines t,x,y,z on standard input (seconds and m/s², gravity included, Android sign), which --rate HZ resamples.

    Fractions are taken to the nearest 1/256, so that a microcontroller decides the same.
    """
    live = data.source == "-"
    if live and (realtime or subject or recording):
        raise click.UsageError("--realtime, --subject and --recording are for recordings, not for standard input")
    if data.rate is not None and not (math.isfinite(data.rate) and data.rate > 0):
        raise click.UsageError(f"expected a positive --rate in Hz, got {data.rate:g}")
    from edgehar.report.stream_view import JsonView, TextView, View
    from edgehar.report.timeline import plot_timeline, require_matplotlib
    from edgehar.streaming import SmoothingConfig, Streamer
    from edgehar.streaming.model import open_incremental_model, open_stream_model
    from edgehar.streaming.session import Session

    if plot is not None:
        require_matplotlib()
    config = SmoothingConfig(smooth, max(1, _units(alpha)), votes, _units(threshold), _units(hysteresis), min_dwell)
    model: Runtime
    if engine == "whole":
        model = open_stream_model(bundle, runtime)
    else:
        model = step = open_incremental_model(bundle, runtime, hop=hop)
        if step.note:
            print(f"note: {step.note}", file=sys.stderr)
    contract = model.contract
    session = Session(Streamer(model, hop=hop, smoothing=config), contract, keep=plot is not None)
    view: View = (JsonView if as_json else TextView)(contract.labels, sys.stdout)
    if live:
        title, blocks = "standard input", _standard_input(contract, data.rate)
    else:
        title, blocks = _recording(data, contract, subject, recording, realtime)
    try:
        try:
            for events in session.run(blocks):
                view.events(events)
        except KeyboardInterrupt:
            view.summary(session.summary())
            raise
        view.summary(session.summary())
    except BrokenPipeError:
        # The reader went away (`| head`), which is no error; nor may Python complain when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if plot is not None:
        plot_timeline(plot, session.history(), contract.labels, title)
        print(f"wrote {plot}", file=sys.stderr)


def _units(fraction: float) -> int:
    """A fraction in units of 1/256."""
    return math.floor(fraction * 256 + 0.5)


def _standard_input(contract: Contract, rate: float | None) -> Iterator[Block]:
    """Blocks at the contract's rate from lines on standard input."""
    from edgehar.streaming.resampler import resample_blocks
    from edgehar.streaming.sources import ByteStream, line_blocks

    if sys.stdin is None:
        raise DataError("expected lines t,x,y,z on standard input, which is closed")
    if sys.stdin.isatty():
        print("reading lines t,x,y,z; end with Ctrl-D", file=sys.stderr)
    blocks = line_blocks(cast(ByteStream, sys.stdin.buffer), contract.rate_hz if rate is None else rate)
    return blocks if rate in (None, contract.rate_hz) else resample_blocks(blocks, rate, contract.rate_hz)


def _recording(
    data: DataSource,
    contract: Contract,
    subject: str | None,
    name: str | None,
    realtime: bool,
) -> tuple[str, Iterator[Block]]:
    """Title and blocks of one recording of a data set."""
    from edgehar.streaming.sources import choose_recording, recording_blocks

    dataset = load_dataset(data)
    chosen = choose_recording(dataset, name, subject)
    if len(chosen) * contract.rate_hz < contract.window * chosen.rate_hz:
        raise DataError(
            f"expected at least {contract.window / contract.rate_hz:g} s of samples in {chosen.name}, "
            f"got {len(chosen) / chosen.rate_hz:.2f} s"
        )
    title = f"{dataset.name} {chosen.name}, subject {chosen.subject}"
    print(f"{title}: {len(chosen) / chosen.rate_hz:.0f} s at {chosen.rate_hz:g} Hz", file=sys.stderr)
    return title, recording_blocks(chosen, dataset.classes, contract, realtime=realtime)
