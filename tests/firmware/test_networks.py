"""Generated networks: every layer against LiteRT's reference kernels, every output against TFLite-Micro.

One operator is computed differently by LiteRT (ai-edge-litert 2.3) and TFLite-Micro: FULLY_CONNECTED, which LiteRT
rounds once. There TFLite-Micro is right, and LiteRT must give what this file says it gives.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.operators import OPERATORS
from edgehar.compile.read import read_network

from .networks import NetworkWriter, distinct, random_network, stream_of, windows_of

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "int8_networks.json"
SEEDS = range(42)
#: What these networks are made of; test_operators.py has the others.
OWN = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "ADD", "FULLY_CONNECTED", "SOFTMAX",
}  # fmt: skip


def litert_dense(network, layer, source: np.ndarray) -> np.ndarray:
    """FULLY_CONNECTED, rounded once: floor(sum * multiplier * 2^(shift - 31) + 1/2), in 32 bits."""
    before, after = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    x = source.astype(object).reshape(-1, layer.kernel * before.channels) - before.zero_point
    sums = x @ layer.weights.reshape(len(layer.weights), -1).astype(object).T + layer.bias.astype(object)
    out = [
        [
            (value * multiplier + (1 << (30 - shift))) >> (31 - shift)
            for value, multiplier, shift in zip(row, layer.multiplier, layer.shift, strict=True)
        ]
        for row in sums.tolist()
    ]
    low = (np.array(out, object) + after.zero_point + (1 << 31)) % (1 << 32) - (1 << 31)
    return np.clip(low.astype(np.int64), *layer.activation).astype(np.int8).ravel()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_layer_equals_the_oracles(seed, make_engine, litert, tflm):
    content = random_network(seed)
    engine = make_engine(content)
    network, reference, micro = engine.network, litert(content), tflm(content)
    outputs = []
    for window in windows_of(np.random.default_rng(seed), engine.window, 10):
        computed = engine.layers(window)
        reference.invoke(window)
        for layer, columns in zip(network.layers, computed, strict=True):
            expected = reference.tensor(network.tensors[layer.output].index)
            assert columns.size, layer.name
            if layer.name.startswith("FULLY_CONNECTED"):
                source = reference.tensor(network.tensors[layer.inputs[0]].index)
                np.testing.assert_array_equal(litert_dense(network, layer, source), expected, layer.name)
                if not np.array_equal(columns, expected):
                    break
            np.testing.assert_array_equal(columns, expected[: columns.size], layer.name)
        outputs.append(engine.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    assert distinct(np.stack(outputs)) >= 3, "outputs that hardly vary prove nothing"


@pytest.mark.parametrize("kernels", ["thumb", "thumb2", "dsp", "mve", "riscv", "vector"])
@pytest.mark.parametrize("seed", range(0, 42, 3))
def test_other_kernel_paths_equal_the_portable_one(seed, kernels, make_engine):
    content = random_network(seed)
    portable, other = make_engine(content), make_engine(content, kernels=kernels)
    for window in windows_of(np.random.default_rng(seed), portable.window, 6):
        for one, two, layer in zip(portable.layers(window), other.layers(window), portable.network.layers, strict=True):
            np.testing.assert_array_equal(one, two, layer.name)


@pytest.mark.parametrize("channels", [5, 8])
@pytest.mark.parametrize("zero", [-128, -3, 127])
def test_a_mean_that_keeps_the_quantisation(zero, channels, make_engine, litert, tflm):
    """What a ReLU6 before a global average gives: the same scale and zero point on both sides, rounded all the same."""
    net = NetworkWriter(zero + 200)
    net._zero = lambda: zero  # type: ignore[method-assign]
    net.conv(channels, 4, 2)
    net.mean(same_scale=True)
    del net._zero  # type: ignore[method-assign]
    net.dense(6)
    net.softmax()
    content = net.bytes()
    engines = [make_engine(content), make_engine(content, kernels="dsp")]
    network, reference, micro = engines[0].network, litert(content), tflm(content)
    (index,) = (number for number, layer in enumerate(network.layers) if layer.kind == "mean")
    outputs = []
    for window in windows_of(np.random.default_rng(8), 80, 40):
        reference.invoke(window)
        outputs.append(micro.invoke(window))
        for engine in engines:
            mean = engine.layers(window)[index]
            np.testing.assert_array_equal(mean, reference.tensor(network.tensors[network.layers[index].output].index))
            np.testing.assert_array_equal(engine.invoke(window), outputs[-1])
    assert distinct(np.stack(outputs)) >= 10


@pytest.mark.parametrize("kernels", ["portable", "dsp", "mve"])
def test_a_residual_block_with_a_stride(kernels, make_engine, litert, tflm):
    """Two readers of one tensor, of which the first passes over columns that the second still has to get."""
    net = NetworkWriter(21)
    net.conv(8, 6)
    net.residual_down(3)
    net.conv(6, 3)
    net.mean()
    net.dense(5)
    net.softmax()
    content = net.bytes()
    engine, reference, micro = make_engine(content, kernels=kernels), litert(content), tflm(content)
    outputs = []
    for window in windows_of(np.random.default_rng(9), 80, 10):
        reference.invoke(window)
        for layer, columns in zip(engine.network.layers[:-2], engine.layers(window), strict=False):
            expected = reference.tensor(engine.network.tensors[layer.output].index)
            np.testing.assert_array_equal(columns, expected[: columns.size], layer.name)
        outputs.append(engine.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    assert distinct(np.stack(outputs)) >= 5
    samples = stream_of(np.random.default_rng(10), 400)
    for hop in (3, 6):
        step = make_engine(content, kernels=kernels, hop=hop)
        np.testing.assert_array_equal(step.stream(samples, hop), engine.stream(samples, hop))


def test_generated_networks_cover_their_operators(tmp_path):
    kinds, pads, factors = set(), set(), []
    for seed in SEEDS:
        path = tmp_path / "model.tflite"
        path.write_bytes(random_network(seed))
        network = read_network(path)
        kinds |= {layer.name.split()[0] for layer in network.layers}
        pads |= {(layer.pad_left > 0, layer.pad_right > 0) for layer in network.layers}
        factors += [shift for layer in network.layers if layer.kind == "conv" for shift in layer.shift]
    assert kinds == OWN
    assert kinds <= set(OPERATORS)
    assert pads >= {(False, False), (False, True), (True, True)}
    assert max(factors) > 0 and min(factors) < -15


def test_where_the_oracles_disagree_on_fully_connected(make_engine, litert, tflm):
    """A sum just under a half of the output's step: rounded once it falls, rounded twice it rises."""
    net = NetworkWriter(3)
    net.mean()
    net.dense(60)
    net.dense(6)
    net.softmax(beta=0.25, spread=None)
    content = net.bytes()
    engine, reference, micro = make_engine(content), litert(content), tflm(content)
    disagreements = 0
    for window in windows_of(np.random.default_rng(5), 80, 3000):
        ours = engine.invoke(window)
        if not np.array_equal(ours, reference.invoke(window)):
            disagreements += 1
            np.testing.assert_array_equal(ours, micro.invoke(window))
    assert disagreements


def test_logits_so_fine_that_no_probability_is_zero(make_engine, litert, tflm):
    net = NetworkWriter(4)
    net.mean()
    net.dense(6)
    net.softmax(beta=1e-5, spread=None)
    content = net.bytes()
    engine, reference, micro = make_engine(content), litert(content), tflm(content)
    for window in windows_of(np.random.default_rng(6), 80, 20):
        ours = engine.invoke(window)
        np.testing.assert_array_equal(ours, reference.invoke(window))
        np.testing.assert_array_equal(ours, micro.invoke(window))


def test_golden_vectors(make_engine):
    rows = json.loads(VECTORS.read_text())
    assert len(rows) >= 24
    engines = {seed: make_engine(random_network(seed)) for seed in {row["seed"] for row in rows}}
    for row in rows:
        window = np.frombuffer(bytes.fromhex(row["input"]), np.int8).reshape(-1, 3)
        assert engines[row["seed"]].invoke(window).tolist() == row["output"]
