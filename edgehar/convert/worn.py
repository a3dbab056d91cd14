"""How training people wore the device: what a model needs to tell that it is worn otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.channels import ACCELERATION
from edgehar.contract import LARGEST_BLOCK, LARGEST_WEIGHT, STANDARD_GRAVITY, Contract, PlacementLimits
from edgehar.data import Windows
from edgehar.placement import sums_and_spread
from edgehar.runtimes.quantise import quantise

#: Deviation of the acceleration in m/s² above which a block moves: training people at rest stay under half of it.
MOVING = 1.6
#: m/s² between two blocks' means up to which gravity keeps its direction, as it does in walking and not in lying down.
STEADY = 2.0
#: Shares of blocks of people left out that are within the limits; stricter ones let pockets pass (docs/models.md).
WALKING_WITHIN, RESTING_WITHIN = 0.995, 0.99
#: A limit on walking beyond this, 60° of gravity, tells nothing: a wrist swings that far.
FARTHEST = STANDARD_GRAVITY
#: An activity moves or rests where this share of its blocks does; fewer are on the way to or from it.
LEAST_SHARE = 0.2
#: People without whom the limits, told by leaving each out, would be chance.
LEAST_PEOPLE = 3
#: Deviation at rest, m/s², under which an axis counts as this steady: less is a person's luck.
LEAST_DEVIATION = 0.3


def fit_placement(windows: Windows, contract: Contract, turn: str = "") -> PlacementLimits | None:
    """What the contract of an int8 model says of how its training people wore the device.

    The limits are quantiles of the distances of each person's blocks from all others' means.

    Args:
        windows: of training people, in m/s².
        contract: with the int8 input's quantisation.
        turn: axes about which training turned half of the windows over; both ways are then as trained.
    Returns:
        None where nothing can be told: no int8 input, other channels, a front end that leaves no direction, under three
        people, windows of over 294 samples, nobody who walks, or walking in all directions.
    """
    quantisation = contract.input_quantisation
    block = (contract.window + 1) // 2
    directed = contract.front_end == "none" and contract.channels == ACCELERATION and block <= LARGEST_BLOCK
    if quantisation is None or not directed or len(np.unique(windows.subject)) < LEAST_PEOPLE:
        return None
    x, labels, subjects = windows.x[:, :block], windows.y, windows.subject
    for axis in turn:
        x = np.concatenate([x, x * np.where(np.array(list("xyz")) == axis, 1, -1).astype(np.float32)])
        labels, subjects = np.tile(labels, 2), np.tile(subjects, 2)
    sums, spread = sums_and_spread(quantise(x, quantisation))
    step = block / quantisation.scale  # of sums, for a mean of 1 m/s²
    moving = int((MOVING * step) ** 2)
    moves = spread > moving
    share = np.array(
        [moves[labels == label].mean() if (labels == label).any() else 0 for label in range(len(windows.labels))]
    )
    walking, resting = moves & (share >= LEAST_SHARE)[labels], ~moves & (share <= 1 - LEAST_SHARE)[labels]
    weights = _weights(sums, labels, resting, LEAST_DEVIATION * step)
    far_walking, far_resting = [], []
    for person in np.unique(subjects):
        own = subjects == person
        if (walking & ~own).any():
            away = sums[walking & own] - _mean(sums[walking & ~own])
            far_walking.append((away * away).sum(axis=1))
        if (resting & ~own).any():
            each = sums[resting & own][:, None] - _means(sums, labels, resting & ~own)
            far_resting.append((each * each * weights).sum(axis=2).min(axis=1))
    far = np.concatenate([np.zeros(0, np.int64), *far_walking])
    if not len(far) or _limit(far, WALKING_WITHIN) > (FARTHEST * step) ** 2:
        return None
    still = np.concatenate([np.zeros(0, np.int64), *far_resting])
    return PlacementLimits(
        block=block,
        moving=moving,
        steady=int((STEADY * step) ** 2),
        walk=_triple(_mean(sums[walking])),
        walk_limit=_limit(far, WALKING_WITHIN),
        rest=tuple(_triple(mean) for mean in _means(sums, labels, resting)) if len(still) else (),
        weights=_triple(weights),
        rest_limit=_limit(still, RESTING_WITHIN) if len(still) else 0,
    )


def _weights(
    sums: NDArray[np.int64], labels: NDArray[np.int64], resting: NDArray[np.bool_], least: float
) -> NDArray[np.int64]:
    """Of each axis, the inverse of its variance within the activities at rest; the largest is `LARGEST_WEIGHT`."""
    found = np.unique(labels[resting])
    if not len(found):
        return np.full(3, LARGEST_WEIGHT, np.int64)
    variance = np.mean([sums[resting & (labels == label)].var(axis=0) for label in found], axis=0)
    variance = np.maximum(variance, least**2)
    weights: NDArray[np.int64] = np.maximum(np.floor(LARGEST_WEIGHT * variance.min() / variance + 0.5), 1).astype(
        np.int64
    )
    return weights


def _means(sums: NDArray[np.int64], labels: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The mean of each label's chosen blocks, int64 (labels, 3)."""
    return np.stack([_mean(sums[chosen & (labels == label)]) for label in np.unique(labels[chosen])])


def _mean(sums: NDArray[np.int64]) -> NDArray[np.int64]:
    mean: NDArray[np.int64] = np.floor(sums.mean(axis=0) + 0.5).astype(np.int64)
    return mean


def _limit(distances: NDArray[np.int64], within: float) -> int:
    """The smallest distance that this share of all does not exceed."""
    ordered = np.sort(distances)
    return int(ordered[min(len(ordered) - 1, int(np.ceil(within * len(ordered))) - 1)])


def _triple(values: NDArray[np.int64]) -> tuple[int, int, int]:
    x, y, z = (int(value) for value in values)
    return x, y, z
