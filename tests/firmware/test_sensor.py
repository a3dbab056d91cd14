"""A sensor at its own rate: C and Python make the same of its counts, and Python the same as SciPy to a rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from edgehar.compile.q8_map import NO_MAP, find_q8_map
from edgehar.contract import Contract, TensorQuantisation
from edgehar.data.polyphase import make_polyphase
from edgehar.errors import DataError, EdgeharError
from edgehar.front_end import from_q8
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Decision, Streamer
from edgehar.streaming.sensor import Sensor, fifo_times

from .engine import Engine
from .test_streamer import EngineRuntime, as_row, build_program, network, run_program

RATES = (12.5, 25, 26, 50, 52, 100, 104)
UNIT = 0.000122 * 9.80665
HOP = 20


@pytest.fixture(scope="module")
def runtime(tmp_path_factory, engine_objects) -> EngineRuntime:
    return EngineRuntime(Engine(network(), tmp_path_factory.mktemp("sensor") / "model", engine_objects))


@pytest.fixture(scope="module")
def programs(tmp_path_factory, runtime, engine_objects):
    """edgehar_host for each rate, built when it is asked for."""
    built = {}

    def program(rate: float):
        if rate not in built:
            place = tmp_path_factory.mktemp("rate")
            Engine(network(), place, engine_objects, sensor_hz=None if rate == 20 else rate)
            built[rate] = build_program(place, place / "build")
        return built[rate]

    return program


def counts_of(rng: np.random.Generator, count: int, rate: float) -> np.ndarray:
    """A walk with steps, noise and, now and then, full scale."""
    t = np.arange(count)[:, None] / rate
    wave = 8000 * np.array([0.1, 1, 0.2]) + 3000 * np.sin(2 * np.pi * 1.9 * t + np.array([0, 1, 2]))
    counts = np.clip(wave + rng.normal(0, 900, (count, 3)), -32768, 32767).astype(np.int16)
    counts[rng.random(count) < 0.01] = rng.choice([-32768, 32767], 3)
    return counts


def events_of(runtime, sensor: Sensor, counts: np.ndarray, times, hop: int = HOP, **options) -> list:
    streamer, events = Streamer(runtime, hop=hop, **options), []
    for block in sensor.push(counts, times):
        events += [] if block.flush is None else [streamer.flush(*block.flush)]
        events += streamer.push(block.x, block.t_us)
    return events


def lines_of(counts: np.ndarray, times) -> list[str]:
    return [",".join(map(str, [int(t), *row])) for t, row in zip(times, counts.tolist(), strict=True)]


def fifos_times(lasts: np.ndarray, room: int, period_us: int) -> list[int]:
    """Of all samples of FIFOs of `room`, by the times of their last ones."""
    times: list[int] = []
    kept = None
    for last in lasts.tolist():
        times += fifo_times(last, room, kept, period_us)
        kept = last
    return times


@pytest.mark.parametrize("rate", [20, *RATES])
def test_c_decides_as_python(rate, runtime, programs):
    """Even times, jitter, missing samples, gaps, going back, and a clock that is 3 % off."""
    rng = np.random.default_rng(int(rate * 10))
    count = int(14 * rate)
    counts, period = counts_of(rng, 4 * count, rate), 1e6 / rate
    steps = np.full(4 * count, period)
    steps[count : 2 * count] *= rng.uniform(0.6, 1.4, count)
    steps[2 * count : 3 * count] *= 1.03
    steps[3 * count :][rng.random(count) < 0.02] *= 1.9
    steps[[count // 2, 3 * count]] = 3 * period, -5 * period
    times = (1_000_000 + np.cumsum(steps) + 0.5).astype(np.int64)
    times[[count + 5, 2 * count + 7]] = times[[count + 4, 2 * count + 6]]
    expected = events_of(runtime, Sensor(runtime.contract, rate, unit=UNIT, axes=(2, -1, 3)), counts, times)
    got = run_program(programs(rate), lines_of(counts, times), "--sensor", UNIT, "--axes", "2,-1,3", "--hop", HOP)
    assert got == [as_row(event) for event in expected]
    assert sum(isinstance(event, Decision) for event in expected) > 30
    assert {event.reason for event in expected if not isinstance(event, Decision)} >= {"gap", "backward"}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rate=st.sampled_from([26, 52]),
    seed=st.integers(0, 2**32 - 1),
    runs=st.lists(
        st.tuples(st.sampled_from(["even", "jitter", "fast", "slow", "wait"]), st.integers(1, 400)), max_size=6
    ),
)
def test_any_times(rate, seed, runs, runtime, programs):
    rng = np.random.default_rng(seed)
    period, steps = 1e6 / rate, []
    for kind, count in runs:
        scale = {"even": [1, 1], "jitter": [0.1, 1.9], "fast": [0.85, 0.95], "slow": [1.05, 1.15], "wait": [1, 5]}[kind]
        steps.append(rng.uniform(*scale, count) * period)
    times = np.cumsum(np.concatenate([[0.0], *steps])).astype(np.int64)
    counts = rng.integers(-32768, 32768, (len(times), 3)).astype(np.int16)
    expected = events_of(runtime, Sensor(runtime.contract, rate, unit=UNIT), counts, times)
    got = run_program(programs(rate), lines_of(counts, times), "--sensor", UNIT, "--hop", HOP)
    assert got == [as_row(event) for event in expected]


@pytest.mark.parametrize(("rate", "drift", "room"), [(52, 1.0, 26), (52, 1.02, 26), (104, 0.98, 52), (20, 1.0, 23)])
def test_a_fifo_is_its_samples(rate, drift, room, runtime, programs):
    """By the time of its last sample, with a clock that is off, and after a pause."""
    rng = np.random.default_rng(room)
    fifos = int(40 * rate) // room
    counts = counts_of(rng, fifos * room, rate)
    sensor = Sensor(runtime.contract, rate, unit=UNIT)
    lasts = (np.arange(1, fifos + 1) * room * drift / rate * 1e6 + rng.normal(0, 2000, fifos)).astype(np.int64)
    lasts[fifos // 2 :] += 10_000_000
    expected = events_of(runtime, sensor, counts, fifos_times(lasts, room, sensor.period_us))
    lines = lines_of(counts, np.repeat(lasts, room))
    got = run_program(programs(rate), lines, "--sensor", UNIT, "--hop", HOP, "--fifo", room)
    assert got == [as_row(event) for event in expected]
    reasons = [event.reason for event in expected if not isinstance(event, Decision)]
    assert reasons == ["gap"] and len(expected) > 20


def test_the_rate_is_told_over_half_a_window(runtime, programs):
    """104 samples at 52 Hz are 40 of 20 Hz; at 12.5 Hz, 25. A sample more or less ends another stretch."""
    for rate, steps in ((52, 104), (12.5, 25), (26, 52)):
        times = (np.arange(3 * steps + 2) * 1.2e6 / rate).astype(np.int64)
        counts = counts_of(np.random.default_rng(1), len(times), rate)
        got = run_program(programs(rate), lines_of(counts, times), "--sensor", UNIT, "--hop", HOP)
        assert got == [{"event": "flush", "t_us": int(times[k * steps]), "reason": "rate"} for k in (1, 2, 3)]
        assert got == [as_row(event) for event in events_of(runtime, Sensor(runtime.contract, rate), counts, times)]


def test_chunks_and_absent_times_change_nothing(runtime):
    rng = np.random.default_rng(3)
    counts = counts_of(rng, 1500, 52)
    exact = [round(k * 1_250_000 // 65) for k in range(1500)]
    whole = events_of(runtime, Sensor(runtime.contract, 52, unit=UNIT), counts, exact)
    assert whole == events_of(runtime, Sensor(runtime.contract, 52, unit=UNIT), counts, None)
    sensor, streamer, pieces = Sensor(runtime.contract, 52, unit=UNIT), Streamer(runtime, hop=HOP), []
    for start in range(0, 1500, 7):
        for block in sensor.push(counts[start : start + 7], exact[start : start + 7]):
            pieces += streamer.push(block.x, block.t_us)
    assert pieces == whole and len(whole) > 20


@pytest.mark.parametrize("rate", RATES)
def test_the_filter_is_scipys(rate):
    """Within a count's rounding and that of the coefficients, on even times; the edges are held on one side only."""
    rng = np.random.default_rng(9)
    contract = Contract(("a", "b"))
    counts = counts_of(rng, int(60 * rate), rate)
    sensor = Sensor(contract, rate, unit=1 / 256)
    made = np.concatenate([block.x for block in sensor.push(counts)]) * 256
    table = make_polyphase(rate, 20)
    ideal = resample_poly(counts.astype(np.float64), table.up, table.down, axis=0, padtype="edge")[: len(made)]
    inside = np.abs(ideal).max(axis=1) < 32767
    difference = np.abs(made - ideal)[inside]
    # Half a count, and what rounding the coefficients and making each row's sum 1 costs: 0.14 % of full scale at most.
    assert difference.max() < 0.5 + 0.0014 * 32768 and difference.mean() < 2.5
    assert len(made) > 1150


@pytest.mark.parametrize("rate", RATES)
def test_constants_pass_and_what_lies_above_is_stopped(rate):
    table = make_polyphase(rate, 20)
    assert (table.taps.astype(int).sum(axis=1) == 1 << table.bits).all()
    response = table.taps[:, ::-1].T.ravel().astype(float)
    response /= response.sum()

    def gain(hz: float) -> float:
        return abs((response * np.exp(-2j * np.pi * np.arange(len(response)) * hz / (rate * table.up))).sum())

    slower = min(20.0, rate)
    assert max(abs(gain(hz) - 1) for hz in np.linspace(0, 0.38 * slower, 40)) < 0.01
    assert max(gain(hz) for hz in np.linspace(0.62 * slower, rate * table.up / 2, 400)) < 0.004


def test_what_cannot_be_is_refused():
    contract = Contract(("a", "b"))
    for rate in (9.9, 161, 20, 51.77, float("nan"), 0):
        with pytest.raises(DataError):
            make_polyphase(rate, 20)
    for axes in ((1, 2, 2), (0, 1, 2), (1, 2, 4), (1, 2)):
        with pytest.raises(EdgeharError, match="axes"):
            Sensor(contract, 52, axes=axes)
    for unit in (0.0, 16.0, -1.0, float("nan")):
        with pytest.raises(EdgeharError, match="unit"):
            Sensor(contract, 52, unit=unit)


def test_q8_becomes_int8_as_floats_do():
    """For every value: scales of which a third need another multiplier than the nearest are among them."""
    values = np.arange(-32767, 32768)
    rng = np.random.default_rng(4)
    nearest = 0
    for scale in [*10 ** rng.uniform(-1.5, 0, 40), 0.25, 1 / 3, 0.1, 0.03]:
        quantisation = TensorQuantisation(float(np.float32(scale)), int(rng.integers(-128, 128)))
        found = find_q8_map(quantisation)
        mapped = (values * found.multiplier + (1 << (found.shift - 1))) >> found.shift
        codes = np.clip(np.clip(mapped, -512, 512) + quantisation.zero_point, -128, 127)
        assert codes.tolist() == quantise(from_q8(values), quantisation).tolist()
        nearest += found.multiplier == int(2.0**found.shift / 256 / np.float32(scale) + 0.5)
    assert 0 < nearest < 44
    assert find_q8_map(TensorQuantisation(1e-20, 0)) == NO_MAP
