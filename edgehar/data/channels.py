"""The channels that a model reads, out of those that recordings have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import AXES, MAGNITUDE, Channel, channels_text
from edgehar.data.recording import Dataset
from edgehar.errors import DataError


def take_channels(dataset: Dataset, channels: tuple[Channel, ...]) -> Dataset:
    """The recordings with these channels, in this order; a magnitude is computed where only its x, y and z are there.

    Raises:
        DataError: a channel that the recordings do not have.
    """
    if channels == dataset.channels:
        return dataset
    own = [one.name for one in dataset.channels]
    missing = [one.name for one in channels if not _sources(one, own)]
    if missing:
        raise DataError(
            f"expected the channels {channels_text(channels)} in {dataset.name}, got "
            f"{channels_text(dataset.channels)}: {missing[0]} is missing; say with --columns and "
            "--channels which columns of a table are what"
        )
    places = [_sources(one, own) for one in channels]
    recordings = tuple(
        replace(one, acc=np.stack([_column(one.acc, place) for place in places], axis=1)) for one in dataset.recordings
    )
    return replace(dataset, recordings=recordings, channels=channels)


def _sources(channel: Channel, own: list[str]) -> list[int]:
    """Places of the column itself, or of the three whose length it is; empty where they are not there."""
    if channel.name in own:
        return [own.index(channel.name)]
    parts = [f"{channel.sensor}.{axis}" for axis in AXES]
    whole = channel.part == MAGNITUDE and all(name in own for name in parts)
    return [own.index(name) for name in parts] if whole else []


def _column(values: NDArray[np.float32], places: list[int]) -> NDArray[np.float32]:
    """One channel, float32 (N,)."""
    if len(places) == 1:
        return values[:, places[0]]
    wide = values[:, places].astype(np.float64)
    return np.asarray(np.sqrt((wide * wide).sum(axis=1)), np.float32)
