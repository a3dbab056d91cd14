"""Seeded augmentation of windows in m/s², before normalisation. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgehar.training.recipe import Augmentation


def augment(
    x: NDArray[np.float32],
    target: NDArray[np.float32],
    how: Augmentation,
    rng: np.random.Generator,
    places: Sequence[int] = (0,),
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rotate, turn over, scale, add noise and mix, drawn anew for each window.

    Args:
        x: float32 (N, window, channels), in their units, as `how.noise` is; not changed.
        target: float32 (N, classes), what the network is to say; not changed.
        places: of x, y and z of each sensor; all are turned alike.
    Returns:
        arrays of the same shapes and dtypes. `how.shift` is not applied here: the loop draws among
        finely cut windows.
    """
    turned = x.astype(np.float64)
    if how.rotation:
        matrices = rotations(len(x), how.rotation, rng)
        for at in places:
            turned[..., at : at + 3] = np.einsum("nij,ntj->nti", matrices, x[..., at : at + 3])
    for axis in how.turn:
        # Half a turn changes the sign of the two other axes.
        about = np.ones(x.shape[2])
        for at in places:
            about[at : at + 3] = np.where(np.arange(3) == "xyz".index(axis), 1, -1)
        turned = np.where(rng.random((len(x), 1, 1)) < 0.5, turned * about, turned)
    factor = 1 + how.scale * rng.standard_normal((len(x), 1, 1))
    changed = (turned * factor + how.noise * rng.standard_normal(x.shape)).astype(np.float32)
    if how.mix:
        other, share = rng.permutation(len(x)), rng.beta(how.mix, how.mix, (len(x), 1)).astype(np.float32)
        changed = share[..., None] * changed + (1 - share[..., None]) * changed[other]
        target = share * target + (1 - share) * target[other]
    return changed, target


def rotations(count: int, deviation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rotation matrices float64 (count, 3, 3): random axes, angles from a normal law (rad).

    Source: Rodrigues' formula, R = I + sin(a) K + (1 - cos(a)) K².
    """
    axis = rng.standard_normal((count, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = (deviation * rng.standard_normal(count))[:, None, None]
    cross = np.zeros((count, 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = axis
    cross[:, [1, 2, 0], [2, 0, 1]] = -axis
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
