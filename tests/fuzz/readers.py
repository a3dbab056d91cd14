"""One target for each reader: bytes in, and nothing but an EdgeharError may leave.

Readers that want a file are given one in a folder of their own, and read it as a command would.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgehar.benchmark.results import Results
from edgehar.bundle.golden import Golden
from edgehar.bundle.read import Manifest
from edgehar.compile.c import write_c
from edgehar.contract import Contract
from edgehar.data.check import check
from edgehar.data.fetch import Fetched
from edgehar.data.load import load
from edgehar.data.options import CsvOptions, read_schema
from edgehar.data.pool import read_pool
from edgehar.errors import EdgeharError
from edgehar.models.keras_file import load as load_keras
from edgehar.models.origin import read_origin
from edgehar.personal.profile import parse_profile
from edgehar.schema import decode
from edgehar.streaming.lines import LineReader
from edgehar.streaming.live import phyphox, sensorlogger, sensorserver
from edgehar.streaming.live.order import Order
from edgehar.training.run import RunPlan
from edgehar.training.search import SearchPlan

from . import seeds

#: Documents by the first byte of an input.
DOCUMENTS: tuple[tuple[type, bool], ...] = (
    (Contract, False), (Manifest, False), (RunPlan, True), (SearchPlan, True), (Results, False), (Golden, False),
    (dict[str, Fetched], False),
)  # fmt: skip
#: How lines are read, by the first byte of an input.
LINES = (
    CsvOptions(), CsvOptions(time="none"), CsvOptions(time="ms", time_unit="ms", columns=("x", "y", "z"), unit="g"),
    CsvOptions(columns=("2", "3", "4"), time="1", axes="-y,x,z"),
)  # fmt: skip
#: Names of files whose reader goes by it, by the first byte of an input.
TABLES = ("recording.csv", "recording.txt", "recording.json", "recordings.zip", "WISDM_ar_v1.1_raw.txt", "recording.gz")


@dataclass(frozen=True)
class Reader:
    """A target.

    Attributes:
        name: of the target and its folder in the corpus.
        read: one input, in a folder for its files; raises EdgeharError or nothing.
        seeds: valid inputs by name.
        repair: made of an input after each mutation, so that what lies behind a checksum is reached.
    """

    name: str
    read: Callable[[bytes, Path], None]
    seeds: Callable[[], dict[str, bytes]]

    repair: Callable[[bytes], bytes] | None = None


def read_document(data: bytes, folder: Path) -> None:
    """Contracts, manifests, plans, results, golden windows, what `data fetch` noted."""
    kind, complete = DOCUMENTS[(data[0] if data else 0) % len(DOCUMENTS)]
    decode(data[1:], kind, "x.json", complete=complete)


def read_origin_beside(data: bytes, folder: Path) -> None:
    """What a model was trained on, told by the document beside it."""
    (folder / "model.keras").write_bytes(b"model")
    for name in ("training.json", "manifest.json"):
        (folder / name).write_bytes(data)
    read_origin(folder / "model.keras")


def read_lines(data: bytes, folder: Path) -> None:
    """Standard input, a serial port, UDP and MQTT."""
    options = LINES[(data[0] if data else 0) % len(LINES)]
    rate = None if data[:1] >= b"\x80" else 20.0
    for _ in Order().blocks(LineReader(io.BytesIO(data[1:]), rate, options).blocks()):
        pass


def read_sensorlogger(data: bytes, folder: Path) -> None:
    """Messages of the app, one in a line; what is none is answered with status 400."""
    batches = sensorlogger.Batches()
    for message in data.split(b"\n"):
        try:
            samples = batches.take(message)
        except ValueError:
            continue
        for sample in samples:
            sensorlogger.line_of(*sample)


def read_sensorserver(data: bytes, folder: Path) -> None:
    """One message."""
    line = sensorserver.sample_of(data)
    assert line.endswith(b"\n") and line.count(b"\n") == 1


def read_phyphox(data: bytes, folder: Path) -> None:
    """The answer to `/config` or to `/get`; what is none makes the feed connect again."""
    try:
        state = phyphox._object(data)
    except OSError:
        return
    phyphox._measuring(state)
    for name in ("accX", "acc_time"):
        for value in phyphox._values(state, name):
            phyphox.line_of(value, (value, value, value))
    phyphox.Phyphox._buffers(state)


def read_profile(data: bytes, folder: Path) -> None:
    """A profile, and what it writes again."""
    profile = parse_profile(data)
    assert parse_profile(profile.to_bytes()).to_bytes() == profile.to_bytes()


def repair_profile(data: bytes) -> bytes:
    """Its checksum is right."""
    return data if len(data) < 44 else data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")


def read_table(data: bytes, folder: Path) -> None:
    """A recording in any layout, and `data check` of it."""
    path = folder / TABLES[(data[0] if data else 0) % len(TABLES)]
    content = data[1:]
    if path.suffix == ".zip" and not content.startswith(b"PK"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("Raw Data.csv", content)
        content = packed.getvalue()
    path.write_bytes(content)
    try:
        check(load(path), Contract(("walking", "sitting")))
    finally:
        path.unlink()


def read_toml(data: bytes, folder: Path) -> None:
    """Options beside a recording, and a list of sets."""
    path = folder / "edgehar-data.toml"
    path.write_bytes(data)
    with suppress(EdgeharError):
        read_schema(path)
    read_pool(path)


def read_tflite(data: bytes, folder: Path) -> None:
    """The compiler, from the file to C."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    write_c(path, folder / "c", blob=True)


def read_keras(data: bytes, folder: Path) -> None:
    """A network's description in an archive with weights that fit the seeds'."""
    path = folder / "model.keras"
    members = {**seeds.keras_members(), "config.json": data}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    load_keras(path)


READERS = {
    reader.name: reader
    for reader in (
        Reader("documents", read_document, seeds.documents),
        Reader("origin", read_origin_beside, seeds.origins),
        Reader("lines", read_lines, seeds.lines),
        Reader("sensorlogger", read_sensorlogger, seeds.sensorlogger),
        Reader("sensorserver", read_sensorserver, seeds.sensorserver),
        Reader("phyphox", read_phyphox, seeds.phyphox),
        Reader("profile", read_profile, seeds.profiles, repair_profile),
        Reader("tables", read_table, seeds.tables),
        Reader("toml", read_toml, seeds.tomls),
        Reader("tflite", read_tflite, seeds.tflites),
        Reader("keras", read_keras, seeds.keras_configs),
    )
}
