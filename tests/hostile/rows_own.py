"""Bad networks of one's own, bad profiles of a person: (command, the bad thing, what the message says)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgehar import models
from edgehar.contract import Contract
from tests.hostile.things import (
    Make,
    both,
    contract,
    copied,
    cut,
    document,
    flipped,
    holed,
    keras_config,
    link,
    nothing,
    pipe,
    recording,
    text,
    zip_bomb,
    zip_members,
)  # fmt: skip

MICRO = models.shipped("micro")
M = "m.keras"
IMPORT = "import m.keras --out own.keras"
SIX = "--labels a,b,c,d,e,f --rate 20"
H5 = f"import m.h5 --out own.keras {SIX}"
ADAPT = "adapt walk.csv --bundle b --out my.profile"
PLAY = "stream walk.csv --bundle b --profile me.profile"
PROFILE = "me.profile"

#: A network as Keras saves it: the shipped one without its contract.
PLAIN = zip_members(MICRO, M, contract__json=None)


def plain(change: Callable[[dict[str, Any]], None]) -> Make:
    """The same with its description changed."""

    def make(folder: Path) -> None:
        keras_config(MICRO, M, change)(folder)
        zip_members(folder / M, M, contract__json=None)(folder)

    return make


def of_kind(config: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in config["config"]["layers"] if one["class_name"] == kind)
    return found


def logits(config: dict[str, Any]) -> None:
    of_kind(config, "Dense")["config"]["activation"] = "linear"


def open_window(config: dict[str, Any]) -> None:
    of_kind(config, "InputLayer")["config"]["batch_shape"] = [None, None, 3]


def four_axes(config: dict[str, Any]) -> None:
    of_kind(config, "InputLayer")["config"]["batch_shape"] = [None, 80, 4]


def code(config: dict[str, Any]) -> None:
    layer = of_kind(config, "ReLU")
    layer.update(module="keras.layers", class_name="Lambda", registered_name=None)
    layer["config"] = {
        "name": "code", "arguments": {},
        "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}},
    }  # fmt: skip


def profile(change: Callable[[bytearray], None]) -> Make:
    """The profile with bytes changed and its checksum right."""

    def make(folder: Path) -> None:
        body = bytearray((folder / PROFILE).read_bytes()[:-4])
        change(body)
        (folder / PROFILE).write_bytes(bytes(body) + struct.pack("<I", zlib.crc32(body)))

    return make


def other_model(body: bytearray) -> None:
    body[12] ^= 0xFF


def other_format(body: bytearray) -> None:
    body[3] = ord("2")


def unknown_flag(body: bytearray) -> None:
    body[4] |= 0x80


def more_classes(body: bytearray) -> None:
    struct.pack_into("<H", body, 6, 0xFFFF)


def other_shape(body: bytearray) -> None:
    """As many bytes, for twice the classes of half the inputs."""
    classes, inputs = struct.unpack_from("<HH", body, 6)
    size = 4 * classes + classes * inputs
    struct.pack_into("<HH", body, 6, 2 * classes, size // (2 * classes) - 4)


def renamed(*names: str) -> Make:
    """The recording with labels of other names."""

    def make(folder: Path) -> None:
        recording()(folder)
        content = (folder / "walk.csv").read_text()
        for name in names:
            content = content.replace(name, f"un{name}")
        (folder / "walk.csv").write_text(content)

    return make


def removed(name: str) -> Make:
    return lambda folder: (folder / name).unlink()


ROWS = [
    # A network made elsewhere
    (f"{IMPORT} {SIX}", nothing, "no such file: m.keras"),
    (f"{IMPORT} {SIX}", text(M, "hello"), "expected a .keras file"),
    (f"{IMPORT} {SIX}", text(M, ""), "expected a .keras file"),
    (f"{IMPORT} {SIX}", pipe(M), "expected a file at m.keras, got a pipe"),
    (f"{IMPORT} {SIX}", link(M), "expected a file at m.keras, got a pipe, a socket or a device"),
    (f"{IMPORT} {SIX}", holed(M, 1 << 40), "expected at most"),
    (f"{IMPORT} {SIX}", zip_bomb(M, "config.json", 1 << 30), "expected at most"),
    (f"{IMPORT} {SIX}", plain(code), "expected a .keras file that safe mode can load"),
    (f"{IMPORT} {SIX}", plain(logits), "give --logits"),
    (f"{IMPORT} {SIX}", plain(open_window), "--window"),
    (f"{IMPORT} {SIX}", plain(four_axes), "expected"),
    (f"{IMPORT} {SIX} --channels acc,gyro", PLAIN, "for 6 channels, got (80, 3)"),
    (f"{IMPORT} {SIX} --channels acc,acc", PLAIN, "expected each channel once"),
    (f"{IMPORT} {SIX} --channels gyro --unit g", PLAIN, "expected the channels gyro in their own units"),
    (f"{IMPORT} {SIX} --logits", PLAIN, "got probabilities already"),
    (f"{IMPORT} {SIX} --window 100", PLAIN, "expected a window of 100 samples, got an input of (80, 3)"),
    (f"{IMPORT} {SIX} --window 1000000", plain(open_window), "expected a window of"),
    (f"{IMPORT} {SIX} --window -1", PLAIN, "expected a window of -1 samples, got an input of (80, 3)"),
    (IMPORT, PLAIN, "got no labels and rate"),
    (f"{IMPORT} --labels a,b,c --rate 20", PLAIN, "each of the 3 labels, got outputs of shape (6,)"),
    (f"{IMPORT} --labels a,a,b,c,d,e --rate 20", PLAIN, "distinct labels"),
    (f"{IMPORT} --labels a,,b,c,d,e --rate 20", PLAIN, "expected names parted by commas"),
    (f"{IMPORT} --labels a --rate 20", PLAIN, "distinct labels"),
    (f"{IMPORT} --labels a,b,c,d,e,f --rate 0", PLAIN, "expected a rate of 0.1 … 10000 Hz, got 0"),
    (f"{IMPORT} --labels a,b,c,d,e,f --rate nan", PLAIN, "expected a rate"),
    (f"{IMPORT} --labels a,b,c,d,e,f --rate fast", PLAIN, "'fast' is not a valid float"),
    (f"{IMPORT} {SIX} --mean 1,2 --std 1,1", PLAIN, "expected one mean or 3, one for each channel; got 2"),
    (f"{IMPORT} {SIX} --mean 1", PLAIN, "expected a mean and a deviation, got one of them"),
    (f"{IMPORT} {SIX} --mean 1 --std 0", PLAIN, "expected positive finite numbers for the deviation, got [0.0]"),
    (f"{IMPORT} {SIX} --mean nan --std 1", PLAIN, "expected finite numbers for the mean, got [nan]"),
    (f"{IMPORT} {SIX} --mean much --std 1", PLAIN, "got 'much'"),
    (f"{IMPORT} {SIX} --unit stone", PLAIN, "'stone' is not one of"),
    (f"{IMPORT} {SIX} --contract c.json", both(PLAIN, text("c.json", contract())), "got a contract and labels, rate"),
    (f"{IMPORT} --contract c.json", both(PLAIN, text("c.json", contract(window=100))), "window of 100 samples, got 80"),
    (f"{IMPORT} --contract c.json", both(PLAIN, document("c.json", Contract(("a", "b")).to_dict())), "the 2 labels"),
    (f"{IMPORT} --contract c.json", both(PLAIN, text("c.json", "[" * 50_000)), "at most 32 levels"),
    (f"{IMPORT} --contract c.json", both(PLAIN, pipe("c.json")), "expected a file"),
    (f"{IMPORT} --contract c.json", PLAIN, "no such file: c.json"),
    (f"import m.keras --out own.h5 {SIX}", PLAIN, "a name that ends in .keras"),
    (f"import m.keras --out m.keras {SIX}", PLAIN, "expected another file than the model itself"),
    (f"import m.keras --out file/own.keras {SIX}", both(PLAIN, text("file", "")), "cannot write"),
    (f"import m.txt --out own.keras {SIX}", text("m.txt", ""), "expected a .keras or .h5 file"),
    (H5, text("m.h5", "hello"), "expected weights in HDF5"),
    (H5, text("m.h5", b"\x89HDF\r\n\x1a\n" + bytes(500)), "expected weights in HDF5"),
    (H5, holed("m.h5", 1 << 40), "expected at most"),
    (H5, pipe("m.h5"), "expected a file at m.h5"),
    ("evaluate m.h5 --dataset hapt", text("m.h5", "hello"), "edgehar import"),
    # To learn a person
    (ADAPT, nothing, "no such file"),
    (ADAPT, text("walk.csv", "t,x,y,z\n"), "expected rows of samples"),
    (ADAPT, recording(header="t,x,y,z,mark,subject"), "got no label at all"),
    (ADAPT, recording(seconds=4), "expected"),
    (ADAPT, renamed("walking", "sitting"), "got unsitting, unwalking"),
    (f"{ADAPT} --only standing", recording(), "of standing in"),
    (f"{ADAPT} --only flying", recording(), "expected labels of"),
    (f"{ADAPT} --only ''", recording(), "expected names parted by commas"),
    (f"{ADAPT} --each 0", recording(), "each"),
    (f"{ADAPT} --subject nobody", recording(), "nobody"),
    (f"{ADAPT} --recording nothing", recording(), "nothing"),
    (ADAPT.replace("--bundle b", "--bundle nowhere"), recording(), "expected"),
    (ADAPT.replace("my.profile", "file/my.profile"), both(recording(), text("file", "")), "cannot write"),
    (ADAPT, both(recording(), flipped("b/model_int8.tflite", 5000)), "expected SHA-256"),
    (ADAPT, both(recording(), removed("b/model_int8.tflite")), "it is missing"),
    # A person's profile
    (PLAY, both(recording(), removed(PROFILE)), "no such file: me.profile"),
    (PLAY, both(recording(), text(PROFILE, "")), "expected a profile (EHP1) in me.profile, got 0 bytes"),
    (PLAY, both(recording(), text(PROFILE, "hello" * 100)), "expected a profile (EHP1)"),
    (PLAY, both(recording(), cut(PROFILE, 100)), "its checksum does not fit"),
    (PLAY, both(recording(), cut(PROFILE, 3)), "expected a profile (EHP1)"),
    (PLAY, both(recording(), flipped(PROFILE, 60)), "its checksum does not fit"),
    (PLAY, both(recording(), profile(other_model)), "expected a profile of the model"),
    (PLAY, both(recording(), profile(other_format)), "expected a profile (EHP1)"),
    (PLAY, both(recording(), profile(unknown_flag)), "of format EHP1"),
    (PLAY, both(recording(), profile(more_classes)), "of format EHP1"),
    (PLAY, both(recording(), profile(other_shape)), "expected a last layer of"),
    (PLAY, both(recording(), holed(PROFILE, 1 << 40)), "expected at most"),
    (PLAY, both(recording(), pipe(PROFILE)), "expected a file at me.profile, got a pipe"),
    (PLAY, both(recording(), link(PROFILE)), "expected a file at me.profile, got a pipe, a socket or a device"),
    ("stream hapt --bundle m.keras --profile me.profile", copied(MICRO, M), "got something else"),
    # What asks for nothing
    ("doctor more", nothing, "unexpected extra argument"),
    ("doctor --nothing", nothing, "o such option"),
    ("doctor --json=3", nothing, "does not take a value"),
]  # fmt: skip
