"""The data sets that this project knows by name, and where their authors publish them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One published set.

    Attributes:
        name: what `data fetch` and `--dataset` call it.
        kind: the loader.
        file: name under which a fetched copy is kept.
        url: the official address.
    """

    name: str
    kind: str
    title: str
    people: int
    rate_hz: float
    placement: str
    licence: str
    citation: str
    url: str
    file: str


CATALOGUE = (
    Entry(
        "hapt",
        "hapt",
        "HAPT: activities and postural transitions (the raw form of UCI HAR 2.1)",
        30,
        50.0,
        "phone on the waist",
        "CC BY 4.0 at the UCI repository; the set's own README: cite, no commercial use",
        "Reyes-Ortiz, Oneto, Samà, Parra, Anguita, Neurocomputing 2016",
        "https://archive.ics.uci.edu/static/public/341/"
        "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
        "hapt_original.zip",
    ),
    Entry(
        "motionsense",
        "motionsense",
        "MotionSense device motion",
        24,
        50.0,
        "iPhone in the trouser front pocket",
        "MIT",
        "Malekzadeh, Clegg, Cavallaro, Haddadi, IoTDI 2019",
        "https://github.com/mmalekzadeh/motion-sense/raw/master/data/A_DeviceMotion_data.zip",
        "motionsense.zip",
    ),
    Entry(
        "wisdm",
        "wisdm",
        "WISDM v1.1 (2011)",
        36,
        20.0,
        "phone in the trouser front pocket",
        "none stated: cite the paper",
        "Kwapisz, Weiss, Moore, SensorKDD 2010",
        "https://www.cis.fordham.edu/wisdm/includes/datasets/latest/WISDM_ar_latest.tar.gz",
        "wisdm_v1.1.tar.gz",
    ),
    Entry(
        "wisdm2019",
        "wisdm",
        "WISDM 2019, phone accelerometer",
        51,
        20.0,
        "phone in the trouser pocket",
        "CC BY 4.0 at the UCI repository",
        "Weiss, Yoneda, Hayajneh, IEEE Access 2019",
        "https://archive.ics.uci.edu/static/public/507/"
        "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
        "wisdm_2019.zip",
    ),
)


def entry(name: str) -> Entry | None:
    """The entry of that name, None where there is none."""
    return next((item for item in CATALOGUE if item.name == name), None)


def store() -> Path:
    """Folder of fetched sets: `$EDGEHAR_DATA`, or `edgehar` in the user's cache."""
    told = os.environ.get("EDGEHAR_DATA")
    if told:
        return Path(told).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgehar"


def fetched(name: str) -> Path | None:
    """The fetched copy of a set, None where there is none."""
    found = entry(name)
    path = store() / found.file if found else None
    return path if path is not None and path.is_file() else None
