"""Augmentation: what it keeps, what it changes, and that the seed decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from edgehar.training.augment import augment, rotations
from edgehar.training.recipe import Augmentation

NOTHING = Augmentation(rotation=0, scale=0, noise=0, shift=0, mix=0)


def made(count=200, classes=3):
    rng = np.random.default_rng(1)
    return rng.normal(0, 5, (count, 80, 3)).astype(np.float32), np.eye(classes, dtype=np.float32)[
        rng.integers(0, classes, count)
    ]


def test_nothing_asked_nothing_changed():
    x, target = made()
    changed, same = augment(x, target, NOTHING, np.random.default_rng(0))
    np.testing.assert_allclose(changed, x, atol=1e-6)
    assert same is target


def test_seed_decides_and_input_stays():
    x, target = made()
    before = x.copy()
    how = Augmentation(rotation=0.1, scale=0.1, noise=0.1, mix=0.3)
    first, again, other = (augment(x, target, how, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(x, before)
    assert first[0].dtype == first[1].dtype == np.float32
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_half_of_the_windows_are_turned_over(axis):
    x, target = made()
    changed, _ = augment(x, target, replace(NOTHING, turn=axis), np.random.default_rng(0))
    over = Rotation.from_euler(axis, 180, degrees=True).apply(x.reshape(-1, 3)).reshape(x.shape)
    same = np.isclose(changed, x, atol=1e-5).all(axis=(1, 2))
    turned = np.isclose(changed, over, atol=1e-5).all(axis=(1, 2))
    assert (same ^ turned).all() and 0.35 < turned.mean() < 0.65


def test_turned_about_all_axes_stays_a_rotation():
    x, target = made(400)
    changed, _ = augment(x, target, replace(NOTHING, turn="xyz"), np.random.default_rng(0))
    signs = np.sign(changed[:, 0] / x[:, 0])
    assert {tuple(row) for row in signs} == {(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)}


@given(st.integers(0, 2**32 - 1), st.floats(0, 3))
@settings(max_examples=30, deadline=None)
def test_rotations_are_rotations(seed, deviation):
    turns = rotations(20, deviation, np.random.default_rng(seed))
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (20, 3, 3)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-9)


def test_angles_have_the_deviation():
    turns = rotations(4000, 0.2, np.random.default_rng(0))
    angles = Rotation.from_matrix(turns).magnitude()
    assert np.sqrt(np.mean(angles**2)) == pytest.approx(0.2, rel=0.05)


def test_scale_and_noise_have_their_deviations():
    x, target = np.ones((4000, 80, 3), np.float32), np.ones((4000, 1), np.float32)
    scaled, _ = augment(x, target, replace(NOTHING, scale=0.05), np.random.default_rng(0))
    assert np.ptp(scaled, axis=(1, 2)).max() == 0  # one factor per window
    assert scaled[:, 0, 0].std() == pytest.approx(0.05, rel=0.05)
    noisy, _ = augment(x, target, replace(NOTHING, noise=0.3), np.random.default_rng(0))
    assert (noisy - x).std() == pytest.approx(0.3, rel=0.01)


def test_mixed_windows_have_mixed_targets():
    x, target = made()
    x = target[:, None, :] * np.ones((1, 80, 1), np.float32)  # a window that says its class
    mixed, soft = augment(x, target, replace(NOTHING, mix=0.4), np.random.default_rng(0))
    np.testing.assert_allclose(mixed, np.broadcast_to(soft[:, None, :], mixed.shape), atol=1e-6)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    assert ((soft > 0.01) & (soft < 0.99)).any()


def test_every_sensor_is_turned_alike_and_a_length_stays():
    x = np.random.default_rng(1).normal(0, 5, (200, 20, 7)).astype(np.float32)
    x[..., 4:] = x[..., :3]
    how = replace(NOTHING, rotation=0.5, turn="xz")
    changed, _ = augment(x, np.ones((200, 2), np.float32), how, np.random.default_rng(2), (0, 4))
    np.testing.assert_array_equal(changed[..., 4:], changed[..., :3])
    np.testing.assert_array_equal(changed[..., 3], x[..., 3])
    assert np.abs(changed[..., :3] - x[..., :3]).max() > 1
