"""The law for networks around each operator of tests/firmware/operator_networks.py, and for time along the height."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.compile.incremental import incremental_model
from edgehar.runtimes.incremental import from_bytes
from tests.firmware.operator_networks import BLOCKS, operator_network
from tests.incremental.conftest import KERNELS, contract_of, whole_window
from tests.incremental.test_law import follow

#: Blocks whose convolutions, among others, run on pieces at a hop of 4.
PIECES = ("tanh", "mul-channels", "mul-channels-first", "sub-channels", "prelu", "gate", "swish", "join-four",
          "dilated", "dilated-depthwise", "causal-last", "attention")  # fmt: skip


@pytest.mark.parametrize("block", BLOCKS)
def test_a_step_equals_the_whole_window(block, tmp_path):
    content = operator_network(block, 1)
    kernels = KERNELS[list(BLOCKS).index(block) % 2]
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    contract = contract_of(path)
    for hop in (4, 5):
        made = incremental_model(path, hop, contract)
        if block in PIECES and hop == 4:
            assert made.plan.split > 1
        model = from_bytes(made.content, path, f"{kernels}-stream-hop{hop}", contract)
        follow(model, whole_window(content, kernels), np.random.default_rng(hop), hop, rounds=3, decisions=5)


def test_a_causal_network_keeps_what_its_kernels_reach(tmp_path):
    """The whole network is a step: its state is the kernels' reach, not the window."""
    path = tmp_path / "model.tflite"
    path.write_bytes(operator_network("causal-last", 0))
    made = incremental_model(path, 2, contract_of(path))
    network = made.plan.network
    assert made.plan.macs < sum(
        network.tensors[layer.output].columns * layer.weights[0].size
        for layer in network.layers
        if layer.kind == "conv"
    )
    assert all(flow.kept < network.tensors[network.source].columns // 2 for flow in made.plan.ordered)
