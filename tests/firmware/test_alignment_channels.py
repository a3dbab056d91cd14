"""Alignment of several sensors: walking is told by the acceleration, and every vector is turned; C as Python."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgehar.channels import parse_channels, sensors_of, vectors
from edgehar.contract import Contract
from edgehar.data import Dataset, Recording
from edgehar.errors import ContractError, DataError
from edgehar.front_end import SamplePath, from_q8, rotate, to_q8
from edgehar.personal.aligned import align_recordings, contract_gravity
from edgehar.personal.alignment import Walking, require_alignable
from edgehar.streaming import Decision, Flush, Streamer
from edgehar.streaming.sensor import Sensor, to_counts

from .engine import FIRMWARE
from .test_channels import UNITS, contract_of
from .test_sample_path import any_rotation, mapped
from .test_sensor import lines_of
from .test_sensor_channels import Built, units_of
from .test_streamer import as_row, run_program

CHANNELS = ("acc,gyro", "gyro,acc", "mag.magnitude,acc", "gyro,mag,acc")
TARGET = (16094, -2826, -1202)
HOP, RATES = 4, (20, 52)


@pytest.fixture(scope="module")
def built(tmp_path_factory, engine_objects) -> dict[str, Built]:
    place = tmp_path_factory.mktemp("aligned")
    return {text: Built(text, place / text, engine_objects, TARGET) for text in CHANNELS}


def walk(rng: np.random.Generator, text: str, count: int, rate: float) -> np.ndarray:
    """float32 (count, channels): the acceleration walks, all else rests."""
    channels = parse_channels(text)
    rest = rng.normal(0, 6, len(channels))
    samples = rest + rng.normal(0, 0.3, (count, len(channels)))
    at = [one.name for one in channels].index("acc.x")
    swing = 3 * rest[at : at + 3] / np.linalg.norm(rest[at : at + 3])
    samples[:, at : at + 3] += swing * np.sin(np.arange(count)[:, None] * 4 * np.pi / rate)
    return np.float32(samples)


class CountsPath(SamplePath):
    """Counts are turned, and a map of their own makes them int8."""

    def __init__(self, channels, quantisation, rotation) -> None:
        super().__init__("none", rotation, waits=True, channels=channels)
        self.channels, self.quantisation = channels, quantisation

    def leave(self, values):
        turned = values if self.rotation is None else self._turned(values, self.rotation)
        scale = float(np.float32(self.quantisation.scale))
        codes = [mapped(turned[:, at], UNITS[one.sensor] / scale, 512) for at, one in enumerate(self.channels)]
        return np.clip(np.stack(codes, axis=1) + self.quantisation.zero_point, -128, 127).astype(np.int8)


class CountsWalking(Walking):
    """Takes counts."""

    def push(self, values):
        return super().push(mapped(values, UNITS["acc"] * 256, 32767))


class CountsStreamer(Streamer):
    """What docs/spec.md says of counts that are aligned, on the Python streamer."""

    def __init__(self, runtime, rotation, **options) -> None:
        super().__init__(runtime, rotation=rotation, align=True, **options)
        self._path = CountsPath(runtime.contract.channels, runtime.contract.input_quantisation, rotation)
        self._walking = CountsWalking()

    def reset(self) -> None:
        super().reset()
        self._walking = CountsWalking()

    def _stored(self, x):
        return x.astype(np.int64)

    def _quantised(self, x):
        return x


def untimed(rows: list[dict], form: str) -> list[dict]:
    """Behind a filter, C's flush has the time of the sensor's sample, Python's that of the output."""
    return [row | {"t_us": 0} if form == "sensor" and row.get("reason") == "aligned" else row for row in rows]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.sampled_from(CHANNELS),
    form=st.sampled_from(["floats", "counts", "sensor"]),
    rate=st.sampled_from(RATES),
    steps=st.lists(st.tuples(st.sampled_from(["run", "run", "gap", "back"]), st.integers(20, 250)), max_size=4),
    seed=st.integers(0, 2**32 - 1),
    turned=st.booleans(),
)
def test_streams_of_several_sensors(text, form, rate, steps, seed, turned, built):
    """As floats, as counts at the model's rate, and through a sensor's filter."""
    rng, runtime = np.random.default_rng(seed), built[text].runtime
    rate = rate if form == "sensor" else 20
    rotation = any_rotation(rng) if turned else None
    units, told = units_of(runtime.contract.channels)
    samples, times, now = [], [], 10_000_000
    for kind, count in [*steps, ("run", 300)]:
        now += {"gap": 200_000, "back": -400_000}.get(kind, 0)
        length = int(count * rate / 20)
        samples.append(walk(rng, text, length, rate))
        times += [now + int(index * 1e6 / rate) for index in range(1, length + 1)]
        now = times[-1]
    x, t_us = np.concatenate(samples), np.array(times)
    counts = to_counts(x, np.array([UNITS[one.sensor] for one in runtime.contract.channels]))
    options: list[object] = ["--hop", HOP, "--align", 1]
    options += ["--rotation", ",".join(map(str, rotation))] if rotation else []
    expected: list[Decision | Flush] = []
    if form == "floats":
        expected = Streamer(runtime, hop=HOP, rotation=rotation, align=True).push(x, t_us)
        lines = [
            f"{t / 1e6:.6f}," + ",".join(map(repr, row)) for t, row in zip(times, x.astype(float).tolist(), strict=True)
        ]
    elif form == "counts":
        expected = CountsStreamer(runtime, rotation, hop=HOP).push(counts, t_us)
        lines = lines_of(counts, times)
        options += ["--counts", told]
    else:
        streamer = Streamer(runtime, hop=HOP, rotation=rotation, align=True)
        for block in Sensor(runtime.contract, rate, unit=units).push(counts, t_us):
            expected += [] if block.flush is None else [streamer.flush(*block.flush)]
            expected += streamer.push(block.x, block.t_us)
        lines = lines_of(counts, times)
        options += ["--sensor", told]
    got = run_program(built[text].at(rate), lines, *options)
    assert untimed(got, form) == untimed([as_row(event) for event in expected], form)
    assert [event for event in expected if isinstance(event, Flush) and event.reason == "aligned"]
    assert len(sensors_of(runtime.contract.channels)) > 1


def recording(text: str, name: str) -> Recording:
    x = walk(np.random.default_rng(3), text, 400, 20)
    return Recording(name, name, np.arange(400) / 20, x, np.zeros(400, np.int16), 20.0)


def test_recordings_of_several_sensors():
    """Training finds gravity by the acceleration, and turns each sensor of a recording by it."""
    channels = parse_channels("gyro,acc")
    dataset = Dataset("walks", (recording("gyro,acc", "p"),), ("walking", "sitting"), channels=channels)
    contract = Contract(dataset.classes, channels=channels)
    gravity = contract_gravity(dataset, ("p",), contract)
    of_acc = Dataset("walks", (replace(dataset.recordings[0], acc=dataset.recordings[0].acc[:, 3:]),), dataset.classes)
    assert gravity is not None and gravity == contract_gravity(of_acc, ("p",), Contract(dataset.classes))
    assert require_alignable(replace(contract, walking_gravity=gravity)) == gravity
    found = align_recordings(dataset, TARGET)
    (rotation,) = found.rotations.values()
    (before,), (after,) = dataset.recordings, found.dataset.recordings
    for at in vectors(channels):
        whole = slice(at, at + 3)
        np.testing.assert_array_equal(after.acc[:, whole], from_q8(rotate(to_q8(before.acc[:, whole]), rotation)))


@pytest.mark.parametrize("text", ["gyro", "acc.magnitude", "acc,gyro.z", "linear,gyro"])
def test_channels_that_walking_cannot_turn_are_refused(text):
    contract = contract_of(text)
    with pytest.raises(ContractError, match=f"no walking gravity with .* {text}"):
        replace(contract, walking_gravity=TARGET)
    with pytest.raises(DataError, match=f"of the channels {text}, the acceleration cannot turn every one"):
        require_alignable(contract)
    dataset = Dataset("walks", (), ("walking",), channels=contract.channels)
    assert contract_gravity(dataset, (), contract) is None


PROGRAM = """
#include "edgehar_align.h"
#include "edgehar_engine.h"
#include "edgehar_sensor.h"
#include "model_data.h"
static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static const edgehar_counts maps[EDGEHAR_MODEL_CHANNELS] = EDGEHAR_MODEL_CHANNEL_COUNTS(0.25, 0.5);
static const edgehar_counts q8 = EDGEHAR_COUNTS_TO_Q8(0.25);
static const edgehar_sensors both = {NULL, EDGEHAR_MODEL_SENSOR_UNITS(0.25, 0.5), {1, 2, 3, 4, 5, 6}};
int main(void)
{
    const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, 20);
    edgehar stream;
    edgehar_alignment alignment;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) return 1;
    if (edgehar_align(&stream, &alignment, NULL) != EDGEHAR_OK) return 2;
    if (edgehar_set_counts(&stream, maps) != EDGEHAR_ERROR_CONFIG) return 3;
    if (edgehar_set_sensors(&stream, &both, NULL, 0) != EDGEHAR_OK) return 4;
    if (edgehar_set_counts(&stream, maps) != EDGEHAR_OK) return 5;
    if (edgehar_set_sensors(&stream, NULL, NULL, 0) != EDGEHAR_ERROR_CONFIG) return 6;
    if (edgehar_align(&stream, &alignment, &q8) != EDGEHAR_OK) return 7;
    if (edgehar_set_sensors(&stream, NULL, NULL, 0) != EDGEHAR_OK) return 8;
    return edgehar_align(&stream, &alignment, NULL) == EDGEHAR_ERROR_CONFIG ? 0 : 9;
}
"""


def test_counts_that_cannot_walk_are_refused(built, tmp_path):
    """Without a map to Q8 nobody would ever be seen walking in them."""
    folder = built["acc,gyro"].at(20).parent
    (tmp_path / "user.c").write_text(PROGRAM)
    places = [f"-I{path}" for path in (FIRMWARE / "include", FIRMWARE / "src", folder)]
    sources = [*sorted((FIRMWARE / "src").glob("*.c")), folder / "model_data.c"]
    command = ["gcc", "-std=c99", "-Wall", *places, tmp_path / "user.c", *sources, "-o", tmp_path / "user"]
    subprocess.run([str(word) for word in command], check=True)
    assert subprocess.run([tmp_path / "user"], check=False).returncode == 0
