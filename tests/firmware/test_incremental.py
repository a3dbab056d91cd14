"""Incremental equals whole: every decision's bytes, for any network, hop, schedule and kernel path."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgehar.compile.plan import make_plan
from edgehar.compile.read import read_network
from edgehar.errors import EdgeharError

from .engine import Engine
from .networks import distinct, random_network, stream_of

HOPS = (1, 2, 3, 7, 20, 21, 39, 40, 80)


@pytest.fixture(scope="module")
def engine_of(tmp_path_factory: pytest.TempPathFactory, engine_objects: list[Path]) -> Callable[..., Engine]:
    """Engines by network and plan, compiled once each."""
    folder = tmp_path_factory.mktemp("incremental")

    @cache
    def engine(seed: int, valid: bool, hop: int | None, schedule: str = "hop", kernels: str = "portable") -> Engine:
        place = folder / f"{seed}-{valid}-{hop}-{schedule}-{kernels}"
        content = random_network(seed, valid=valid)
        return Engine(content, place, engine_objects, hop=hop, schedule=schedule, kernels=kernels)

    return engine


def require_equal(step: Engine, whole: Engine, samples: np.ndarray, hop: int, plan) -> np.ndarray:
    """Every decision's bytes, and on the way every layer's: behind the split all that it made of these windows (some of
    the next may be there); before it, where it makes columns without end and the hop keeps their phase, each window's
    among them. Returns the outputs."""
    ours, made = step.traced(samples, hop)
    theirs, expected = whole.traced(samples, hop)
    np.testing.assert_array_equal(ours, theirs)
    if not len(theirs):
        return theirs
    network, strides = whole.network, {whole.network.source: 1}
    for index, layer in enumerate(network.layers):
        strides[layer.output] = strides[layer.inputs[0]] * layer.stride
        windows = expected[index].reshape(len(theirs), -1, expected[index].shape[1])
        if index >= plan.split:
            columns = made[index][: len(expected[index])].reshape(windows.shape)
            np.testing.assert_array_equal(columns, windows, layer.name)
        elif plan.firings[index].outputs == 0 and hop % strides[layer.output] == 0:
            for number, window in enumerate(windows):
                start = number * hop // strides[layer.output]
                np.testing.assert_array_equal(made[index][start : start + len(window)], window, layer.name)
    return theirs


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(100, 130),
    valid=st.sampled_from([True, True, True, False]),
    hop=st.one_of(st.sampled_from(HOPS), st.integers(1, 80)),
    schedule=st.sampled_from(["hop", "spread"]),
    kernels=st.sampled_from(["portable", "portable", "thumb", "thumb2", "dsp", "mve", "riscv", "vector"]),
    extra=st.integers(0, 300),
    noise=st.integers(0, 2**32 - 1),
)
def test_incremental_equals_whole(engine_of, seed, valid, hop, schedule, kernels, extra, noise):
    whole = engine_of(seed, valid, None)
    hop = min(hop, whole.window)
    step = engine_of(seed, valid, hop, schedule, kernels)
    samples = stream_of(np.random.default_rng(noise), whole.window + extra)
    require_equal(step, whole, samples, hop, make_plan(whole.network, kernels=kernels, hop=hop, schedule=schedule))


@pytest.mark.parametrize("schedule", ["hop", "spread"])
@pytest.mark.parametrize("hop", HOPS)
def test_a_long_stream_over_many_phases(engine_of, hop, schedule):
    """Long enough for every ring and every phase of the strides to come round."""
    for seed in (101, 106, 113):
        whole = engine_of(seed, True, None)
        hop = min(hop, whole.window)
        samples = stream_of(np.random.default_rng(seed), 1500)
        step = engine_of(seed, True, hop, schedule)
        plan = make_plan(whole.network, hop=hop, schedule=schedule)
        outputs = require_equal(step, whole, samples, hop, plan)
        assert distinct(outputs) >= min(8, len(outputs) // 3), "outputs that hardly vary prove nothing"


def test_the_planner_and_the_engine_leave_the_same_for_later(engine_of):
    """Here a block that is not full is more than what is left of the budget: whether its layer is looked at again
    decides what the source's buffer must hold."""
    whole, step = engine_of(131, True, None), engine_of(131, True, 6, "spread")
    samples = stream_of(np.random.default_rng(0), 300)
    require_equal(step, whole, samples, 6, make_plan(whole.network, hop=6, schedule="spread"))


def test_a_fresh_start_after_any_sample(engine_of):
    """The library begins each stream with a reset: what an earlier stream left must not show."""
    whole, step = engine_of(104, True, None), engine_of(104, True, 3)
    rng = np.random.default_rng(0)
    for length in (1, 5, 79, 80, 81, 100, 163):
        step.stream(stream_of(rng, length), 3)
        samples = stream_of(rng, 130)
        outputs = whole.stream(samples, 3)
        assert distinct(outputs) >= 3
        np.testing.assert_array_equal(step.stream(samples, 3), outputs)


@pytest.mark.parametrize("kernels", ["portable", "dsp", "mve"])
def test_a_stream_of_whole_windows_is_as_each_window_alone(engine_of, kernels):
    """Both sides of the tests above are streams; this one begins anew for every window."""
    for seed, valid in ((101, True), (104, False), (109, False)):
        whole = engine_of(seed, valid, None, kernels=kernels)
        samples = stream_of(np.random.default_rng(seed), whole.window + 200)
        windows = [samples[start : start + whole.window] for start in range(0, 201, 5)]
        expected = np.stack([whole.invoke(window) for window in windows])
        assert distinct(expected) >= 8
        np.testing.assert_array_equal(whole.stream(samples, 5), expected)


def test_padding_and_global_layers_keep_the_whole_window(tmp_path):
    padded = 0
    for seed in range(30):
        path = tmp_path / "model.tflite"
        path.write_bytes(random_network(seed))
        network = read_network(path)
        plan = make_plan(network, hop=1)
        for layer in network.layers[: plan.split]:
            assert not layer.pad_left and not layer.pad_right and layer.kind not in ("mean", "softmax")
        if network.layers[0].pad_right:
            padded += 1
            assert plan.split == 0 and plan.fired == make_plan(network).fired
    assert padded


@pytest.mark.parametrize("hop", [0, -1, 81, 2.5, True, "3"])
def test_bad_hops_are_refused(tmp_path, hop):
    path = tmp_path / "model.tflite"
    path.write_bytes(random_network(101, valid=True))
    with pytest.raises(EdgeharError, match="expected a hop of 1 to"):
        make_plan(read_network(path), hop=hop)
