"""The law: incremental equals whole, byte for byte, whatever the network, the hop, the chunks and the gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.compile.incremental import incremental_model
from edgehar.runtimes.incremental import from_bytes
from tests.firmware.networks import NetworkWriter, random_network
from tests.incremental.conftest import KERNELS, contract_of, whole_window


def follow(model, oracle, rng: np.random.Generator, hop: int, rounds: int, decisions: int) -> int:
    """Feed random chunks, clear in between, compare every decision; returns how many there were."""
    window, compared = model.contract.window, 0
    for _ in range(rounds):
        model.clear()
        # An interruption before the window is full leaves a state that the next round must not show.
        length = int(rng.integers(1, window)) if rng.random() < 0.3 else window + (decisions - 1) * hop
        samples = rng.integers(-128, 128, (length, 3)).astype(np.int8)
        place, due = 0, window
        while place < length:
            size = int(min(rng.integers(1, hop + 1), due - place, length - place))
            model.extend(samples[place : place + size])
            place += size
            assert model.full == (place >= window)
            if place == due:
                np.testing.assert_array_equal(model.output(), oracle(samples[place - window : place]))
                due, compared = due + hop, compared + 1
    return compared


@pytest.mark.parametrize("kernels", KERNELS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2000), valid=st.booleans(), draw=st.floats(0, 1), chunks=st.integers(0, 2**32 - 1))
def test_random_networks(kernels, tmp_path_factory, seed, valid, draw, chunks):
    content = random_network(seed, valid=valid)
    path = tmp_path_factory.mktemp("network") / "model.tflite"
    path.write_bytes(content)
    contract = contract_of(path)
    # Small hops and those that a stride divides are where state is kept; half the draws are among them.
    hop = 1 + int(draw * 2 * 12) if draw < 0.5 else 1 + int((draw - 0.5) * 2 * (contract.window - 1))
    made = incremental_model(path, hop, contract)
    model = from_bytes(made.content, path, f"{kernels}-stream-hop{hop}", contract)
    follow(model, whole_window(content, kernels), np.random.default_rng(chunks), hop, rounds=3, decisions=4)


def depthwise_separable(stride: int) -> bytes:
    """A small network of the kind that microcontrollers run: every layer but the head can be cut."""
    net = NetworkWriter(stride)
    net.conv(16, 5, stride, activation=1)
    for _ in range(2):
        net.depthwise(1, 3, activation=1)
        net.conv(24, 1, activation=1)
    net.pool("AVERAGE_POOL_2D", 2, 2)
    net.mean()
    net.dense(6)
    net.softmax()
    return net.bytes()


@pytest.mark.parametrize("hop", [4, 5, 10, 20])
@pytest.mark.parametrize("kernels", KERNELS)
def test_depthwise_separable(kernels, hop, tmp_path):
    content = depthwise_separable(2)
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    made = incremental_model(path, hop, contract_of(path))
    # Strides of 2 and 2: everything up to the mean survives a hop of 4 and of 20.
    assert made.plan.split == {4: 6, 5: 0, 10: 5, 20: 6}[hop]
    model = from_bytes(made.content, path, f"{kernels}-stream-hop{hop}", contract_of(path))
    oracle = whole_window(content, kernels)
    assert follow(model, oracle, np.random.default_rng(hop), hop, rounds=6, decisions=5) >= 10


@pytest.mark.parametrize("hop", [1, 4, 80])
def test_flat_input(hop, tmp_path):
    """A whole-window model that takes (1, 240): a step takes (1, hop, 3) all the same."""
    net = NetworkWriter(9)
    net.graph.tensors[net.source].shape = [1, 240]
    net.conv(8, 5, 1)
    net.pool("MAX_POOL_2D", 4, 4)
    net.flatten()
    net.dense(5)
    net.softmax()
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    made = incremental_model(path, hop, contract_of(path))
    model = from_bytes(made.content, path, f"litert-int8-reference-stream-hop{hop}", contract_of(path))
    oracle = whole_window(path.read_bytes(), "litert-int8-reference")
    assert follow(model, oracle, np.random.default_rng(3), hop, rounds=3, decisions=4) >= 4


def test_same_file_and_hop_give_the_same_bytes(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(depthwise_separable(2))
    contract = contract_of(path)
    assert incremental_model(path, 4, contract).content == incremental_model(path, 4, contract).content
