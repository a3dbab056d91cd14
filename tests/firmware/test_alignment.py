"""Alignment in C: the walking, the rotation and the stream of Python's reference, byte for byte."""

from __future__ import annotations

import ctypes
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgehar.contract import Contract
from edgehar.errors import DataError
from edgehar.personal.alignment import Walking, shortest_turn
from edgehar.streaming import Decision, Flush, Streamer

from .engine import Engine
from .test_sample_path import STEPS, UNIT, Config, Counts, CountsStreamer, any_rotation, mapped, network
from .test_streamer import PERIOD, EngineRuntime, as_row, build_program, run_program

CASES = 1000
TARGET = (16094, -2826, -1202)
CONTRACT = Contract(tuple(f"class {index}" for index in range(4)), walking_gravity=TARGET)


class CWalking(ctypes.Structure):
    _fields_ = (
        ("sums", ctypes.c_int32 * 3 * 4), ("lengths", ctypes.c_int16 * 80), ("samples", ctypes.c_uint8),
        ("halves", ctypes.c_uint8), ("row", ctypes.c_uint8),
    )  # fmt: skip


class CAlignment(ctypes.Structure):
    _fields_ = (
        ("take", ctypes.c_void_p), ("counts", Counts), ("walking", CWalking), ("rotation", ctypes.c_int16 * 9),
        ("found", ctypes.c_uint8),
    )  # fmt: skip


def random_stream(rng: np.random.Generator) -> np.ndarray:
    """int64 (N, 3) in Q8: rest, steps and noise, near every threshold; now and then all that an axis can hold."""
    parts = []
    while sum(map(len, parts)) < 300:
        count = int(rng.integers(60, 260))
        rest = rng.normal(size=3)
        rest *= rng.uniform(1000, 3500) / np.linalg.norm(rest)
        t = np.arange(count)[:, None]
        period = rng.uniform(4, 18)
        height = np.exp(rng.uniform(np.log(30), np.log(4000)))
        steps = height * np.sin(2 * np.pi * t / period + rng.uniform(0, 6, 3)) * rng.normal(size=3)
        spread = height * rng.choice([0, 0.3, 1])
        parts.append(rest + rng.choice([0, 1, 1, 1]) * steps + rng.normal(0, 1, (count, 3)) * spread)
    scale = rng.choice([1, 1, 1, 1, 1, 30])
    return np.clip(np.rint(np.concatenate(parts) * scale), -32767, 32767).astype(np.int64)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("align")


@pytest.fixture(scope="module")
def runtime(place, engine_objects) -> EngineRuntime:
    made = EngineRuntime(Engine(network(), place / "whole", engine_objects, contract=CONTRACT))
    made.contract = replace(made.contract, walking_gravity=TARGET)
    return made


@pytest.fixture(scope="module")
def programs(place, runtime, engine_objects) -> dict[int, Path]:
    """edgehar_host by hop: 0 takes any; 9 is incremental."""
    Engine(network(), place / "nine", engine_objects, hop=9, contract=CONTRACT)
    return {hop: build_program(place / ("nine" if hop else "whole"), place / f"build{hop}") for hop in (0, 9)}


def found_in_c(library: ctypes.CDLL, values: np.ndarray) -> tuple[int, list[int]] | None:
    """Samples until gravity was known, and its rotation to `TARGET`."""
    walking = CWalking()
    for taken, sample in enumerate(values.astype(np.int32), 1):
        ended = library.edgehar_walking_push(ctypes.byref(walking), sample.ctypes.data_as(ctypes.c_void_p))
        assert ended == (taken >= 80 and taken % 40 == 0)
        if ended and walking.row == 3:
            gravity, rotation = (ctypes.c_int32 * 3)(), (ctypes.c_int16 * 9)()
            library.edgehar_walking_gravity(ctypes.byref(walking), gravity)
            if library.edgehar_shortest_turn(gravity, (ctypes.c_int16 * 3)(*TARGET), rotation) == 0:
                return taken, list(rotation)
    return None


def found_in_python(values: np.ndarray) -> tuple[int, list[int]] | None:
    walking = Walking()
    taken = walking.push(values)
    if taken is None:
        return None
    assert walking.gravity is not None
    return taken, list(shortest_turn(walking.gravity, TARGET))


def test_walking_and_rotation_of_random_streams(runtime):
    places = set()
    for seed in range(CASES):
        values = random_stream(np.random.default_rng(seed))
        expected = found_in_python(values)
        assert found_in_c(runtime.engine._library, values) == expected, seed
        places.add(expected and expected[0])
    assert len(places) > 6 and None in places


@pytest.mark.parametrize("kind", ["any", "near", "opposite", "short", "flat", "long"])
def test_the_shortest_turn_of_random_directions(runtime, kind):
    rng = np.random.default_rng(3)
    turns = set()
    for _ in range(CASES):
        source = np.rint(rng.normal(size=3) * np.exp(rng.uniform(0, np.log(1 << 27)))).astype(np.int64)
        target = np.rint(rng.normal(size=3) * 5000).clip(-32767, 32767).astype(np.int64)
        if kind in ("near", "opposite"):
            source = target * (1 if kind == "near" else -1) * 60 + rng.integers(-rng.integers(1, 9000), 9001, 3)
        elif kind == "short":
            source, target = rng.integers(-2, 3, 3), rng.integers(-2, 3, 3)
        elif kind == "flat":
            source[rng.integers(3)] = target[rng.integers(3)] = 0
        elif kind == "long":
            ends = [-(1 << 31), -(1 << 30) - 1, -(1 << 30), 1 << 29, 1 << 30, (1 << 30) + 1, (1 << 31) - 1, 0]
            source = rng.choice(ends, 3, p=[0.06, 0.06, 0.2, 0.2, 0.2, 0.06, 0.06, 0.16])
        rotation = (ctypes.c_int16 * 9)()
        status = runtime.engine._library.edgehar_shortest_turn(
            (ctypes.c_int32 * 3)(*source.tolist()), (ctypes.c_int16 * 3)(*target.tolist()), rotation
        )
        if source.any() and target.any() and abs(source).max() <= 1 << 30:
            assert status == 0 and tuple(rotation) == shortest_turn(source, target), (source, target)
            turns.add(tuple(rotation))
        else:
            assert status == -1
            with pytest.raises(DataError):
                shortest_turn(source, target)
    assert len(turns) > 100


class CountsWalking(Walking):
    """Takes counts."""

    def push(self, values):
        return super().push(mapped(values, UNIT * 256, 32767))


class AligningCounts(CountsStreamer):
    """What docs/spec.md says of counts that are aligned."""

    def __init__(self, *given, **options) -> None:
        super().__init__(*given, align=True, **options)
        self._walking = CountsWalking()

    def reset(self) -> None:
        super().reset()
        self._walking = CountsWalking()


# A recording that walks, behind one that walked.
@example(steps=[("run", 80), ("reset", 1)], seed=0, turned=False, hop=0, as_counts=False, whole=True)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=STEPS,
    seed=st.integers(0, 2**32 - 1),
    turned=st.booleans(),
    hop=st.sampled_from([0, 9]),
    as_counts=st.booleans(),
    whole=st.booleans(),
)
def test_streams_decide_like_python(programs, runtime, steps, seed, turned, hop, as_counts, whole):
    """Walking between gaps, times that go back, samples that are not finite, and new recordings."""
    rng = np.random.default_rng(seed)
    rotation, every = any_rotation(rng) if turned else None, hop or 4
    streamer: Streamer = Streamer(runtime, hop=every, rotation=rotation, align=True)
    if as_counts:
        streamer = AligningCounts(runtime, rotation, UNIT, hop=every)
    lines: list[str] = []
    expected: list[Decision | Flush] = []
    now = 10_000_000
    kinds = [*steps, ("run", 300)] if whole else steps
    for kind, count in kinds:
        if kind == "reset":
            streamer.reset()
            lines.append("reset")
            continue
        rest = rng.normal(0, 6, 3)
        swing = 3 * rest / np.linalg.norm(rest)
        for index in range(2 * count if kind == "run" else 1):
            sample = np.float32(rest + swing * np.sin(index * 2 * np.pi / 10) + rng.normal(0, 0.3, 3))
            now += {"gap": 2 * PERIOD + 1, "back": -3 * PERIOD, "same": 0}.get(kind, PERIOD)
            if as_counts:
                counts = np.clip(np.float64(sample) / UNIT, -32768, 32767).astype(int)
                lines.append(f"{now}," + ",".join(map(str, counts.tolist())))
                expected += streamer.push(counts[None], np.array([now]))
                continue
            if kind == "nan":
                sample[index % 3] = np.nan
            lines.append(f"{now / 1e6:.6f}," + ",".join(f"{float(value)!r}" for value in sample))
            expected += streamer.push(sample[None], np.array([now]))
    options: list[object] = ["--hop", every, "--align", 1]
    options += ["--rotation", ",".join(map(str, rotation))] if rotation else []
    options += ["--counts", repr(UNIT)] if as_counts else []
    assert run_program(programs[hop], lines, *options) == [as_row(event) for event in expected]
    if whole:
        assert any(isinstance(event, Flush) and event.reason == "aligned" for event in expected)


def test_whatever_the_chunks(runtime):
    rng = np.random.default_rng(4)
    samples = np.float32(random_stream(rng) / 256)
    while found_in_python(np.rint(samples * 256).astype(np.int64)) is None:
        samples = np.float32(random_stream(rng) / 256)
    times = np.arange(len(samples)) * PERIOD
    whole = Streamer(runtime, hop=7, align=True).push(samples, times)
    streamer, pieces = Streamer(runtime, hop=7, align=True), []
    for part in np.array_split(np.arange(len(samples)), 41):
        pieces += streamer.push(samples[part], times[part])
    assert whole == pieces and [event.reason for event in whole if isinstance(event, Flush)] == ["aligned"]
    plain = Streamer(runtime, hop=7).push(samples, times)
    assert [event for event in plain if isinstance(event, Decision)][-1].p != whole[-1].p
    streamer.reset()
    assert streamer.push(samples, times) == whole


def test_a_model_without_a_direction_is_refused(runtime, place, engine_objects):
    without = Contract(CONTRACT.labels)
    engine = Engine(network(), place / "without", engine_objects, contract=without)
    with pytest.raises(DataError, match="knows where gravity is while people walk"):
        Streamer(EngineRuntime(engine), align=True)
    program = build_program(place / "without", place / "build-without")
    done = subprocess.run([program, "--align", "1"], input="", capture_output=True, text=True)
    assert done.returncode == 2 and "no direction to align to" in done.stderr


def test_what_is_set_up_wrongly_is_refused(runtime):
    library = runtime.engine._library
    model = ctypes.c_char.in_dll(library, "edgehar_model_data")
    memory, size = (ctypes.c_uint64 * 1024)(), ctypes.c_size_t(8192)
    alignment = CAlignment()
    for counts, told, status in (((0, 0), None, 0), ((1 << 30, 30), None, -3), ((1 << 30, 30), Counts(1 << 30, 22), 0)):
        config, stream = (
            Config(ctypes.addressof(model), 5, 0, 5, 128, 128, 13, 2, Counts(*counts)),
            (ctypes.c_uint64 * 128)(),
        )
        assert library.edgehar_init(stream, ctypes.byref(config), memory, size) == 0
        given = None if told is None else ctypes.byref(told)
        assert library.edgehar_align(stream, ctypes.byref(alignment), given) == status
        assert library.edgehar_align(stream, None, None) == 0
        assert library.edgehar_align(None, ctypes.byref(alignment), given) == -1


def test_the_tables_say_where_gravity_was(place, runtime):
    assert ".walking_gravity = {16094, -2826, -1202}," in (place / "whole" / "model_data.c").read_text()
    assert json.dumps(runtime.contract.to_dict()).count("walking_gravity") == 1
