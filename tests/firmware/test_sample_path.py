"""Rotation, front end and profile: the C streamer decides as the Python streamer, line by line."""

from __future__ import annotations

import ctypes
import math
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgehar.compile.head import dense_layer
from edgehar.contract import Contract, TensorQuantisation
from edgehar.errors import EdgeharError
from edgehar.front_end import PocketFrontEnd, apply_front_end, from_q8
from edgehar.personal.profile import Profile, apply_profile
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Decision, Streamer

from .engine import Engine
from .networks import NetworkWriter
from .test_streamer import PERIOD, EngineRuntime, as_row, build_program, run_program

FRONTS = ("none", "pocket")
UNIT = 9.80665 / 1000


def network() -> bytes:
    """Small and quick, with probabilities that change from window to window, behind a front end and without."""
    net = NetworkWriter(16)
    net.conv(6, 4, 3)
    net.mean()
    net.dense(4)
    net.softmax()
    return net.bytes()


def contract(front_end: str) -> Contract:
    return Contract(tuple(f"class {index}" for index in range(4)), front_end=front_end)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("path")


@pytest.fixture(scope="module")
def runtimes(place, engine_objects) -> dict[str, EngineRuntime]:
    return {
        front: EngineRuntime(Engine(network(), place / front, engine_objects, contract=contract(front)), front)
        for front in FRONTS
    }


@pytest.fixture(scope="module")
def programs(place, runtimes, engine_objects) -> dict[tuple[str, int], Path]:
    """edgehar_host by front end and hop: 0 takes any; 9 is incremental."""
    for front in FRONTS:
        Engine(network(), place / f"{front}9", engine_objects, hop=9, contract=contract(front))
    return {
        (front, hop): build_program(
            place / (f"{front}9" if hop else front), place / f"build {front}{hop}".replace(" ", "-")
        )
        for front in FRONTS
        for hop in (0, 9)
    }


def restless(rng: np.random.Generator, count: int) -> np.ndarray:
    """float32 (count, 3): stretches of other directions and spreads, so that the network's answer keeps changing."""
    parts = [rng.normal(0, 7, 3) + rng.normal(0, rng.uniform(0.1, 6), (40, 3)) for _ in range(-(-count // 40))]
    return np.concatenate(parts)[:count].astype(np.float32)


def any_rotation(rng: np.random.Generator) -> tuple[int, ...]:
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return tuple(np.rint(turn * 16384).astype(int).ravel().tolist())


def scaled(ratio: float) -> tuple[int, int]:
    """The best approximation of 31 bits: multiplier and shift."""
    shift = 30 - math.floor(math.log2(ratio))
    return math.floor(ratio * 2.0**shift + 0.5), shift


def mapped(values: np.ndarray, ratio: float, largest: int) -> np.ndarray:
    multiplier, shift = scaled(ratio)
    return np.clip((values * multiplier + (1 << (shift - 1))) >> shift, -largest, largest)


class CountsStreamer(Streamer):
    """What docs/spec.md says of counts, on the Python streamer."""

    def __init__(self, runtime, rotation, unit, **options) -> None:
        super().__init__(runtime, rotation=rotation, **options)
        self.front, self.rotation, self.unit = runtime.contract.front_end, rotation, unit
        self.input = runtime.contract.input_quantisation

    def _stored(self, x):
        values = x.astype(np.int64)
        if self.front != "none":
            values = mapped(values, self.unit * 256, 32767)
        if self._path.changes:
            return values
        return self._codes(values, self.unit)

    def _quantised(self, x):
        values = np.rint(x * 256).astype(np.int64)  # what `_run` has made of what came out of the path
        return self._codes(values, 1 / 256 if self.front != "none" else self.unit)

    def _codes(self, values, unit):
        ratio = unit / float(np.float32(self.input.scale))
        return np.clip(mapped(values, ratio, 512) + self.input.zero_point, -128, 127).astype(np.int8)


STEPS = st.lists(
    st.tuples(st.sampled_from(["run"] * 4 + ["gap", "back", "same", "nan", "reset", "huge"]), st.integers(1, 130)),
    min_size=1,
    max_size=6,
)


@example(steps=[("run", 38), ("run", 46)], seed=0, front="none", turned=True, hop=0, as_counts=False)  # rounded half up
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=STEPS,
    seed=st.integers(0, 2**32 - 1),
    front=st.sampled_from(FRONTS),
    turned=st.booleans(),
    hop=st.sampled_from([0, 9]),
    as_counts=st.booleans(),
)
def test_decides_like_python(programs, runtimes, steps, seed, front, turned, hop, as_counts):
    rng = np.random.default_rng(seed)
    rotation = any_rotation(rng) if turned else None
    runtime, every = runtimes[front], hop or 4
    streamer: Streamer = Streamer(runtime, hop=every, rotation=rotation)
    if as_counts:
        streamer = CountsStreamer(runtime, rotation, UNIT, hop=every)
    lines, expected, now = [], [], 10_000_000
    for kind, count in steps:
        if kind == "reset":
            streamer.reset()
            lines.append("reset")
            continue
        rest, spread = rng.normal(0, 7, 3), rng.uniform(0.1, 6)
        for index in range(count if kind in ("run", "huge") else 1):
            sample = np.float32(rest + rng.normal(0, spread, 3))
            sample *= np.float32(rng.choice([20, 1e30])) if kind == "huge" else np.float32(1)
            now += {"gap": 2 * PERIOD + 1, "back": -3 * PERIOD, "same": 0}.get(kind, PERIOD)
            if as_counts:
                counts = np.clip(np.float64(sample) / UNIT, -32768, 32767).astype(int)
                lines.append(f"{now}," + ",".join(map(str, counts.tolist())))
                expected += streamer.push(counts[None], np.array([now]))
                continue
            if kind == "nan":
                sample[index % 3] = math.nan
            lines.append(f"{now / 1e6:.6f}," + ",".join(f"{float(value)!r}" for value in sample))
            expected += streamer.push(sample[None], np.array([now]))
    options: list[object] = ["--hop", every]
    options += ["--rotation", ",".join(map(str, rotation))] if rotation else []
    options += ["--counts", repr(UNIT)] if as_counts else []
    assert run_program(programs[front, hop], lines, *options) == [as_row(event) for event in expected]


class Gravity(ctypes.Structure):
    _fields_ = (("sum", ctypes.c_int32 * 3), ("samples", ctypes.c_uint8))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([1, 30, 900, 5000, 40_000]),
    rest=st.tuples(*[st.integers(-32767, 32767)] * 3),
)
def test_the_front_end_in_c_gives_the_same_integers(runtimes, seed, spread, rest):
    noise = np.random.default_rng(seed).normal(0, spread, (120, 3))
    values = np.clip(np.rint(noise + np.array(rest) // (1 if seed % 2 else 40)), -32767, 32767).astype(np.int64)
    step, gravity = runtimes["pocket"].engine._library.edgehar_front_pocket, Gravity()
    made = []
    for value in values.tolist():
        sample = (ctypes.c_int32 * 3)(*value)
        step(ctypes.byref(gravity), sample)
        made.append(list(sample))
    assert made == PocketFrontEnd().push(values).tolist()


def test_a_flush_forgets_gravity(programs, runtimes):
    rng = np.random.default_rng(9)
    samples = np.float32(rng.normal(0, 1, (240, 3)) + np.repeat([[9, 0, 3], [0, 9, -3]], 120, axis=0))
    times = np.arange(240) * PERIOD
    times[120:] += 10 * PERIOD
    events = Streamer(runtimes["pocket"], hop=5).push(samples, times)
    lines = [f"{t / 1e6:.6f},{x!r},{y!r},{z!r}" for t, (x, y, z) in zip(times.tolist(), samples.tolist(), strict=True)]
    assert run_program(programs["pocket", 0], lines, "--hop", 5) == [as_row(event) for event in events]
    afresh = Streamer(runtimes["pocket"], hop=5).push(samples[120:], times[120:])
    assert events[-len(afresh) :] == afresh and len({event.p for event in afresh}) > 3


@pytest.mark.parametrize("front", FRONTS)
def test_whatever_the_chunks(runtimes, front):
    rng = np.random.default_rng(4)
    samples = restless(rng, 500)
    times = np.arange(500) * PERIOD
    times[300:] += 10 * PERIOD
    samples[200] = np.nan
    rotation = any_rotation(rng)
    whole = Streamer(runtimes[front], hop=7, rotation=rotation).push(samples, times)
    streamer, pieces = Streamer(runtimes[front], hop=7, rotation=rotation), []
    for part in np.array_split(np.arange(500), 41):
        pieces += streamer.push(samples[part], times[part])
    assert whole == pieces and len(whole) > 40
    plain = Streamer(runtimes[front], hop=7).push(samples, times)
    assert plain != whole
    assert len({event.p for event in whole if isinstance(event, Decision)}) > 20


def test_a_stream_equals_windows_cut_from_the_front_end(runtimes):
    """So that what training saw is what the device sees."""
    samples = restless(np.random.default_rng(5), 200)
    runtime = runtimes["pocket"]
    decisions = Streamer(runtime, hop=1).push(samples)
    made = apply_front_end("pocket", samples)
    for index, decision in enumerate(decisions):
        codes = runtime.prepare(made[index : index + 80])
        assert list(decision.p) == (runtime.invoke(codes).astype(int) + 128).tolist()
    assert len(decisions) == 121


def test_no_rotation_is_refused(runtimes, programs):
    for bad in ((1,) * 8, (16385, *[0] * 8), (0, 0, 0, -16385, *[0] * 5)):
        with pytest.raises(EdgeharError, match="rotation of 9 entries"):
            Streamer(runtimes["none"], rotation=bad)
        words = ["--rotation", ",".join(map(str, bad))]
        done = subprocess.run([programs["none", 0], *words], input="", capture_output=True, text=True)
        assert done.returncode == 2 and "no rotation" in done.stderr


def learned(engine: Engine, rng: np.random.Generator, rotation: tuple[int, ...] | None = None) -> Profile:
    layer = dense_layer(engine.network)
    near = layer.weights.reshape(len(layer.weights), -1) + rng.normal(
        0, 20, (len(layer.weights), layer.weights[0].size)
    )
    weights = np.clip(near, -127, 127).astype(np.int8)
    bias = layer.bias + rng.integers(-500, 500, len(layer.bias)).astype(np.int32)
    return Profile(engine.network.sha256, rotation, weights, bias)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("hop", [0, 9])
def test_a_profile_is_taken(programs, runtimes, place, engine_objects, front, hop):
    """The model with the profile's last layer written into the .tflite gives the same decisions, with and without."""
    rng = np.random.default_rng(11)
    samples = restless(rng, 300)
    lines = [f"{index * PERIOD / 1e6:.6f},{x!r},{y!r},{z!r}" for index, (x, y, z) in enumerate(samples.tolist())]
    engine = runtimes[front].engine
    every = hop or 5
    seen: set[tuple[int, ...]] = set()
    for rotation in (None, any_rotation(rng)):
        profile = learned(engine, rng, rotation)
        for case, one in enumerate((profile, replace(profile, weights=None, bias=None))):
            file = place / "me.profile"
            file.write_bytes(one.to_bytes())
            content = apply_profile(network(), engine.network, one)
            folder = place / f"applied-{front}-{hop}-{case}-{rotation is None}"
            own = EngineRuntime(Engine(content, folder, engine_objects, contract=contract(front)), front)
            events = Streamer(own, hop=every, rotation=rotation).push(samples)
            rows = run_program(programs[front, hop], lines, "--hop", every, "--profile", file)
            assert rows == [as_row(event) for event in events]
            seen |= {tuple(row["p"]) for row in rows}
    assert len(seen) > 20


def test_damaged_and_foreign_profiles_are_refused(programs, runtimes, tmp_path):
    rng = np.random.default_rng(12)
    engine = runtimes["none"].engine
    good = learned(engine, rng, any_rotation(rng))
    content = good.to_bytes()
    torn = [content[:at] for at in range(0, len(content), 7)]
    flipped = [
        bytes(b ^ (1 << (at % 8)) if at == i else b for i, b in enumerate(content)) for at in range(0, len(content), 5)
    ]
    flipped += [
        content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :] for at in range(len(content) - 4, len(content))
    ]
    steep = replace(good, rotation=(16385, *good.rotation[1:])).to_bytes()
    foreign = [
        replace(good, model="00" * 32).to_bytes(),
        replace(good, weights=good.weights[:3], bias=good.bias[:3]).to_bytes(),
        replace(good, weights=good.weights[:, :2]).to_bytes(),
    ]
    file = tmp_path / "me.profile"
    cases = [(one, "torn") for one in (*torn, *flipped, steep, content + b"\0\0\0\0")]
    for bad, why in [*cases, *((one, "another model") for one in foreign)]:
        file.write_bytes(bad)
        words = [programs["none", 0], "--profile", file]
        done = subprocess.run(words, input="", capture_output=True, text=True)
        assert done.returncode == 2 and why in done.stderr, (why, done.stderr)


def test_counts_pass_through_q8_to_the_byte():
    """The two maps of a model with a front end agree nearly everywhere: a float stream and counts see one model."""
    quantisation = TensorQuantisation(0.0913, -7)
    values = np.arange(-32767, 32768)
    by_float = quantise(from_q8(values), quantisation)
    ratio = 1 / 256 / float(np.float32(quantisation.scale))
    by_counts = np.clip(mapped(values, ratio, 512) + quantisation.zero_point, -128, 127)
    assert (by_float != by_counts).mean() < 1e-4


class Counts(ctypes.Structure):
    _fields_ = (("multiplier", ctypes.c_uint32), ("shift", ctypes.c_uint8))


class Config(ctypes.Structure):
    _fields_ = (
        ("model", ctypes.c_void_p), ("hop", ctypes.c_uint16), ("smoothing", ctypes.c_uint8), ("votes", ctypes.c_uint8),
        ("alpha", ctypes.c_uint16), ("threshold", ctypes.c_uint16), ("hysteresis", ctypes.c_uint16),
        ("min_dwell", ctypes.c_uint32), ("counts", Counts), ("any_placement", ctypes.c_uint8),
    )  # fmt: skip


def test_a_device_writes_the_profile_that_python_writes(runtimes):
    rng = np.random.default_rng(13)
    engine = runtimes["none"].engine
    library, personal = engine._library, ctypes.c_char.in_dll(engine._library, "edgehar_model_personal")
    turn = any_rotation(rng)
    whole = learned(engine, rng, turn)
    for rotation in (None, turn):
        for weights, bias in ((None, None), (whole.weights, whole.bias)):
            expected = replace(whole, rotation=rotation, weights=weights, bias=bias).to_bytes()
            room = ctypes.create_string_buffer(len(expected))
            given = [
                None if rotation is None else (ctypes.c_int16 * 9)(*rotation),
                None if weights is None else weights.ctypes.data_as(ctypes.c_void_p),
                None if bias is None else bias.ctypes.data_as(ctypes.c_void_p),
            ]
            write = library.edgehar_write_profile
            assert write(ctypes.byref(personal), *given, room, ctypes.c_size_t(len(expected))) == len(expected)
            assert room.raw == expected
            assert write(ctypes.byref(personal), *given, room, ctypes.c_size_t(len(expected) - 1)) == -2


def test_the_embedding_is_what_the_last_layer_reads(runtimes):
    engine = runtimes["none"].engine
    library, personal = engine._library, ctypes.c_char.in_dll(engine._library, "edgehar_model_personal")
    model = ctypes.c_char.in_dll(library, "edgehar_model_data")
    config = Config(ctypes.addressof(model), 5, 0, 5, 128, 128, 13, 2, Counts(0, 0))
    stream, memory = (ctypes.c_uint64 * 128)(), (ctypes.c_uint64 * 1024)()
    size = ctypes.c_size_t(ctypes.sizeof(memory))
    assert library.edgehar_init(stream, ctypes.byref(config), memory, size) == 0
    layer = dense_layer(engine.network)
    kept = np.zeros(layer.weights[0].size, np.int8)
    assert library.edgehar_keep_embedding(stream, ctypes.byref(personal), kept.ctypes.data_as(ctypes.c_void_p)) == 0
    samples, decision, seen = restless(np.random.default_rng(14), 200), (ctypes.c_uint64 * 128)(), set()
    for index, sample in enumerate(samples):
        time = ctypes.c_uint64(index * PERIOD)
        status = library.edgehar_push(stream, sample.ctypes.data_as(ctypes.c_void_p), time, decision)
        if status == 1:
            window = runtimes["none"].prepare(samples[index - 79 : index + 1])[0]
            source = next(i for i, one in enumerate(engine.network.layers) if one.output == layer.inputs[0])
            assert kept.tolist() == engine.layers(window)[source].tolist()
            seen.add(kept.tobytes())
    assert len(seen) > 10
