"""`edgehar stream`: run a bundle over a live stream or a recording."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.layout import Command, given
from edgehar.cli.output import ending, note, warn
from edgehar.cli.words import numbers
from edgehar.errors import DataError
from edgehar.extras import require

if TYPE_CHECKING:
    from edgehar.data import DataSource
    from edgehar.report.stream_view import View
    from edgehar.streaming.incoming import Incoming
    from edgehar.streaming.play import Player
    from edgehar.streaming.session import Session
    from edgehar.streaming.sources import Block

FRACTION = click.FloatRange(0, 1)


@click.command(
    cls=Command,
    groups={
        "Playing": ("realtime", "play_all"),
        "Model": ("bundle", "profile", "align", "runtime", "engine", "hop", "placement"),
        "Learning a person": ("learn", "marks"),
        "Sensor": ("sensor_rate", "sensor_unit"),
        "Smoothing": ("smooth", "alpha", "votes", "threshold", "hysteresis", "min_dwell"),
    },
)
@data_options(argument="source")
@click.option(
    "--bundle",
    help="Bundle folder, model file, or a shipped int8 model's name, such as micro-pocket (default: bundle).",
)
@click.option("--profile", type=click.Path(dir_okay=False), help="Of a person, from edgehar adapt, for this model.")
@click.option(
    "--align",
    is_flag=True,
    help="From the first 8 s of walking on, turn samples so that gravity is where training had it.",
)
@click.option(
    "--runtime",
    help="Runtime, such as litert-int8-reference (default: litert-int8-reference where there is an int8 model).",
)
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
@click.option("--sensor-rate", type=float, help="Hz: filter from this sensor's rate in integers, as the device does.")
@click.option(
    "--sensor-unit",
    type=numbers,
    metavar="NUMBER,…",
    help="With --sensor-rate: m/s² of the sensor's count (default: 1/256); for several sensors a number for each of "
    "them, such as 0.0012,0.0006 for acc and gyro.",
)
@click.option(
    "--placement/--no-placement",
    default=True,
    help="Unsure while the device is worn as the model was never trained, where it knows (default), or never for that.",
)
@click.option("--realtime", is_flag=True, help="Play a recording at its own pace.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of text.")
@click.option("--plot", type=click.Path(dir_okay=False), help="Write a timeline of signal, truth and decisions (PNG).")
@click.option(
    "--learn", type=click.Path(dir_okay=False), help="Write a profile from what is marked, of two labels or more."
)
@click.option(
    "--mark",
    "marks",
    multiple=True,
    metavar="LABEL@S",
    help="With --learn, in place of keys: sitting@12.5; repeatable.",
)
@click.option("--subject", help="Take a recording of this person; with --all, all of them.")
@click.option("--recording", help="Take the recording of this name.")
@click.option("--all", "play_all", is_flag=True, help="Play every recording, and sum up.")
@click.pass_context
def command(
    context: click.Context,
    data: DataSource,
    bundle: str | None,
    profile: str | None,
    align: bool,
    runtime: str | None,
    engine: str,
    hop: int,
    smooth: str,
    alpha: float,
    votes: int,
    threshold: float,
    hysteresis: float,
    min_dwell: int,
    sensor_rate: float | None,
    sensor_unit: tuple[float, ...] | None,
    placement: bool,
    realtime: bool,
    as_json: bool,
    plot: str | None,
    subject: str | None,
    recording: str | None,
    play_all: bool,
    learn: str | None,
    marks: tuple[str, ...],
) -> None:
    """Run a bundle over a live stream or a recording.

    SOURCE is "hapt" (its first test recording), any file or folder that "edgehar data check" reads, or a live stream:
    "-" for lines t,x,y,z on standard input (seconds and m/s², gravity included, Android sign), tcp://HOST:PORT for
    the same lines from a server, phyphox://PHONE, sensorserver://PHONE:PORT, sensorlogger://ADDRESS:PORT (this machine
    listens), serial://DEVICE@BAUD, udp://ADDRESS:PORT, mqtt://BROKER/TOPIC. --rate HZ resamples lines; phones and
    boards are measured. --unit, --axes, --columns, --time and --time-unit say what is in a line.

    --learn writes a profile at the end: press a label's key while it is done, or say it with --mark, and go on for one
    window.

    Fractions are taken to the nearest 1/256, so that a microcontroller decides the same.
    """
    from edgehar.streaming.incoming import is_live

    live = is_live(data.source)
    if live:
        _refuse_for_live(realtime=realtime, subject=subject, recording=recording, all=play_all)
    if play_all and (plot is not None or realtime or recording is not None):
        raise click.UsageError("--plot, --realtime and --recording are for one recording, not for --all")
    if data.rate is not None and not (math.isfinite(data.rate) and data.rate > 0):
        raise click.UsageError(f"expected a positive --rate in Hz, got {data.rate:g}")
    if marks and learn is None:
        raise click.UsageError("expected --learn with --mark: it says where the profile goes")
    if learn is not None and (play_all or align):
        raise click.UsageError(f"expected --learn without {'--all' if play_all else '--align'}")
    for name, method in (("alpha", "ema"), ("votes", "majority")):
        if smooth != method and name in given(context):
            raise click.UsageError(f"expected --smooth {method} with --{name}, got --smooth {smooth}")
    if sensor_rate is None and sensor_unit is not None:
        raise click.UsageError("expected --sensor-rate with --sensor-unit")
    if sensor_rate is not None and (realtime or (live and data.rate is not None)):
        raise click.UsageError("--sensor-rate says the rate of the samples, which come as they are: without --rate, "
                               "--realtime")  # fmt: skip
    from edgehar.report.stream_view import JsonView, TextView
    from edgehar.report.timeline import plot_timeline
    from edgehar.streaming import SmoothingConfig
    from edgehar.streaming.play import open_player

    if plot is not None:
        require("train", "matplotlib")
    config = SmoothingConfig(smooth, max(1, _units(alpha)), votes, _units(threshold), _units(hysteresis), min_dwell)
    player = open_player(
        bundle,
        runtime=runtime,
        engine=engine,
        hop=hop,
        smoothing=config,
        profile=profile,
        align=align,
        sensor_hz=sensor_rate,
        sensor_unit=sensor_unit,
        placement=placement,
    )
    if player.note:
        note(player.note)
    learning = None
    if learn is not None:
        from edgehar.cli.learning import Learning

        learning = Learning(player.contract, bundle, profile, marks, learn)
    view: View = (JsonView if as_json else TextView)(player.contract.labels, ending(sys.stdout))
    with ExitStack() as stack:
        if learning is not None:
            stack.enter_context(learning)
        try:
            if play_all:
                _play_all(data, player, view, subject, events=as_json)
                return
            if live:
                incoming, blocks = _incoming(data, player, stack)
                title = incoming.title
                session = player.session(
                    warn, keep=plot is not None, from_hz=incoming.rate_hz if sensor_rate is None else None
                )
                _show(session, blocks if learning is None else learning.watch(blocks), view, incoming)
            else:
                title, blocks = _recording(data, player, subject, recording, realtime)
                session = player.session(warn, keep=plot is not None)
                _show(session, blocks if learning is None else learning.watch(blocks), view, None)
        except BrokenPipeError:  # the reader went away (`| head`), which is no error
            if play_all:
                return
    if plot is not None:
        plot_timeline(plot, session.history(), player.contract.labels, title)
        print(f"wrote {plot}", file=sys.stderr)


def _units(fraction: float) -> int:
    """A fraction in units of 1/256."""
    if math.isnan(fraction):  # which lies within any range, to click
        raise click.UsageError("expected numbers of 0 … 1 for --alpha, --threshold and --hysteresis, got nan")
    return math.floor(fraction * 256 + 0.5)


def _refuse_for_live(**told: object) -> None:
    """Options that mean nothing for lines as they come; `open_incoming` refuses those of `data_options`."""
    for name, value in told.items():
        if value:
            raise click.UsageError(f"--{name} is for recordings, not for a live stream")


def _show(session: Session, blocks: Iterator[Block], view: View, incoming: Incoming | None) -> None:
    """Everything that a stream brings about, as it comes, and its summary, also where a person ends it."""
    try:
        for events in session.run(blocks):
            view.events(events)
    except KeyboardInterrupt:
        view.summary(session.summary(0 if incoming is None else incoming.bad))
        raise
    finally:
        if incoming is not None and incoming.dropped:
            note(incoming.dropped)
    view.summary(session.summary(0 if incoming is None else incoming.bad))


def _incoming(data: DataSource, player: Player, stack: ExitStack) -> tuple[Incoming, Iterator[Block]]:
    """The open source, and its blocks at the contract's rate."""
    from edgehar.streaming.incoming import open_incoming
    from edgehar.streaming.live import scheme_of
    from edgehar.streaming.resampler import resample_blocks

    to_hz = player.contract.rate_hz
    # What a phone or a board sends has the rate that it has; lines of a pipe must be said to have another one.
    rate = player.sensor_hz or data.rate or (None if scheme_of(data.source) else to_hz)
    incoming = open_incoming(data, rate, stack, note, _live_channels(data, player))
    if player.sensor_hz is not None:
        return incoming, player.sensed(incoming.blocks)
    if rate is None and incoming.measured(note) != to_hz:
        note(f"resampled from {incoming.rate_hz:g} Hz to the model's {to_hz:g} Hz")
    assert incoming.rate_hz is not None
    if incoming.rate_hz == to_hz and rate is not None:
        return incoming, incoming.blocks
    return incoming, resample_blocks(incoming.blocks, incoming.rate_hz, to_hz, len(player.contract.channels))


def _live_channels(data: DataSource, player: Player) -> str:
    """The channels of a line: the model's; a person may say them, but no others."""
    from edgehar.channels import channels_text, parse_channels

    wanted = player.contract.channels
    if data.channels is not None and parse_channels(data.channels) != wanted:
        raise DataError(f"expected lines with the model's channels {channels_text(wanted)}, got {data.channels}")
    return channels_text(wanted)


def _recording(
    data: DataSource, player: Player, subject: str | None, name: str | None, realtime: bool
) -> tuple[str, Iterator[Block]]:
    """Title and blocks of one recording of a data set."""
    from edgehar.data.channels import take_channels
    from edgehar.streaming.play import note_unknown_labels, require_long_enough
    from edgehar.streaming.sources import choose_recording

    dataset = load_dataset(data)
    chosen = choose_recording(take_channels(dataset, player.contract.channels), name, subject)
    require_long_enough(chosen, player.contract)
    title = f"{dataset.name} {chosen.name}, subject {chosen.subject}"
    print(f"{title}: {len(chosen) / chosen.rate_hz:.0f} s at {chosen.rate_hz:g} Hz", file=sys.stderr)
    if name is None and len(dataset.recordings) > 1:
        note(f"took 1 of {len(dataset.recordings)} recordings; --all plays all of them, --recording NAME another")
    note_unknown_labels([chosen], dataset.classes, player.contract, note)
    return title, player.recorded(chosen, dataset.classes, realtime=realtime)


def _play_all(data: DataSource, player: Player, view: View, subject: str | None, *, events: bool) -> None:
    """Every recording, one after the other; their events only where the view is for programs."""
    from edgehar.streaming.play import play
    from edgehar.streaming.session import total

    rows = []
    for recording, session, stretches in play(player, load_dataset(data), warn, subject, note=note):
        if events:
            view.begin(recording.name, recording.subject)
        for found in stretches:
            if events:
                view.events(found)
        summary = session.summary()
        if events:
            view.summary(summary)
        rows.append((recording.name, recording.subject, summary))
    view.totals(rows, total([summary for *_, summary in rows]))
