"""Profiles as files, and applied to a model."""

import numpy as np
import pytest

from edgehar.compile.head import dense_layer, head_of
from edgehar.compile.read import read_network
from edgehar.errors import ContractError, DataError
from edgehar.personal.profile import Profile, apply_profile, parse_profile, read_profile, write_profile
from tests.firmware.networks import NetworkWriter, distinct, reference_outputs, windows_of


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    net = NetworkWriter(11)
    net.conv(12, 9, 4, activation=1)
    net.mean()
    net.dense(6)
    net.softmax()
    path = tmp_path_factory.mktemp("profile") / "model_int8.tflite"
    path.write_bytes(net.bytes())
    return path


def random_profile(rng, network, rotation=True, layer=True):
    head = head_of(network)
    return Profile(
        network.sha256,
        tuple(int(value) for value in rng.integers(-16384, 16385, 9)) if rotation else None,
        np.clip(head.weights + rng.integers(-20, 21, head.weights.shape), -127, 127).astype(np.int8) if layer else None,
        (head.bias + rng.integers(-200, 201, len(head.bias))).astype(np.int32) if layer else None,
    )


@pytest.mark.parametrize("rotation", [True, False])
@pytest.mark.parametrize("layer", [True, False])
def test_bytes_come_back(model, rotation, layer, tmp_path):
    profile = random_profile(np.random.default_rng(3), read_network(model), rotation, layer)
    write_profile(tmp_path / "me.profile", profile)
    again = read_profile(tmp_path / "me.profile")
    assert again.model == profile.model[:16] and again.rotation == profile.rotation
    assert again.to_bytes() == profile.to_bytes()
    if layer:
        np.testing.assert_array_equal(again.weights, profile.weights)
        np.testing.assert_array_equal(again.bias, profile.bias)
    assert len(profile.to_bytes()) < 400


def test_every_torn_or_changed_file_is_noticed(model):
    content = random_profile(np.random.default_rng(4), read_network(model)).to_bytes()
    for length in range(len(content)):
        with pytest.raises(DataError, match="expected"):
            parse_profile(content[:length])
    for at in range(len(content)):
        with pytest.raises(DataError, match="expected"):
            parse_profile(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])


def test_a_profile_changes_the_last_layer_and_nothing_else(model):
    network, content = read_network(model), model.read_bytes()
    profile = random_profile(np.random.default_rng(5), network)
    applied = apply_profile(content, network, profile)
    assert len(applied) == len(content) and applied != content
    changed = model.with_name("applied.tflite")
    changed.write_bytes(applied)
    after = read_network(changed)
    np.testing.assert_array_equal(head_of(after).weights, profile.weights)
    np.testing.assert_array_equal(head_of(after).bias, profile.bias)
    for one, two in zip(network.layers, after.layers, strict=True):
        if one.name != dense_layer(network).name and one.weights is not None:
            np.testing.assert_array_equal(one.weights, two.weights)
    windows = windows_of(np.random.default_rng(6), 80, 12)
    outputs = reference_outputs(applied, windows)
    assert distinct(outputs) > 3 and not np.array_equal(outputs, reference_outputs(content, windows))


def test_the_models_own_layer_as_a_profile_changes_nothing(model):
    network = read_network(model)
    head = head_of(network)
    profile = Profile(network.sha256, None, head.weights, head.bias)
    assert apply_profile(model.read_bytes(), network, profile) == model.read_bytes()


def test_a_profile_of_another_model_is_refused(model):
    network = read_network(model)
    with pytest.raises(ContractError, match="expected a profile of the model"):
        apply_profile(model.read_bytes(), network, Profile("0" * 64))
