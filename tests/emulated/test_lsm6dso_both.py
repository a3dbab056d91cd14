"""The program of examples/lsm6dso with the gyroscope: FIFOs of both sensors give the decisions that Python gives."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.channels import parse_channels, sensors_of
from edgehar.compile.c import write_c
from edgehar.streaming import Decision, Streamer
from edgehar.streaming.sensor import Sensor
from tests.firmware.engine import Engine, compile_objects
from tests.firmware.test_channels import ChannelsRuntime, contract_of, network

from .test_lsm6dso import ACCELEROMETER, GYROSCOPE, HOP, OVERRUN, RATE, RECORD, ROOM, UNIT, events_of, sensed

pytestmark = pytest.mark.emulated

GYROSCOPE_UNIT = 0.070 * np.pi / 180
TEMPERATURE = 3
#: What a filter of six channels adds to an output, instructions on the M4.
LIMIT = 1_200


def both_sensed() -> np.ndarray:
    """The counts of both sensors, int16 (N, 6): a shipped recording's accelerometer, and a gyroscope made of it."""
    acc = sensed()[: 52 * 60].astype(np.float64)
    turning = np.clip(np.gradient(acc, axis=0)[:, [1, 2, 0]] * 4, -32768, 32767)
    return np.hstack([acc, turning]).astype(np.int16)


def words_of(counts: np.ndarray) -> list[tuple[int, bytes]]:
    """The sensor's words: place of the sample, tag and values. At first there is no gyroscope, which starts later."""
    rng = np.random.default_rng(3)
    words = []
    for index, row in enumerate(counts.tolist()):
        slot = (index & 3) << 1
        acc = (index, struct.pack("<B3h", ACCELEROMETER << 3 | slot, *row[:3]))
        gyro = (index, struct.pack("<B3h", GYROSCOPE << 3 | slot, *row[3:]))
        pair = [acc] if index < 4 else [gyro, acc] if rng.random() < 0.8 else [acc, gyro]
        words += [(index, struct.pack("<B3h", TEMPERATURE << 3 | slot, 7, 0, 0)), *pair] if index % 40 == 9 else pair
    return words


def fifos_of(counts: np.ndarray) -> list[tuple[int, int, list[tuple[int, bytes]]]]:
    """Interrupts: time, FIFO_STATUS2, words. Some end within a sample; the clock is 1 % off; once the FIFO ran over."""
    rng = np.random.default_rng(8)
    words, found, at = words_of(counts), [], 0
    while at + 4 * ROOM < len(words):
        size = 2 * ROOM + int(rng.integers(0, 8))
        lost = len(found) == 60
        if lost:  # 3 s of samples are gone, and the last of them in part
            at += 2 * 3 * 52 + 1
        last = words[at + size - 1][0]
        found.append((int(1_000_000 + last * 1.01e6 / RATE + rng.uniform(0, 900)), OVERRUN if lost else 0,
                      words[at : at + size]))  # fmt: skip
        at += size
    return found


def samples_of(fifos: list[tuple[int, int, list[tuple[int, bytes]]]], counts: np.ndarray) -> list[np.ndarray]:
    """What each interrupt completes, told by the words' places: samples of which both halves came since an overrun."""
    seen: dict[int, int] = {}
    found = []
    for _, state, words in fifos:
        if state & OVERRUN:
            seen = {}
        rows = []
        for place, word in words:
            if word[0] >> 3 != TEMPERATURE:
                seen[place] = seen.get(place, 0) + 1
                rows += [place] if seen[place] == 2 else []
        found.append(counts[rows])
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("both")
    (folder / "model.tflite").write_bytes(network(6))
    return folder


def test_recorded_fifos_of_both_sensors(model: Path, tmp_path: Path) -> None:
    contract = contract_of("acc,gyro")
    generated = model / "m4"
    write_c(model / "model.tflite", generated, kernels=qemu.board("m4").kernel, sensor_hz=RATE, contract=contract)
    image = qemu.build("m4", "lsm6dso", generated, model=generated)
    counts = both_sensed()
    fifos = fifos_of(counts)
    (model / "fifos.bin").write_bytes(
        b"".join(struct.pack("<QBB", now, state, len(words)) + b"".join(word for _, word in words)
                 for now, state, words in fifos)
    )  # fmt: skip
    qemu.run("m4", image, [model / "fifos.bin", model / "results.bin"])
    records = list(RECORD.iter_unpack((model / "results.bin").read_bytes()))

    runtime = ChannelsRuntime(
        Engine(network(6), model / "host", compile_objects(tmp_path), contract=contract), "acc,gyro"
    )
    axes = (2, -1, 3, 5, -4, 6)
    sensor, streamer = Sensor(contract, RATE, unit=[UNIT, GYROSCOPE_UNIT], axes=axes), Streamer(runtime, hop=HOP)
    taken = zip(fifos, samples_of(fifos, counts), strict=True)
    expected = events_of(sensor, streamer, ((now, state, samples) for (now, state, _), samples in taken))
    got = [(t, label, raw, tuple(p[: len(contract.labels)])) for status, label, raw, _, t, p in records if status == 1]
    decided = [one for one in expected if isinstance(one, Decision)]
    assert got == [(one.t_us, one.label, one.raw, one.p) for one in decided]
    assert len(decided) == len(expected) > 40 and len({one.p for one in decided}) > 20
    assert [status for status, *_ in records if status not in (1, -100)] == []


@pytest.mark.parametrize(("text", "limit"), [("acc,gyro", LIMIT), ("mag.magnitude,acc", 900)])
def test_the_filter_of_other_channels(text: str, limit: int, tmp_path: Path) -> None:
    """Its bits are Python's, those of a channel that no three share with included; its instructions have a limit."""
    contract, content = contract_of(text), network(len(parse_channels(text)))
    (tmp_path / "model.tflite").write_bytes(content)
    generated = tmp_path / "m4"
    write_c(tmp_path / "model.tflite", generated, kernels=qemu.board("m4").kernel, sensor_hz=RATE, contract=contract)
    image = qemu.build("m4", "sensor", generated, model=generated)
    said = {name: int(value) for name, value in (line.split()[:2] for line in qemu.run("m4", image, []))}
    each = {name: qemu.instructions("m4", said[name]) / said["outputs"] for name in ("plain", "timed")}
    assert 500 < each["timed"] - each["plain"] <= limit, each

    runtime = ChannelsRuntime(Engine(content, tmp_path / "host", compile_objects(tmp_path), contract=contract), text)
    width = len(contract.channels)
    index = np.arange(2000)
    columns = [index * 37, 8000 - index * 11, index * index, index * 53] + [index * 0] * 5
    counts = np.stack(columns, axis=1)[:, :width].astype(np.int16)
    sensor = Sensor(contract, RATE, unit=[0.0012] * len(sensors_of(contract.channels)))
    streamer, found, decided = Streamer(runtime, hop=contract.window), 0, []
    for block in sensor.push(counts):
        decided += [one.p for one in streamer.push(block.x, block.t_us) if isinstance(one, Decision)]
    for value in [value for p in decided[:3] for value in p]:
        found = (found * 31 + value) % (1 << 32)
    assert len(set(decided[:3])) == 3 and said["answer"] == found & 0x7FFFFFFF
