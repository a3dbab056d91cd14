"""The family's text, its rules, and what a member costs beside what the exporter writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar import models
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.models.family import ConvBlock, blocks_of, columns, is_spec, spec
from edgehar.training.cost import BYTES_A_FILTER, cost

CONTRACT = Contract(("walking", "sitting", "standing", "laying", "up", "down"))

block = st.builds(
    ConvBlock, st.sampled_from(["conv", "sep"]), st.integers(1, 999), st.integers(1, 99), st.integers(1, 99)
)
first = st.builds(ConvBlock, st.just("conv"), st.integers(1, 999), st.integers(1, 99), st.integers(1, 99))


@settings(max_examples=60, deadline=None)
@given(first, st.lists(block, max_size=6))
def test_text_reads_back(head, rest):
    text = spec([head, *rest])
    assert is_spec(text)
    assert blocks_of(text) == [head, *rest]


@pytest.mark.parametrize(
    "text", ["", "cnn", "conv16", "conv0k3", "conv16k9s0", "sep16k9", "conv16k9-", "conv16k9_sep8k3"]
)
def test_other_text_is_refused(text):
    with pytest.raises(EdgeharError, match="conv16k9s2"):
        blocks_of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv8k9s3", "divides the 20 samples"),
        ("conv8k9s4-sep8k3s2-sep8k3", "divides the 20"),
        ("conv8k81", "longer window, got one of 80"),
    ],
)
def test_what_does_not_fit_the_contract_is_refused(text, message):
    with pytest.raises(ContractError, match=message):
        columns(blocks_of(text), CONTRACT)


def test_a_member_is_an_architecture_by_name_and_seed():
    text = "conv8k9s4-sep16k5s5"
    one, same, other = (models.build(text, CONTRACT, seed) for seed in (1, 1, 2))
    assert one.output_shape == (None, 6)
    window = np.random.default_rng(0).normal(size=(2, 80, 3)).astype(np.float32)
    assert np.array_equal(one(window), same(window)) and not np.array_equal(one(window), other(window))
    with pytest.raises(EdgeharError, match="expected an architecture out of"):
        models.build("conv8", CONTRACT, 1)


def test_cost_is_what_the_exporter_writes(tmp_path):
    from edgehar.compile.plan import make_plan
    from edgehar.compile.read import read_network
    from edgehar.convert.tflite import convert

    # Odd numbers of filters, both kinds of block, and strides under which every column is used.
    model = models.build("conv10k8s2-sep15k3s2-conv9k5-sep21k3", CONTRACT, 1)
    rng = np.random.default_rng(1)
    for layer in model.layers:  # batch normalisation that is not the identity, so that folding has work to do
        if layer.name.startswith("norm"):
            layer.set_weights([value + rng.uniform(0, 0.3, value.shape) for value in layer.get_weights()])
    calibration = rng.normal(0, 5, (8, 80, 3)).astype(np.float32)
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(model, CONTRACT, "int8", calibration=calibration))
    network = read_network(path)
    weighted = [layer for layer in network.layers if layer.weights is not None]
    found = cost(model)
    assert found.flash == sum(layer.weights.size + BYTES_A_FILTER * len(layer.bias) for layer in weighted)
    assert found.parameters == sum(layer.weights.size + len(layer.bias) for layer in weighted)
    assert found.macs == make_plan(network).macs
    sizes = [tensor.columns * tensor.channels for tensor in network.tensors]
    assert found.ram == max(
        sum(sizes[index] for index in layer.inputs) + sizes[layer.output] for layer in network.layers
    )
    assert make_plan(network, hop=20).split > 0, "every activation before the mean survives a hop of a second"


def test_cost_of_the_article():
    found = cost(models.build("cnn", CONTRACT, 1))
    assert (found.parameters, found.macs) == (520_486, 8_685_960)
    assert found.flash == 520_486 - 526 + BYTES_A_FILTER * 526


def test_cost_refuses_what_it_cannot_count():
    import keras

    model = keras.Sequential([keras.Input((80, 3)), keras.layers.LSTM(4), keras.layers.Dense(6)])
    with pytest.raises(ContractError, match="LSTM"):
        cost(model)
