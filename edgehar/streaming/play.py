"""A model ready to stream, and the recordings that it plays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgehar.contract import Contract
from edgehar.data.channels import take_channels
from edgehar.data.recording import UNLABELLED, Dataset, Recording
from edgehar.errors import DataError, EdgeharError
from edgehar.personal.profile import read_profile
from edgehar.runtimes import Runtime
from edgehar.runtimes.incremental import Incremental
from edgehar.streaming.model import open_incremental_model, open_personal_model, open_stream_model
from edgehar.streaming.sensor import Sensor, sensed_blocks, sensor_blocks
from edgehar.streaming.session import Session
from edgehar.streaming.smoothing import SmoothingConfig
from edgehar.streaming.sources import Block, recording_blocks
from edgehar.streaming.streamer import Decision, Flush, Streamer
from edgehar.streaming.watch import Watch

ENGINES = ("whole", "incremental")


@dataclass(frozen=True)
class Player:
    """A streamer and what a person may want to know of it.

    Attributes:
        note: why the incremental engine saves nothing, where that is so.
        sensor_hz, sensor_unit: of sensors whose counts the device would take; None: samples come at the model's rate.
    """

    streamer: Streamer
    contract: Contract
    note: str | None = None
    sensor_hz: float | None = None
    sensor_unit: float | Sequence[float] | None = None

    def sensed(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """A live sensor's blocks as the device makes them."""
        assert self.sensor_hz is not None
        return sensor_blocks(blocks, Sensor(self.contract, self.sensor_hz, unit=self.sensor_unit))

    def recorded(self, recording: Recording, classes: Sequence[str], *, realtime: bool = False) -> Iterator[Block]:
        """A recording's blocks; see `recording_blocks` and `sensed_blocks`.

        Raises:
            DataError: a rate that cannot be resampled, or over 10 % off the sensor's.
        """
        if self.sensor_hz is None:
            return recording_blocks(recording, classes, self.contract, realtime=realtime)
        if not 0.9 <= recording.rate_hz / self.sensor_hz <= 1.1:
            raise DataError(
                f"expected a recording at the sensor's {self.sensor_hz:g} Hz, got {recording.name} at "
                f"{recording.rate_hz:g} Hz"
            )
        sensor = Sensor(self.contract, self.sensor_hz, unit=self.sensor_unit)
        return sensed_blocks(recording, classes, self.contract, sensor)

    def session(self, warn: Callable[[str], None], *, keep: bool = False, from_hz: float | None = None) -> Session:
        """A fresh session; see `Session` and `Watch`."""
        self.streamer.reset()
        return Session(self.streamer, self.contract, keep=keep, watch=Watch(self.contract, warn, from_hz))


def open_player(
    bundle: str | os.PathLike[str] | None,
    *,
    runtime: str | None = None,
    engine: str = "whole",
    hop: int = 20,
    smoothing: SmoothingConfig | None = None,
    profile: str | os.PathLike[str] | None = None,
    align: bool = False,
    sensor_hz: float | None = None,
    sensor_unit: float | Sequence[float] | None = None,
    placement: bool = True,
) -> Player:
    """Open a model for streaming.

    Args:
        bundle: folder or model file; by default `bundle`.
        engine: `whole` windows, or `incremental`: only what is new since the last decision.
        profile: of a person, as `edgehar adapt` writes it for this model.
        align: turn samples by the first walking of each stream; see `Streamer`.
        sensor_hz, sensor_unit: see `Player` and `edgehar.streaming.sensor.Sensor`.
        runtime, hop, smoothing, placement: see `open_stream_model` and `Streamer`.
    Raises:
        DataError: nothing to align to.
        EdgeharError: an engine or a hop that is none, no placement of a model that tells none, or as
            `open_stream_model` and `open_incremental_model`.
    """
    if engine not in ENGINES:
        raise EdgeharError(f"expected the engine {' or '.join(ENGINES)}, got {engine!r}")
    model: Runtime
    note = rotation = None
    if profile is not None:
        rotation = read_profile(profile).rotation
        model = open_personal_model(profile, bundle, runtime, hop=hop if engine == "incremental" else None)
        note = model.note if isinstance(model, Incremental) else None
    elif engine == "whole":
        model = open_stream_model(bundle, runtime)
    else:
        model = step = open_incremental_model(bundle, runtime, hop=hop)
        note = step.note
    if sensor_hz is not None:
        Sensor(model.contract, sensor_hz, unit=sensor_unit)
    if not placement and model.contract.placement is None:
        raise EdgeharError("expected a model that knows how it was worn in training for no placement, got one without")
    streamer = Streamer(model, hop=hop, smoothing=smoothing, rotation=rotation, align=align, placement=placement)
    return Player(streamer, model.contract, note, sensor_hz, sensor_unit)


def is_long_enough(recording: Recording, contract: Contract) -> bool:
    """Whether there is a window of samples."""
    return len(recording) * contract.rate_hz >= contract.window * recording.rate_hz


def require_long_enough(recording: Recording, contract: Contract) -> None:
    """Raises DataError unless there is a window of samples."""
    if not is_long_enough(recording, contract):
        raise DataError(
            f"expected at least {contract.window / contract.rate_hz:g} s of samples in {recording.name}, "
            f"got {len(recording) / recording.rate_hz:.2f} s"
        )


def note_unknown_labels(
    recordings: Sequence[Recording], classes: Sequence[str], contract: Contract, note: Callable[[str], None]
) -> None:
    """Say which labels of these recordings the model does not have: their time counts as without a label."""
    present = {int(code) for one in recordings for code in np.unique(one.label) if code != UNLABELLED}
    unknown = [name for code, name in enumerate(classes) if code in present and name not in contract.labels]
    if unknown:
        note(f"not among the model's labels, so not in the accuracy: {', '.join(unknown)}")


def play(
    player: Player,
    dataset: Dataset,
    warn: Callable[[str], None],
    subject: str | None = None,
    *,
    note: Callable[[str], None] | None = None,
) -> Iterator[tuple[Recording, Session, Iterator[list[Decision | Flush]]]]:
    """Each recording of a data set with its own session, those that hold no window left out.

    The events of one are to be taken before the next is asked for.

    Args:
        warn: called with one line for a person: what was left out, and what `Watch` sees.
        subject: of this person only.
        note: called with the labels that no accuracy can count.
    Raises:
        DataError: no recording is as long as a window.
    """
    dataset = take_channels(dataset, player.contract.channels)
    chosen = [one for one in dataset.recordings if subject is None or one.subject == subject]
    long = [one for one in chosen if is_long_enough(one, player.contract)]
    window_s = player.contract.window / player.contract.rate_hz
    if not long:
        whose = "" if subject is None else f" of subject {subject!r}"
        raise DataError(
            f"expected a recording{whose} of {window_s:g} s or more in {dataset.name}, got {len(chosen)} others"
        )
    if len(long) < len(chosen):
        warn(f"left out {len(chosen) - len(long)} of {len(chosen)} recordings, which are under {window_s:g} s long")
    if note is not None:
        note_unknown_labels(long, dataset.classes, player.contract, note)
    for one in long:
        session = player.session(lambda text, name=one.name: warn(f"{name}: {text}"))  # type: ignore[misc]
        yield one, session, session.run(player.recorded(one, dataset.classes))
