"""Small networks, where the DSP path has kernels and ways of its own: each layer against the portable path and LiteRT,
the outputs against TFLite-Micro, and the incremental engine against the whole-window one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.c import write_c

from .networks import NetworkWriter, distinct, stream_of, windows_of

SEEDS = range(12)


def narrow_network(seed: int) -> bytes:
    """A convolution, then depthwise and pointwise ones with ReLU or nothing behind; channels of every remainder."""
    rng = np.random.default_rng([5, seed])
    net = NetworkWriter(seed, window=int(rng.choice([80, 64, 97])))
    # ReLU at zero point -128 asks for int8's own bounds, as converters make it; others are random.
    net._zero = lambda: -128  # type: ignore[method-assign]
    net.conv(int(rng.integers(4, 35)), int(rng.integers(2, 12)), int(rng.integers(1, 4)), activation=1)
    for _ in range(2):
        net.depthwise(1, int(rng.integers(1, 6)), int(rng.choice([1, 1, 2])), activation=int(rng.integers(0, 2)))
        net.conv(int(rng.integers(3, 50)), 1, activation=1)
    del net._zero  # type: ignore[method-assign]
    net.mean()
    net.dense(6)
    net.softmax()
    return net.bytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_layer_equals_the_portable_path_and_the_oracles(seed, make_engine, litert, tflm):
    content = narrow_network(seed)
    portable, dsp = make_engine(content), make_engine(content, kernels="dsp")
    reference, micro = litert(content), tflm(content)
    outputs = []
    for window in windows_of(np.random.default_rng(seed), portable.window, 6):
        reference.invoke(window)
        layers = portable.network.layers
        for layer, one, two in zip(layers, portable.layers(window), dsp.layers(window), strict=True):
            np.testing.assert_array_equal(one, two, layer.name)
            if layer.name.startswith("FULLY_CONNECTED"):  # LiteRT rounds it once
                break
            expected = reference.tensor(portable.network.tensors[layer.output].index)
            np.testing.assert_array_equal(two, expected[: two.size], layer.name)
        outputs.append(dsp.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    assert distinct(np.stack(outputs)) >= 3


@pytest.mark.parametrize("schedule", ["hop", "spread"])
@pytest.mark.parametrize("seed", range(0, 12, 3))
def test_incremental_equals_whole(seed, schedule, make_engine):
    content = narrow_network(seed)
    whole = make_engine(content, kernels="dsp")
    samples = stream_of(np.random.default_rng(seed), 4 * whole.window)
    for hop in (4, 12, 20):
        step = make_engine(content, kernels="dsp", hop=hop, schedule=schedule)
        outputs = whole.stream(samples, hop)
        assert distinct(outputs) >= 5
        np.testing.assert_array_equal(step.stream(samples, hop), outputs)


def test_narrow_networks_use_what_is_there_for_them(tmp_path: Path):
    """The DSP depthwise kernel, tables within the weights, blocks of four, and odd numbers of filters."""
    model, convs, fired = tmp_path / "model.tflite", [], []
    for seed in SEEDS:
        model.write_bytes(narrow_network(seed))
        _, source = write_c(model, tmp_path, kernels="dsp")
        text = source.read_text()
        convs += [fields(match) for match in re.findall(r"edgehar_conv layer_\d+ =\s*{(.*?)};", text, re.DOTALL)]
        fired += [fields(match) for match in re.findall(r"{(\.kernel = .*?)}", text, re.DOTALL)]
    depthwise = [layer for layer in fired if layer["kernel"] == "edgehar_depthwise_dsp"]
    assert len(depthwise) == 2 * len(SEEDS)
    assert {layer["kernel"] for layer in fired} >= {"edgehar_mean_dsp", "edgehar_mean_time"}
    tables_within = [conv for conv in convs if not {"bias", "multiplier", "shift"} & set(conv)]
    assert len(tables_within) > len(convs) * 0.9
    assert any(int(conv["out_channels"]) % 2 for conv in convs)
    assert {int(conv["in_channels"]) % 4 for conv in convs} == {0, 1, 2, 3}
    assert {int(layer["positions"]) >= 4 for layer in depthwise} == {True, False}  # blocks of four, and fewer


def fields(text: str) -> dict[str, str]:
    """The designated initialisers of one C structure."""
    return dict(re.findall(r"\.(\w+) = ([^,}\s]+)", text))
