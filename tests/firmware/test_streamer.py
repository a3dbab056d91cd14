"""The C streamer decides as the Python streamer, for any stream and configuration; and its two input maps."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgehar.contract import Contract, TensorQuantisation
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Decision, SmoothingConfig, Streamer

from .engine import FIRMWARE, Engine
from .networks import NetworkWriter, stream_of

PERIOD = 50_000
METHODS = ("none", "ema", "majority")


def network() -> bytes:
    """Small and quick, with probabilities that change from window to window."""
    net = NetworkWriter(77)
    net.conv(6, 4, 3)
    net.mean()
    net.dense(4)
    net.graph.tensors[net.now].quantization.scale = [0.05]
    net.softmax()
    return net.bytes()


class EngineRuntime(Runtime):
    """The engine behind the Python streamer, so that only the streamers are compared."""

    name = "engine"

    def __init__(self, engine: Engine, front_end: str = "none") -> None:
        source = engine.network.tensors[engine.network.source]
        labels = tuple(f"class {index}" for index in range(engine.classes))
        self.engine = engine
        self.contract = Contract(
            labels,
            input_quantisation=TensorQuantisation(source.scale, source.zero_point),
            output_quantisation=TensorQuantisation(1 / 256, -128),
            front_end=front_end,
        )

    def prepare(self, window):
        return quantise(window, self.contract.input_quantisation)[None]

    def invoke(self, tensor):
        return self.engine.invoke(tensor[0])

    def finish(self, output):
        return (output.astype(np.float32) + 128) / 256


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streamer")


@pytest.fixture(scope="module")
def runtime(place, engine_objects) -> EngineRuntime:
    return EngineRuntime(Engine(network(), place / "whole", engine_objects))


@pytest.fixture(scope="module")
def programs(place, runtime, engine_objects) -> dict[int, Path]:
    """edgehar_host by hop: 0 takes any; the others are incremental."""
    found = {}
    for hop, schedule in ((0, "hop"), (6, "hop"), (9, "spread")):
        folder = place / f"program{hop}"
        if hop:
            Engine(network(), folder, engine_objects, hop=hop, schedule=schedule)
        found[hop] = build_program(folder if hop else place / "whole", folder / "build")
    return found


def build_program(model: Path, build: Path) -> Path:
    """edgehar_host for a folder with a generated model."""
    program = build / "host" / "edgehar_host"
    command = ["make", "-s", "-C", FIRMWARE, f"MODEL={model}", f"BUILD={build}", "DEFINES=-DEDGEHAR_CHECK", program]
    subprocess.run([str(word) for word in command], check=True)
    return program


def run_program(program: Path, lines: list[str], *options: object) -> list[dict]:
    done = subprocess.run(
        [program, *map(str, options)], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_row(event) -> dict:
    if isinstance(event, Decision):
        p, scores = list(event.p), list(event.scores)
        known = {"t_us": event.t_us, "label": event.label, "reason": event.reason, "raw": event.raw}
        return {**known, "p": p, "scores": scores}
    return {"event": "flush", "t_us": event.t_us, "reason": event.reason}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["run"] * 6 + ["gap", "edge", "back", "same", "nan", "inf", "reset", "huge"]),
        st.integers(1, 130),
    ),
    min_size=1,
    max_size=8,
)


@example(  # the second of two votes
    steps=[("run", 5), ("huge", 76)], seed=0, program=0, hop=1, method="majority", alpha=1, votes=2, threshold=0,
    hysteresis=0, min_dwell=1,
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=STEPS,
    seed=st.integers(0, 2**32 - 1),
    program=st.sampled_from([0, 0, 6, 9]),
    hop=st.integers(1, 80),
    method=st.sampled_from(METHODS),
    alpha=st.integers(1, 256),
    votes=st.integers(1, 15),
    threshold=st.integers(0, 256),
    hysteresis=st.integers(0, 256),
    min_dwell=st.integers(1, 5),
)
def test_any_stream(
    programs, runtime, steps, seed, program, hop, method, alpha, votes, threshold, hysteresis, min_dwell
):
    hop = program or hop
    config = SmoothingConfig(method, alpha, votes, threshold, hysteresis, min_dwell)
    streamer = Streamer(runtime, hop=hop, smoothing=config)
    rng = np.random.default_rng(seed)
    lines, expected, now = [], [], 10_000_000
    for kind, count in steps:
        if kind == "reset":
            streamer.reset()
            lines.append("reset")
            continue
        for index in range(count if kind in ("run", "huge") else 1):
            sample = np.float32(rng.normal(0, 8, 3) * (1e30 if kind == "huge" else 1))
            if kind in ("nan", "inf"):
                sample[index % 3] = math.nan if kind == "nan" else -math.inf
            now += {"gap": 2 * PERIOD + 1, "edge": 2 * PERIOD, "back": -3 * PERIOD, "same": 0}.get(kind, PERIOD)
            lines.append(f"{now / 1e6:.6f}," + ",".join(f"{float(value)!r}" for value in sample))
            expected += streamer.push(sample[None], np.array([now]))
    options = {
        "--hop": hop, "--smoothing": METHODS.index(method), "--alpha": alpha, "--votes": votes,
        "--threshold": threshold, "--hysteresis": hysteresis, "--min-dwell": min_dwell,
    }  # fmt: skip
    rows = run_program(programs[program], lines, *[word for pair in options.items() for word in pair])
    assert rows == [as_row(event) for event in expected]


def both(programs, runtime, samples: np.ndarray, times: np.ndarray, hop: int, config: SmoothingConfig) -> list:
    """Python's events for float32 samples (N, 3) and int64 times; the C program's must be the same."""
    lines = [
        f"{t / 1e6:.6f},{x!r},{y!r},{z!r}"
        for t, (x, y, z) in zip(times.tolist(), samples.astype(np.float64).tolist(), strict=True)
    ]
    options = {
        "--hop": hop, "--smoothing": METHODS.index(config.method), "--alpha": config.alpha, "--votes": config.votes,
        "--threshold": config.threshold, "--hysteresis": config.hysteresis, "--min-dwell": config.min_dwell,
    }  # fmt: skip
    events = Streamer(runtime, hop=hop, smoothing=config).push(samples, times)
    rows = run_program(programs[0], lines, *[word for pair in options.items() for word in pair])
    assert rows == [as_row(event) for event in events]
    return events


def lively_samples(runtime, count: int) -> np.ndarray:
    """float32 (count, 3) over which the label in force changes."""
    source = runtime.contract.input_quantisation
    levels = stream_of(np.random.default_rng(12), count).astype(np.float32) - source.zero_point
    return levels * np.float32(source.scale)


@pytest.mark.parametrize("reason", ["gap", "backward", "nan"])
@pytest.mark.parametrize("method", METHODS)
def test_a_flush_forgets_all_that_was_decided(programs, runtime, method, reason):
    """Decisions before and behind it: scores, votes, label and dwell begin anew."""
    samples = lively_samples(runtime, 600)
    steps = np.full(600, PERIOD)
    steps[300] = {"gap": 3 * PERIOD, "backward": -PERIOD}.get(reason, PERIOD)
    if reason == "nan":
        samples[300, 1] = np.nan
        steps[301] = 3 * PERIOD  # the sample behind it is the first: nothing is measured from before
    config = SmoothingConfig(method, alpha=40, votes=7, threshold=100, hysteresis=30, min_dwell=4)
    events = both(programs, runtime, samples, np.cumsum(steps), 2, config)
    place = next(index for index, event in enumerate(events) if not isinstance(event, Decision))
    assert [event.reason for event in events if not isinstance(event, Decision)] == [reason]
    before, behind = events[:place], [event for event in events[place:] if isinstance(event, Decision)]
    assert all(isinstance(event, Decision) for event in before) and min(len(before), len(behind)) > 50
    # With the label of before the flush still in force, the first decision would keep it.
    assert before[-1].label != behind[0].label


def test_limits_are_met_exactly(programs, runtime):
    """Thresholds and leads that some decision has to the unit: there `less` and `not more` differ."""
    samples, times = lively_samples(runtime, 600), np.arange(600) * PERIOD
    free = SmoothingConfig("none", threshold=0, hysteresis=0, min_dwell=1)
    plain = both(programs, runtime, samples, times, 2, free)
    best = sorted({max(event.p) for event in plain})
    leads = sorted({max(after.p) - after.p[event.raw] for event, after in pairwise(plain) if event.raw != after.raw})
    assert len(best) > 10 and len(leads) > 3
    changed = []
    for threshold in best[len(best) // 4 :: len(best) // 3]:
        changed.append(both(programs, runtime, samples, times, 2, replace(free, threshold=threshold)))
    for hysteresis in leads[:3]:
        changed.append(both(programs, runtime, samples, times, 2, replace(free, hysteresis=hysteresis)))
    for min_dwell in (2, 5):
        changed.append(both(programs, runtime, samples, times, 2, replace(free, min_dwell=min_dwell)))
    assert all([event.label for event in events] != [event.label for event in plain] for events in changed[:2])


RATES = {
    104: "rate",
    52: "rate",
    25: "rate",
    22.5: "rate",
    21.9: "",
    20.5: "",
    20: "",
    18.1: "",
    17.9: "rate",
    17: "rate",
    8: "gap",
}


@pytest.mark.parametrize("as_counts", [False, True])
@pytest.mark.parametrize("jitter_us", [0, 12_000])
@pytest.mark.parametrize("rate", RATES)
def test_a_rate_that_is_off_gives_no_decision(programs, runtime, rate, jitter_us, as_counts):
    """Then the stream goes on at the model's rate, with a time that comes twice, and decides."""
    rng = np.random.default_rng(round(10 * rate))
    times = np.floor(np.arange(700) * 1e6 / rate + rng.uniform(0, min(jitter_us, 0.9e6 / rate), 700)).astype(np.int64)
    later = times[-1] + np.arange(1, 260) * PERIOD
    later[100] = later[99]
    times = np.concatenate([times, later])
    counts = rng.integers(-30, 30, (len(times), 3))
    unit = runtime.contract.input_quantisation.scale
    events = Streamer(runtime, hop=7).push(counts * np.float32(unit), times)
    if as_counts:
        lines = [f"{t},{x},{y},{z}" for t, (x, y, z) in zip(times.tolist(), counts.tolist(), strict=True)]
        rows = run_program(programs[0], lines, "--hop", 7, "--counts", repr(unit))
    else:
        samples = (counts * np.float32(unit)).astype(np.float64).tolist()
        lines = [f"{t / 1e6:.6f},{x!r},{y!r},{z!r}" for t, (x, y, z) in zip(times.tolist(), samples, strict=True)]
        rows = run_program(programs[0], lines, "--hop", 7)
    assert rows == [as_row(event) for event in events]
    first = [event for event in events if event.t_us <= times[699]]
    reasons = {event.reason for event in first if not isinstance(event, Decision)}
    assert reasons == ({RATES[rate]} if RATES[rate] else set())
    assert any(isinstance(event, Decision) for event in first) == (not reasons)
    assert sum(isinstance(event, Decision) for event in events[len(first) :]) > 10


def test_samples_without_a_time_are_believed(runtime):
    assert len(Streamer(runtime, hop=20).push(np.zeros((200, 3)))) == 7


def test_counts_are_mapped_as_specified(programs, runtime):
    """Against exact integers, for every count; the window is one value throughout, so that p tells it."""
    quantisation = runtime.contract.input_quantisation
    unit = 9.80665 / 2048
    ratio = unit / float(np.float32(quantisation.scale))
    shift = 30 - math.floor(math.log2(ratio))
    multiplier = math.floor(ratio * 2.0**shift + 0.5)
    for count in (-32768, -4097, -1, 0, 1, 17, 2048, 32767):
        q = ((count * multiplier + (1 << (shift - 1))) >> shift) + quantisation.zero_point
        window = np.full((80, 3), np.clip(q, -128, 127), np.int8)
        lines = [f"{index * PERIOD},{count},{count},{count}" for index in range(80)]
        (row,) = run_program(programs[0], lines, "--counts", repr(unit))
        assert row["p"] == (runtime.engine.invoke(window).astype(int) + 128).tolist()


@pytest.mark.parametrize(
    ("text", "options"),
    [("1,2,3\n", []), ("a,b,c,d\n", []), ("", ["--hop", "0"]), ("", ["--speed", "3"]), ("", ["--hop"])],
)
def test_bad_lines_and_options_exit_with_2(programs, text, options):
    done = subprocess.run([programs[0], *options], input=text, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("edgehar_host: ")
