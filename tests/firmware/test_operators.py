"""Networks around each operator: every layer against LiteRT's reference kernels, every output against TFLite-Micro,
and incremental against whole windows.

Where LiteRT (ai-edge-litert 2.3) computes an operator otherwise than TFLite-Micro, TFLite-Micro is right: that is so
for FULLY_CONNECTED, see test_networks.py, and for LOGISTIC, which LiteRT takes from a table of floats.
"""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgehar.compile.operators import OPERATORS
from edgehar.compile.plan import make_plan, splits
from edgehar.compile.read import read_network

from .networks import distinct, random_network, stream_of, windows_of
from .operator_networks import BLOCKS, operator_network
from .test_incremental import require_equal

SEEDS = (0, 2)
#: Where LiteRT differs, what stands behind it is compared with TFLite-Micro's outputs alone.
OTHER_IN_LITERT = ("FULLY_CONNECTED", "LOGISTIC")
#: Blocks that another kernel path packs, or runs beside kernels of its own.
PACKED = ("dilated", "dilated-depthwise", "dilated-same", "causal-last", "squeeze-excite", "max")
#: Blocks that run on a stream without end, where no `same` padding stands before them.
STREAMING = ("tanh", "mul-channels", "add-channels", "prelu", "swish", "join-four", "causal-last")
#: (hop, schedule, kernels): two of them for each block, in turn.
PLANS = ((1, "hop", "portable"), (4, "spread", "dsp"), (6, "spread", "portable"), (20, "hop", "mve"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_layer_equals_the_oracles(block, seed, make_engine, litert, tflm):
    content = operator_network(block, seed)
    engine = make_engine(content)
    network, reference, micro = engine.network, litert(content), tflm(content)
    outputs, compared = [], 0
    for window in windows_of(np.random.default_rng(seed), engine.window, 10):
        computed = engine.layers(window)
        reference.invoke(window)
        for layer, columns in zip(network.layers, computed, strict=True):
            tensor = network.tensors[layer.output]
            if tensor.index < 0:
                continue
            expected = reference.tensor(tensor.index)[tensor.first * tensor.channels :][: columns.size]
            if layer.name.startswith(OTHER_IN_LITERT) and not np.array_equal(columns, expected):
                break
            np.testing.assert_array_equal(columns, expected, layer.name)
            compared += 1
        outputs.append(engine.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    assert distinct(np.stack(outputs)) >= 3, "outputs that hardly vary prove nothing"
    assert compared >= 10, "LiteRT has seen nearly none of the layers"


@pytest.mark.parametrize("kernels", ["dsp", "mve"])
@pytest.mark.parametrize("block", PACKED)
def test_other_kernel_paths_equal_the_portable_one(block, kernels, make_engine):
    content = operator_network(block, 0)
    portable, other = make_engine(content), make_engine(content, kernels=kernels)
    for window in windows_of(np.random.default_rng(3), portable.window, 4):
        for one, two, layer in zip(portable.layers(window), other.layers(window), portable.network.layers, strict=True):
            np.testing.assert_array_equal(one, two, layer.name)


@pytest.mark.parametrize("block", BLOCKS)
def test_incremental_equals_whole(block, make_engine):
    content = operator_network(block, 1)
    whole = make_engine(content)
    samples = stream_of(np.random.default_rng(8), whole.window + 260)
    turn = list(BLOCKS).index(block) % 2
    for hop, schedule, kernels in PLANS[turn::2]:
        step = make_engine(content, kernels=kernels, hop=hop, schedule=schedule)
        plan = make_plan(whole.network, kernels=kernels, hop=hop, schedule=schedule)
        outputs = require_equal(step, whole, samples, hop, plan)
        assert distinct(outputs) >= 3
    if block in STREAMING:
        assert plan.split > 1, "nothing ran on the stream"


def test_a_causal_network_whose_last_step_is_read_streams_to_the_end(tmp_path):
    """Every convolution runs on the stream: a sample costs one column of each."""
    path = tmp_path / "model.tflite"
    path.write_bytes(operator_network("causal-last", 0))
    network = read_network(path)
    convolutions = [index for index, layer in enumerate(network.layers) if layer.kind == "conv"]
    assert max(splits(network, 2)) >= convolutions[-2]
    assert not any(layer.pad_left for layer in network.layers)
    assert make_plan(network, hop=2).macs < make_plan(network).macs / 3


def test_generated_networks_cover_every_operator():
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    seen = set()
    for content in [random_network(seed) for seed in range(12)] + [operator_network(block, 0) for block in BLOCKS]:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        seen |= {names[code.builtinCode] for code in model.operatorCodes}
    assert seen == {*OPERATORS, "RESHAPE"}
