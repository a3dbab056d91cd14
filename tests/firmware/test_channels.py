"""Samples of one to nine channels: the engine equals its oracles, and the C streamer decides as the Python streamer."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgehar.channels import parse_channels, turnable, vectors
from edgehar.contract import Contract, TensorQuantisation
from edgehar.errors import ContractError, EdgeharError
from edgehar.front_end import rotate
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Streamer

from .engine import FIRMWARE, Engine
from .networks import NetworkWriter, distinct, windows_of
from .test_interface import STRICT
from .test_sample_path import any_rotation, mapped
from .test_streamer import PERIOD, EngineRuntime, as_row, build_program, run_program

CHANNELS = ("acc.magnitude", "acc.x,gyro.z", "gyro", "mag.magnitude,acc", "acc,gyro", "acc,gyro,mag")
#: Of a count: m/s², rad/s, µT.
UNITS = {"acc": 9.80665 / 1000, "gyro": 0.0175, "mag": 0.15}
CLASSES = 4


def network(channels: int) -> bytes:
    """Small and quick, with probabilities that change from window to window."""
    net = NetworkWriter(30 + channels, channels=channels)
    net.conv(6, 4, 3)
    net.conv(5, 3)
    net.mean()
    net.dense(CLASSES)
    net.graph.tensors[net.now].quantization.scale = [0.05]
    net.softmax()
    return net.bytes()


def contract_of(text: str) -> Contract:
    return Contract(tuple(f"class {index}" for index in range(CLASSES)), channels=parse_channels(text))


class ChannelsRuntime(EngineRuntime):
    """The engine behind the Python streamer, with channels of its own."""

    def __init__(self, engine: Engine, text: str) -> None:
        source = engine.network.tensors[engine.network.source]
        self.engine = engine
        self.contract = Contract(
            contract_of(text).labels,
            input_quantisation=TensorQuantisation(source.scale, source.zero_point),
            output_quantisation=TensorQuantisation(1 / 256, -128),
            channels=parse_channels(text),
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channels")


@pytest.fixture(scope="module")
def runtimes(place, engine_objects) -> dict[str, ChannelsRuntime]:
    return {
        text: ChannelsRuntime(
            Engine(network(len(parse_channels(text))), place / text, engine_objects, contract=contract_of(text)), text
        )
        for text in CHANNELS
    }


@pytest.fixture(scope="module")
def programs(place, runtimes) -> dict[str, Path]:
    return {text: build_program(place / text, place / f"build-{text}") for text in CHANNELS}


@pytest.mark.parametrize("channels", range(1, 10))
def test_the_engine_equals_tflite_micro(place, engine_objects, litert, tflm, channels):
    """Whole windows and steps of a hop; the convolutions also equal LiteRT's reference kernels."""
    content = network(channels)
    text = ",".join(one.name for one in parse_channels("acc,gyro,mag")[:channels])
    engine = Engine(content, place / f"whole{channels}", engine_objects, contract=contract_of(text))
    windows = windows_of(np.random.default_rng(channels), 80, 12, channels)
    micro, reference = tflm(content), litert(content)
    expected = np.stack([micro.invoke(window) for window in windows])
    assert distinct(expected) > 6
    np.testing.assert_array_equal(np.stack([engine.invoke(window) for window in windows]), expected)
    for window in windows[:3]:
        reference.invoke(window)
        for layer, columns in zip(engine.network.layers[:2], engine.layers(window), strict=False):
            tensor = engine.network.tensors[layer.output]
            np.testing.assert_array_equal(columns, reference.tensor(tensor.index)[: columns.size])
    steps = Engine(content, place / f"hop{channels}", engine_objects, contract=contract_of(text), hop=9)
    stream = windows.reshape(-1, channels)
    np.testing.assert_array_equal(steps.stream(stream, 9), engine.stream(stream, 9))


class CountsStreamer(Streamer):
    """What docs/spec.md says of the counts of several sensors, on the Python streamer."""

    def __init__(self, runtime, rotation, **options) -> None:
        super().__init__(runtime, rotation=rotation, **options)
        self.rotation, self.channels = rotation, runtime.contract.channels
        self.input = runtime.contract.input_quantisation
        self._path.changes = False  # what it changes is done below, in counts

    def _stored(self, x):
        values = x.astype(np.int64)
        for at in vectors(self.channels) if self.rotation else ():
            values[:, at : at + 3] = rotate(values[:, at : at + 3], self.rotation)
        for at, one in enumerate(self.channels):
            values[:, at] = mapped(values[:, at], UNITS[one.sensor] / float(np.float32(self.input.scale)), 512)
        return np.clip(values + self.input.zero_point, -128, 127).astype(np.int8)


STEPS = st.lists(
    st.tuples(st.sampled_from(["run"] * 4 + ["gap", "back", "same", "nan", "reset", "huge"]), st.integers(1, 130)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=STEPS,
    seed=st.integers(0, 2**32 - 1),
    text=st.sampled_from(CHANNELS),
    turned=st.booleans(),
    as_counts=st.booleans(),
)
def test_decides_like_python(programs, runtimes, steps, seed, text, turned, as_counts):
    rng, runtime = np.random.default_rng(seed), runtimes[text]
    channels = runtime.contract.channels
    rotation = any_rotation(rng) if turned and turnable(channels) else None
    streamer = CountsStreamer(runtime, rotation, hop=4) if as_counts else Streamer(runtime, hop=4, rotation=rotation)
    unit = np.array([UNITS[one.sensor] for one in channels])
    lines, expected, now = [], [], 10_000_000
    for kind, count in steps:
        if kind == "reset":
            streamer.reset()
            lines.append("reset")
            continue
        rest, spread = rng.normal(0, 7, len(channels)), rng.uniform(0.1, 6)
        for index in range(count if kind in ("run", "huge") else 1):
            sample = np.float32(rest + rng.normal(0, spread, len(channels)))
            sample *= np.float32(rng.choice([20, 1e30])) if kind == "huge" else np.float32(1)
            now += {"gap": 2 * PERIOD + 1, "back": -3 * PERIOD, "same": 0}.get(kind, PERIOD)
            if as_counts:
                counts = np.clip(np.float64(sample) / unit, -32768, 32767).astype(int)
                lines.append(f"{now}," + ",".join(map(str, counts.tolist())))
                expected += streamer.push(counts[None], np.array([now]))
                continue
            if kind == "nan":
                sample[(index + count) % len(channels)] = rng.choice([math.nan, math.inf])
            lines.append(f"{now / 1e6:.6f}," + ",".join(f"{float(value)!r}" for value in sample))
            expected += streamer.push(sample[None], np.array([now]))
    options: list[object] = ["--hop", 4]
    options += ["--rotation", ",".join(map(str, rotation))] if rotation else []
    options += ["--counts", ",".join(map(repr, unit.tolist()))] if as_counts else []
    assert run_program(programs[text], lines, *options) == [as_row(event) for event in expected]


@pytest.mark.parametrize("text", CHANNELS)
def test_a_value_that_is_not_finite_flushes_in_any_channel(programs, runtimes, text):
    runtime = runtimes[text]
    width = len(runtime.contract.channels)
    for channel in range(width):
        samples = np.random.default_rng(channel).normal(0, 5, (240, width)).astype(np.float32)
        samples[120, channel] = np.nan
        events = Streamer(runtime, hop=8).push(samples)
        lines = [
            f"{index * PERIOD / 1e6:.6f}," + ",".join(f"{value!r}" for value in row)
            for index, row in enumerate(samples.astype(np.float64).tolist())
        ]
        assert run_program(programs[text], lines, "--hop", 8) == [as_row(event) for event in events]
        assert [event.reason for event in events if not hasattr(event, "p")] == ["nan"]


def test_axes_without_the_others_cannot_be_turned(programs, runtimes):
    for text in ("acc.x,gyro.z", "acc.magnitude"):
        with pytest.raises(EdgeharError, match="channels that a rotation can turn"):
            Streamer(runtimes[text], rotation=(16384, 0, 0, 0, 16384, 0, 0, 0, 16384))
        words = ["--rotation", "16384,0,0,0,16384,0,0,0,16384"]
        done = subprocess.run([programs[text], *words], input="", capture_output=True, text=True)
        assert done.returncode == 2 and "no rotation" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [("0,1,2,3", []), ("0,1,2,3,4,5,6,7", []), ("0,1,2,3,4,5,", []), ("0,1,2,3,4,5,x", []), ("", ["--counts", "0.01"]),
     ("", ["--counts", "1,1,1,1,1,0"]), ("", ["--counts", "1,1,1,1,1,1,1"])],
)  # fmt: skip
def test_lines_and_units_of_another_number_are_refused(programs, line, words):
    done = subprocess.run([programs["acc,gyro"], *words], input=f"{line}\n", capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("edgehar_host: ")


PROGRAM = """
#include "edgehar_engine.h"
#include "edgehar_sensor.h"
#include "edgehar_store.h"
#include "model_data.h"
static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static const edgehar_counts maps[EDGEHAR_MODEL_CHANNELS] = EDGEHAR_MODEL_CHANNEL_COUNTS(0.25, 0.5);
static const edgehar_counts wrong[EDGEHAR_MODEL_CHANNELS] = {{1u << 30, 0}};
static const edgehar_counts none[EDGEHAR_MODEL_CHANNELS] = {{0, 9}, {0, 9}, {0, 9}, {0, 9}, {0, 9}, {0, 9}};
int main(void)
{
    edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, 20);
    const edgehar_config with_unit = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 0.25);
    const edgehar_counts acc = EDGEHAR_COUNTS(0.25), gyro = EDGEHAR_COUNTS(0.5);
    const int16_t counts[EDGEHAR_MODEL_CHANNELS] = {0};
    const edgehar_sensor sensor = {NULL, EDGEHAR_SENSOR_UNIT(0.01), {1, 2, 3}};
    edgehar_stored places[2];
    edgehar_queue queue;
    edgehar_decision decision;
    edgehar stream;
    if (edgehar_init(&stream, &with_unit, memory, sizeof memory) != EDGEHAR_ERROR_CONFIG) return 1;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) return 2;
    if (edgehar_push_counts(&stream, counts, 0, &decision) != EDGEHAR_ERROR_CONFIG) return 3;
    if (edgehar_set_counts(&stream, wrong) != EDGEHAR_ERROR_CONFIG) return 4;
    if (edgehar_set_counts(&stream, none) != EDGEHAR_ERROR_CONFIG) return 12;
    if (edgehar_push_counts(&stream, counts, 0, &decision) != EDGEHAR_ERROR_CONFIG) return 5;
    if (edgehar_set_counts(&stream, maps) != EDGEHAR_OK) return 6;
    if (edgehar_push_counts(&stream, counts, 0, &decision) != EDGEHAR_OK) return 7;
    if (maps[2].multiplier != acc.multiplier || maps[2].shift != acc.shift) return 8;
    if (maps[3].multiplier != gyro.multiplier || maps[3].shift != gyro.shift || gyro.shift == acc.shift) return 9;
    if (edgehar_set_counts(NULL, maps) != EDGEHAR_ERROR_ARGUMENT) return 10;
    if (edgehar_set_sensor(&stream, &sensor, NULL, 0) != EDGEHAR_ERROR_MODEL) return 13;
    if (edgehar_queue_init(&queue, places, 2) != EDGEHAR_OK) return 14;
    if (edgehar_decide(&stream, &queue, &decision) != STORE) return 15;
    if (edgehar_store(&queue, counts, 50000) != EDGEHAR_OK) return 16;
    if (edgehar_decide(&stream, &queue, &decision) != STORE) return 17;
    return edgehar_set_counts(&stream, NULL) == EDGEHAR_OK ? 0 : 11;
}
"""


@pytest.mark.parametrize("room", [3, 6])
@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("clang", "c99"), ("g++", "c++11")])
def test_units_per_sensor_are_made_by_the_compiler(place, runtimes, tmp_path, compiler, standard, room):
    """What else is for x, y and z alone is refused; a queue has room for more values where the build says so."""
    source = tmp_path / ("user.cpp" if "++" in compiler else "user.c")
    source.write_text(PROGRAM)
    engine = [] if "++" in compiler else sorted((FIRMWARE / "src").glob("*.c"))
    includes = [f"-I{path}" for path in (FIRMWARE / "include", FIRMWARE / "src", place / "acc,gyro")]
    model = [] if "++" in compiler else [place / "acc,gyro" / "model_data.c"]
    output = ["-c", "-o", tmp_path / "user.o"] if "++" in compiler else ["-o", tmp_path / "user"]
    told = [f"-DEDGEHAR_STORE_CHANNELS={room}", f"-DSTORE={'EDGEHAR_OK' if room == 6 else 'EDGEHAR_ERROR_MODEL'}"]
    command = [compiler, f"-std={standard}", *STRICT, *told, *includes, source, *engine, *model, *output]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if "++" not in compiler:
        assert subprocess.run([tmp_path / "user"], check=False).returncode == 0


def test_channels_that_nobody_names_are_refused(place, engine_objects):
    with pytest.raises(ContractError, match="says what the 6 channels of a sample are, got none"):
        Engine(network(6), place / "nameless", engine_objects)
    with pytest.raises(ContractError, match=r"windows \(80, 3\) by the contract, got 4 of \(80, 6\)"):
        Engine(network(6), place / "three", engine_objects, contract=contract_of("gyro"))


def test_quantised_alike(runtimes):
    """Python's levels and the C engine's constants, for every channel alike."""
    runtime = runtimes["acc,gyro"]
    window = np.random.default_rng(1).normal(0, 6, (80, 6)).astype(np.float32)
    codes = quantise(window, runtime.contract.input_quantisation)
    (decision,) = Streamer(runtime, hop=20).push(window)
    assert list(decision.p) == (runtime.engine.invoke(codes).astype(int) + 128).tolist()
