"""Sensors at their own rate for one to nine channels: C and Python make the same of their counts."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgehar.channels import Channel, parse_channels, sensors_of, turnable, vectors
from edgehar.compile.c import write_c
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.streaming import Decision
from edgehar.streaming.sensor import Sensor

from .engine import COMPILER, FIRMWARE, FLAGS, Engine
from .networks import NetworkWriter
from .test_channels import CLASSES, UNITS, ChannelsRuntime, contract_of, network
from .test_interface import STRICT
from .test_sample_path import any_rotation
from .test_sensor import events_of, fifos_times, lines_of
from .test_streamer import as_row, run_program

#: 1, 2, 3, 4, 6 and 9 channels: vectors, lengths, and axes that lack others.
CHANNELS = ("acc.magnitude", "gyro.z,acc.x", "gyro", "mag.magnitude,acc", "acc,gyro", "gyro,mag,acc")
RATES = (20, 26, 52)
HOP = 4


class Built:
    """A model of these channels, and edgehar_host at each rate, built when it is asked for."""

    def __init__(
        self, text: str, place: Path, objects: list[Path], gravity: tuple[int, int, int] | None = None
    ) -> None:
        self.place, self.objects = place, objects
        self.contract = replace(contract_of(text), walking_gravity=gravity)
        content = network(len(parse_channels(text)))
        self.runtime = ChannelsRuntime(Engine(content, place, objects, contract=self.contract), text)
        self.runtime.contract = replace(self.runtime.contract, walking_gravity=gravity)
        self.programs: dict[float, Path] = {}

    def at(self, rate: float) -> Path:
        if rate not in self.programs:
            folder = self.place / str(rate)
            hz = None if rate == 20 else rate
            write_c(self.place / "model.tflite", folder, contract=self.contract, sensor_hz=hz)
            self.programs[rate] = folder / "edgehar_host"
            sources = [FIRMWARE / "port/host/host_stream.c", folder / "model_data.c", *self.objects]
            places = [f"-I{path}" for path in (FIRMWARE / "include", FIRMWARE / "src", folder)]
            command = [COMPILER, *FLAGS, "-O1", *places, *sources, "-o", self.programs[rate]]
            subprocess.run([str(word) for word in command], check=True)
        return self.programs[rate]


@pytest.fixture(scope="module")
def built(tmp_path_factory, engine_objects) -> dict[str, Built]:
    place = tmp_path_factory.mktemp("sensors")
    return {text: Built(text, place / text, engine_objects) for text in CHANNELS}


def any_axes(rng: np.random.Generator, channels: tuple[Channel, ...]) -> list[int]:
    """Sensors in any order, each with its axes in any order and sign; of single axes, any."""
    if not turnable(channels):
        signs = [-1 if one.part != "magnitude" and rng.random() < 0.5 else 1 for one in channels]
        return ((rng.permutation(len(channels)) + 1) * signs).tolist()
    parts = [list(range(at, at + 3)) for at in vectors(channels)]
    parts += [[at] for at, one in enumerate(channels) if one.part == "magnitude"]
    axes, place = [0] * len(channels), 1
    for index in rng.permutation(len(parts)):
        part = parts[index]
        found = rng.permutation(np.arange(place, place + len(part)))
        signs = rng.choice([-1, 1], len(part)) if len(part) == 3 else [1]
        for at, value, sign in zip(part, found.tolist(), signs, strict=True):
            axes[at] = int(value * sign)
        place += len(part)
    return axes


def times_of(rng: np.random.Generator, rate: float, runs: list[tuple[str, int]]) -> np.ndarray:
    """Even and jittering times, clocks that are off, gaps, times that go back, and the same time twice."""
    period, steps = 1e6 / rate, [np.zeros(1)]
    kinds = {"even": (1, 1), "jitter": (0.1, 1.9), "fast": (0.85, 0.95), "slow": (1.05, 1.15), "gap": (1, 5)}
    for kind, count in runs:
        if kind in kinds:
            steps.append(rng.uniform(*kinds[kind], count) * period)
        else:
            steps.append(np.array([-7.3 * period if kind == "back" else 0.0]))
    return 10_000_000 + np.cumsum(np.concatenate(steps)).astype(np.int64)


def counts_of(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Noise about a level that wanders up to full scale, another for each channel."""
    level = rng.integers(-9000, 9000, width) + rng.normal(0, 900, (count, width)).cumsum(axis=0)
    counts = level + rng.normal(0, 1, (count, width)) * 10.0 ** rng.uniform(1, 4, width)
    return np.clip(counts, -32768, 32767).astype(np.int16)


def units_of(channels: tuple[Channel, ...]) -> tuple[list[float], str]:
    """A unit for each sensor as Python takes them, and for each channel as the program does."""
    return [UNITS[one] for one in sensors_of(channels)], ",".join(repr(UNITS[one.sensor]) for one in channels)


RUNS = st.lists(
    st.tuples(st.sampled_from(["even", "jitter", "fast", "slow", "gap", "back", "same"]), st.integers(1, 300)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.sampled_from(CHANNELS), rate=st.sampled_from(RATES), runs=RUNS, seed=st.integers(0, 2**32 - 1),
    turned=st.booleans(), full=st.booleans(),
)  # fmt: skip
def test_any_times(text, rate, runs, seed, turned, full, built):
    rng = np.random.default_rng(seed)
    runtime, program = built[text].runtime, built[text].at(rate)
    channels = runtime.contract.channels
    times = times_of(rng, rate, runs)
    whole = rng.integers(-32768, 32768, (len(times), len(channels))).astype(np.int16)
    counts = whole if full else counts_of(rng, len(times), len(channels))
    axes = any_axes(rng, channels)
    units, told = units_of(channels)
    rotation = any_rotation(rng) if turned and turnable(channels) else None
    sensor = Sensor(runtime.contract, rate, unit=units, axes=axes)
    expected = events_of(runtime, sensor, counts, times, HOP, rotation=rotation)
    options = ["--sensor", told, "--axes", ",".join(map(str, axes)), "--hop", HOP]
    options += ["--rotation", ",".join(map(str, rotation))] if rotation else []
    assert run_program(program, lines_of(counts, times), *options) == [as_row(event) for event in expected]


@pytest.mark.parametrize("text", CHANNELS)
def test_every_number_of_channels_decides(text, built):
    """Long enough for hundreds of decisions that differ, with jitter, a gap and a clock that is off."""
    rng = np.random.default_rng(len(text))
    runtime, program = built[text].runtime, built[text].at(52)
    channels = runtime.contract.channels
    times = times_of(rng, 52, [("even", 400), ("jitter", 600), ("gap", 1), ("slow", 700), ("back", 1), ("fast", 500)])
    counts, axes = counts_of(rng, len(times), len(channels)), any_axes(rng, channels)
    units, told = units_of(channels)
    expected = events_of(runtime, Sensor(runtime.contract, 52, unit=units, axes=axes), counts, times, HOP)
    got = run_program(
        program, lines_of(counts, times), "--sensor", told, "--axes", ",".join(map(str, axes)), "--hop", HOP
    )
    assert got == [as_row(event) for event in expected]
    decided = [event for event in expected if isinstance(event, Decision)]
    assert len(decided) > 100 and len({event.p for event in decided}) > 20


@pytest.mark.parametrize(
    ("text", "rate", "room"), [("acc,gyro", 52, 26), ("gyro,mag,acc", 26, 13), ("acc,gyro", 20, 7)]
)
def test_a_fifo_is_its_samples(text, rate, room, built):
    rng = np.random.default_rng(room)
    runtime, program = built[text].runtime, built[text].at(rate)
    width = len(runtime.contract.channels)
    fifos = int(30 * rate) // room
    counts = counts_of(rng, fifos * room, width)
    units, told = units_of(runtime.contract.channels)
    sensor = Sensor(runtime.contract, rate, unit=units)
    lasts = (np.arange(1, fifos + 1) * room * 1.02 / rate * 1e6 + rng.normal(0, 2000, fifos)).astype(np.int64)
    lasts[fifos // 2 :] += 10_000_000
    expected = events_of(runtime, sensor, counts, fifos_times(lasts, room, sensor.period_us), HOP)
    lines = lines_of(counts, np.repeat(lasts, room))
    got = run_program(program, lines, "--sensor", told, "--hop", HOP, "--fifo", room)
    assert got == [as_row(event) for event in expected]
    assert [event.reason for event in expected if not isinstance(event, Decision)] == ["gap"] and len(expected) > 60


def test_six_channels_are_filtered_as_three_are():
    """Two sensors alike give what one gives, twice: nothing of a channel gets into another."""
    rng = np.random.default_rng(2)
    counts = rng.integers(-32768, 32768, (900, 3)).astype(np.int16)
    times = times_of(rng, 52, [("jitter", 899)])
    both = Sensor(Contract(("a", "b"), channels=parse_channels("acc,gyro")), 52, unit=[0.001, 0.001])
    one = Sensor(Contract(("a", "b")), 52, unit=0.001)
    twice = np.concatenate([block.x for block in both.push(np.hstack([counts, counts]), times)])
    once = np.concatenate([block.x for block in one.push(counts, times)])
    np.testing.assert_array_equal(twice, np.hstack([once, once]))
    assert len(once) > 300


def test_axes_and_units_by_hand():
    """A sample that holds the gyroscope first, both sensors turned about z, at the model's rate."""
    counts = np.random.default_rng(6).integers(-9000, 9000, (200, 6)).astype(np.int16)
    contract = Contract(("a", "b"), channels=parse_channels("acc,gyro"))
    (block,) = Sensor(contract, 20, unit=[0.0012, 0.0006], axes=(5, -4, 6, 2, -1, 3)).push(counts)
    gx, gy, gz, ax, ay, az = counts.astype(np.float64).T
    expected = np.stack([ay * 0.0012, -ax * 0.0012, az * 0.0012, gy * 0.0006, -gx * 0.0006, gz * 0.0006], axis=1)
    np.testing.assert_array_equal(block.x, np.float32(np.floor(expected * 256 + 0.5) / 256))


def test_what_cannot_be_is_refused(built):
    both = Contract(("a", "b"), channels=parse_channels("acc,gyro"))
    for axes, words in (
        ((1, 2, 3, 4, 5), "each of the axes 1, 2, 3, 4, 5 and 6"),
        ((1, 2, 3, 4, 5, 5), "each of the axes"),
        ((1, 2, 4, 3, 5, 6), "follow one another for x, y and z of acc"),
        ((0, 1, 2, 3, 4, 5), "each of the axes"),
    ):
        with pytest.raises(EdgeharError, match=words):
            Sensor(both, 52, axes=axes)
        done = subprocess.run(
            [built["acc,gyro"].at(20), "--sensor", "1,1,1,1,1,1", "--axes", ",".join(map(str, axes))],
            input="", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2 and "edgehar_host: " in done.stderr
    with pytest.raises(EdgeharError, match=r"no negative axis for mag.magnitude"):
        Sensor(contract_of("mag.magnitude,acc"), 52, axes=(-1, 2, 3, 4))
    for unit, words in ((0.01, "for each of acc, gyro"), ([0.01], "got 1"), ([0.01, 0.0], "rad/s a count, got 0"),
                        ([float("nan"), 1], "m/s² a count")):  # fmt: skip
        with pytest.raises(EdgeharError, match=words):
            Sensor(both, 52, unit=unit)


@pytest.mark.parametrize(("text", "refused"), [("acc,mag", True), ("acc,gyro", False)])
def test_a_field_beyond_q8_is_refused_at_export(text, refused, tmp_path):
    """Its samples would be cut off where int8 still holds them."""
    net = NetworkWriter(5, channels=6)
    for tensor in net.graph.tensors:
        if tensor.quantization is not None:
            tensor.quantization.scale = [1.1]
    net.conv(6, 4, 3)
    net.mean()
    net.dense(CLASSES)
    net.softmax()
    (tmp_path / "model.tflite").write_bytes(net.bytes())
    options = {"contract": contract_of(text), "sensor_hz": 52}
    if refused:
        with pytest.raises(ContractError, match=r"127\.996 µT for a sensor's own rate"):
            write_c(tmp_path / "model.tflite", tmp_path, **options)
        del options["sensor_hz"]
    assert write_c(tmp_path / "model.tflite", tmp_path, **options)


PROGRAM = """
#include "edgehar_engine.h"
#include "edgehar_sensor.h"
#include "model_data.h"
static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t room[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static const edgehar_sensors both = {
    &edgehar_model_resampler, EDGEHAR_MODEL_SENSOR_UNITS(0.0012, 0.0006), {4, 5, 6, 2, -1, 3}};
int main(void)
{
    const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, 20);
    edgehar_sensors other = both;
    edgehar_resampler filter = edgehar_model_resampler;
    const edgehar_sensor one = {NULL, EDGEHAR_SENSOR_UNIT(0.0006), {1, 2, 3}};
    const int16_t counts[EDGEHAR_MODEL_CHANNELS] = {0};
    edgehar stream;
    edgehar_decision decision;
    if (EDGEHAR_MODEL_AT_ACC != 0 || EDGEHAR_MODEL_AT_GYRO != 3) return 1;
    if (both.units[3].multiplier != one.unit.multiplier || both.units[3].shift != one.unit.shift) return 2;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) return 3;
    if (edgehar_set_sensors(NULL, &both, room, sizeof room) != EDGEHAR_ERROR_ARGUMENT) return 4;
    if (edgehar_set_sensors(&stream, &both, room, sizeof room - 4) != EDGEHAR_ERROR_MEMORY) return 5;
    if (edgehar_set_sensor(&stream, &one, room, sizeof room) != EDGEHAR_ERROR_MODEL) return 6;
    filter.channels = 0;
    other.resampler = &filter;
    if (edgehar_set_sensors(&stream, &other, room, sizeof room) != EDGEHAR_ERROR_MODEL) return 7;
    other = both;
    other.units[5].multiplier = 0;
    if (edgehar_set_sensors(&stream, &other, room, sizeof room) != EDGEHAR_ERROR_CONFIG) return 8;
    other = both;
    other.axes[0] = 1;
    if (edgehar_set_sensors(&stream, &other, room, sizeof room) != EDGEHAR_ERROR_CONFIG) return 9;
    other.axes[4] = 4;
    if (edgehar_set_sensors(&stream, &other, room, sizeof room) != EDGEHAR_ERROR_CONFIG) return 10;
    if (edgehar_push_counts(&stream, counts, 0, &decision) != EDGEHAR_ERROR_CONFIG) return 11;
    if (edgehar_set_sensors(&stream, &both, room, sizeof room) != EDGEHAR_OK) return 12;
    if (edgehar_push_counts(&stream, counts, 0, &decision) != EDGEHAR_OK) return 13;
    if (edgehar_set_sensors(&stream, NULL, NULL, 0) != EDGEHAR_OK) return 14;
    return edgehar_push_counts(&stream, counts, 0, &decision) == EDGEHAR_ERROR_CONFIG ? 0 : 15;
}
"""


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("clang", "c99"), ("g++", "c++11")])
def test_a_program_with_two_sensors(built, tmp_path, compiler, standard):
    """Another filter's number of channels, units and axes that are none, and room that is too small are refused."""
    folder = built["acc,gyro"].at(52).parent
    plus = "++" in compiler
    source = tmp_path / ("user.cpp" if plus else "user.c")
    source.write_text(PROGRAM)
    includes = [f"-I{path}" for path in (FIRMWARE / "include", FIRMWARE / "src", folder)]
    rest = ["-c", "-o", tmp_path / "user.o"] if plus else [
        *sorted((FIRMWARE / "src").glob("*.c")), folder / "model_data.c", "-o", tmp_path / "user"
    ]  # fmt: skip
    command = [compiler, f"-std={standard}", *STRICT, *includes, source, *rest]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if not plus:
        assert subprocess.run([tmp_path / "user"], check=False).returncode == 0
