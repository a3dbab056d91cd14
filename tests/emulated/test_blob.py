"""A model blob on emulated cores: at two addresses, moved as an update does, it decides as the model compiled in."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import DECISION, Push, replay, section_sizes
from edgehar.compile.c import write_c
from edgehar.data import resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.errors import EdgeharError
from edgehar.models import find_contract

pytestmark = pytest.mark.emulated

SAMPLES = 1600
PERSON = "1"  # of the training part
#: The micro:bit has 16 kB of RAM for the blob, what it leaves when it is moved, and all that the engine takes.
ROOM = {"cortex-m0": "-DEDGEHAR_BLOB_ROOM=6400 -DEDGEHAR_BLOB_STATE=3200"}
#: How far it is moved: over itself, and well clear of itself.
NEAR, FAR = 20, 300_004


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    """float32 (SAMPLES, 3) at 20 Hz: a person's recording, with a value that is none."""
    found = next(one for one in load_hapt().recordings if one.subject == PERSON)
    samples = np.float32(resample(found, 20.0).acc[:SAMPLES])
    samples[700, 1] = np.nan
    return samples


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The one image of a core that takes any blob: it has no model."""
    built: dict[str, Path] = {}

    def build(core: str) -> Path:
        if core not in built:
            built[core] = qemu.build(core, "blob", tmp_path_factory.mktemp(core), DEFINES=ROOM.get(core, ""))
        return built[core]

    return build


def told(push: Push) -> tuple[object, ...]:
    """All but what it cost."""
    return (push.status, push.time_us, push.label, push.reason, push.raw, push.p, push.scores)


def both(core: str, tflite: Path, folder: Path, **options: object) -> tuple[Path, Path]:
    """The blob, and the image with the same plan compiled in: a blob has no placement, so this has none."""
    contract = find_contract(tflite)
    assert contract is not None
    kernels = qemu.board(core).kernel
    written = write_c(tflite, folder, kernels=kernels, blob=True, contract=replace(contract, placement=None), **options)
    return written[-1], qemu.build(core, "image", folder, model=folder)


WAYS = {"whole": {}, "hop": {"hop": 20}, "spread": {"hop": 20, "schedule": "spread"}}


@pytest.mark.parametrize(
    ("core", "name", "way", "place"),
    [
        ("cortex-m4", "micro", "whole", FAR),
        ("cortex-m4", "micro", "spread", NEAR),
        ("cortex-m4", "nano", "hop", FAR),
        ("cortex-m0", "micro", "whole", NEAR),
        ("cortex-m3", "micro", "hop", FAR),
        ("cortex-m55", "micro", "whole", FAR),
    ],
)
def test_decides_as_the_compiled_in_model(core, name, way, place, loader, walk, bundle_of, tmp_path):
    blob, image = both(core, bundle_of(name) / "model_int8.tflite", tmp_path, **WAYS[way])
    expected = [told(push) for push in replay(core, image, walk, 20, tmp_path).pushes]
    got = [told(push) for push in replay(core, loader(core), walk, 20, tmp_path, words=[blob, str(place)]).pushes]
    assert got == 2 * expected
    decisions = [one for one in expected if one[0] == DECISION]
    assert len(decisions) > 60 and len({one[2] for one in decisions}) >= 3


def test_the_loader_has_no_model(loader):
    """So that what decides can only have come in the blob."""
    sizes = section_sizes(loader("cortex-m4"))
    assert sizes.get(".model", 0) == 0 and sizes[".text"] > 5_000


def test_a_torn_blob_and_one_for_another_core_are_refused(loader, walk, bundle_of, tmp_path):
    """By the status that the image ends with: 16 no blob, 18 a kernel that the core lacks."""
    tflite = bundle_of("micro") / "model_int8.tflite"
    blob, _ = both("cortex-m4", tflite, tmp_path / "m4")
    foreign = write_c(tflite, tmp_path / "vector", kernels="vector", blob=True)[-1]
    torn = bytearray(blob.read_bytes())
    torn[len(torn) // 2] ^= 1
    made_up = bytes(torn[:-4])
    for name, content, status in (
        ("torn", bytes(torn), 16),
        ("cut", blob.read_bytes()[:-8], 16),
        ("foreign", foreign.read_bytes(), 18),
        ("format", bytes([*made_up[:4], 99, *made_up[5:]]), 17),
    ):
        whole = content if name != "format" else content + zlib.crc32(content).to_bytes(4, "little")
        (tmp_path / name).write_bytes(whole)
        with pytest.raises(EdgeharError, match=f"status {status}"):
            replay("cortex-m4", loader("cortex-m4"), walk, 20, tmp_path, words=[tmp_path / name, str(NEAR)])
