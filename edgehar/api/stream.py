"""Recordings in, decisions out, as DataFrames."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from edgehar.streaming import SmoothingConfig


def stream(
    source: pd.DataFrame | str | os.PathLike[str],
    bundle: str | os.PathLike[str] = "bundle",
    *,
    hop: int = 20,
    runtime: str | None = None,
    engine: str = "whole",
    smoothing: SmoothingConfig | None = None,
    profile: str | os.PathLike[str] | None = None,
    align: bool = False,
    sensor_rate: float | None = None,
    sensor_unit: float | Sequence[float] | None = None,
    placement: bool = True,
) -> pd.DataFrame:
    """Run a model over recordings as `python -m edgehar stream` does, resampled to the model's rate.

    Args:
        source: a frame with `time` (seconds) and `x`, `y`, `z` (m/s², gravity included, Android sign), and perhaps
            `recording` and `subject`, as `edgehar.read` gives it; or what `edgehar.read` opens.
        bundle: bundle folder or model file.
        hop: samples at the model's rate between decisions.
        runtime: row such as `native-int8`; by default `litert-int8-reference` where the model is int8.
        engine: `whole` windows, or `incremental`: only what is new since the last decision, with equal decisions.
        profile: of a person, as `edgehar.adapt` writes it for this model.
        align: turn each recording from its first 8 s of walking on, so that gravity is where training had it, instead
            of by the profile's rotation; there, windows are forgotten.
        sensor_rate: of the sensor, Hz: its samples are filtered in integers, to the bit as the device does.
        sensor_unit: m/s² of the sensor's count; of a model of several sensors' channels, a number for each of them, in
            its own unit. 1/256 by default.
        placement: whether decisions are unsure while the device is worn as it was never trained, where the model knows.
        smoothing: how decisions follow probabilities; `edgehar.streaming.SmoothingConfig`.
    Returns:
        One row per decision: `time` (float64, seconds, of the newest sample), `label` (text, perhaps `unsure`), `raw`
        (the most probable label), `score` (of `label`, 0 … 1), `reason` (of `unsure`: `score`, the best one is under
        the threshold, or `placement`, the device is worn as it was never trained; else empty), and for each of the
        model's labels its probability. With `recording` first, where the source names recordings.
    Warns:
        UserWarning: recordings under a window's length are left out; samples whose mean is not gravity's; nobody
            walks in a recording that is to be aligned.
    Raises:
        DataError: a model with nothing to align to; no recording, none as long as a window, or a rate that
            cannot be resampled.
        BundleError, ContractError: a model that cannot be opened.
        EdgeharError: a hop, an engine or a runtime that is none.
        MissingExtra: pandas or the runtime's package is not installed.
    """
    from edgehar.data import from_frame, load
    from edgehar.extras import require

    require("data", "pandas")
    import pandas as pd

    from edgehar.streaming.play import open_player, play
    from edgehar.streaming.session import label_name
    from edgehar.streaming.smoothing import UNIT
    from edgehar.streaming.streamer import Decision

    named = not isinstance(source, pd.DataFrame) or "recording" in source
    dataset = from_frame(source) if isinstance(source, pd.DataFrame) else load(os.fspath(source))
    player = open_player(
        bundle,
        runtime=runtime,
        engine=engine,
        hop=hop,
        smoothing=smoothing,
        profile=profile,
        align=align,
        sensor_hz=sensor_rate,
        sensor_unit=sensor_unit,
        placement=placement,
    )
    labels = player.contract.labels
    rows = []
    for recording, _, stretches in play(player, dataset, lambda text: warnings.warn(text, stacklevel=2)):
        name = [recording.name] if named else []
        for events in stretches:
            rows += [
                [
                    *name, event.t_us / 1e6, label_name(event.label, labels), labels[event.raw], event.score,
                    event.reason or "",
                    *(p / UNIT for p in event.p),
                ]
                for event in events
                if isinstance(event, Decision)
            ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=[*(["recording"] if named else []), "time", "label", "raw", "score", "reason", *labels]
    )
