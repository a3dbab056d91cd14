"""The pocket front end: equal to docs/spec.md sample by sample, blind to how the phone lies, and under every window."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.contract import Contract
from edgehar.data import Dataset, Recording, cut_windows
from edgehar.errors import ContractError
from edgehar.front_end import PocketFrontEnd, apply_front_end, from_q8, rotate, to_q8

POCKET = Contract(("a", "b"), window=20, train_step=7, front_end="pocket")


def quotient(value: int, divisor: int) -> int:
    """As C divides."""
    return abs(value) // divisor * (1 if value >= 0 else -1)


def by_the_specification(samples: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """One sample after another, in plain integers; every value that C keeps in 32 bits is checked to fit."""
    state, out = [0, 0, 0], []
    for n, sample in enumerate(samples):
        v = [min(14_000, max(-14_000, value)) for value in sample]
        for axis in range(3):
            away = (v[axis] << 8) - state[axis]
            state[axis] += quotient(away, n + 1) if n < 32 else away >> 5
        g = [value >> 8 for value in state]
        length = math.isqrt(sum(value * value for value in g)) or 1
        product = sum(a * b for a, b in zip(v, g, strict=True))
        along = quotient(product, length)
        rest = sum(value * value for value in v) - along * along
        assert max(abs(product), abs(rest), along * along, abs(g[2]) * 2511) < 2**31
        out.append((along, math.isqrt(max(rest, 0)), abs(g[2]) * 2511 // length))
    return out


def walk(count: int, seed: int = 3) -> np.ndarray:
    """float32 (count, 3): gravity in a slanted pocket, and steps."""
    rng = np.random.default_rng(seed)
    steps = 4 * np.sin(np.arange(count)[:, None] * np.array([0.62, 0.63, 1.3]) + rng.normal(size=3))
    return np.float32(np.array([3.1, 8.9, -2.6]) + steps + rng.normal(0, 1, (count, 3)))


VALUES = st.one_of(st.integers(-32767, 32767), st.sampled_from([-32767, -14_001, -1, 0, 1, 14_000, 32767]))


@settings(deadline=None, max_examples=150)
@given(
    samples=st.integers(0, 90).flatmap(
        lambda count: st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=count, max_size=count)
    ),
    cuts=st.lists(st.integers(0, 90), max_size=6),
)
def test_whatever_the_chunks_as_specified(samples, cuts):
    front = PocketFrontEnd()
    values = np.array(samples, np.int64).reshape(-1, 3)
    edges = sorted({0, len(values), *(min(cut, len(values)) for cut in cuts)})
    parts = [front.push(values[start:stop]) for start, stop in pairwise(edges)]
    made = np.concatenate([np.zeros((0, 3), np.int64), *parts])
    assert list(map(tuple, made.tolist())) == by_the_specification(samples)
    front.clear()
    assert np.array_equal(front.push(values), made)


@pytest.mark.parametrize(
    "samples",
    [
        np.tile([[32767, -32767, 32767]], (60, 1)),
        np.where(np.arange(90)[:, None] % 2, 32767, -32767) * np.ones((1, 3), int),
        np.zeros((40, 3), int),
        np.r_[np.zeros((1, 3), int), np.full((33, 3), -1)],
        np.r_[np.full((35, 3), 1), np.full((1, 3), 14_000)],
    ],
    ids=["far out of range", "from end to end", "free fall", "nearly free fall", "a blow out of nearly nothing"],
)
def test_at_the_edges(samples):
    made = PocketFrontEnd().push(samples)
    assert list(map(tuple, made.tolist())) == by_the_specification(samples.tolist())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=50))
def test_samples_in_q8(values):
    kept = [np.float32(min(max(value, -32767 / 256), 32767 / 256)) for value in values]
    expected = [math.floor(np.float32(value * np.float32(256)) + np.float32(0.5)) for value in kept]
    made = to_q8(np.float32(values))
    assert made.tolist() == expected
    assert np.array_equal(to_q8(from_q8(made)), made)


@pytest.mark.parametrize("degrees", [0, 31, 90, 155, 180, 270])
@pytest.mark.parametrize("turned_over", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_blind_to_how_the_phone_lies(degrees, turned_over, sign):
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    over = np.diag([1, -1, -1]) if turned_over else np.eye(3)
    samples = walk(400)
    other = np.float32(sign * samples @ (over @ turn).T)
    difference = np.abs(apply_front_end("pocket", samples) - apply_front_end("pocket", other))
    # Near the vertical, the root of a small difference: half a step of Q8 in `along` is some 0.2 m/s² across it.
    assert difference[:, [0, 2]].max() <= 3 / 256
    assert difference[:, 1].max() <= 0.25 and difference[:, 1].mean() <= 0.02


def test_at_rest():
    angle = math.radians(30)
    at_rest = np.tile(np.float32([9.80665 * math.cos(angle), 0, 9.80665 * math.sin(angle)]), (100, 1))
    along, across, tilt = apply_front_end("pocket", at_rest)[-1]
    assert along == pytest.approx(9.80665, abs=0.02) and across < 0.4 and tilt == pytest.approx(9.80665 / 2, abs=0.02)


def test_rotation_turns_rounds_and_saturates():
    quarter = (0, -16384, 0, 16384, 0, 0, 0, 0, 16384)
    assert rotate(np.array([[100, 200, -300]]), quarter).tolist() == [[-200, 100, -300]]
    assert rotate(np.array([[1, -1, 3]]), (8192, 0, 0, 0, 8192, 0, 0, 0, 8191)).tolist() == [[1, 0, 1]]
    slanted = (11585, 11585, 0, -11585, 11585, 0, 0, 0, 16384)
    assert rotate(np.array([[32767, 32767, -32767]]), slanted).tolist() == [[32767, 0, -32767]]


def recording(times: np.ndarray, samples: np.ndarray, label: np.ndarray) -> Recording:
    return Recording("walk", "me", times, samples, label.astype(np.int16), 20.0)


def test_windows_hold_the_front_end_of_their_whole_stretch():
    """Also before the label began, and from nothing behind a gap."""
    times = np.arange(200) / 20 + np.where(np.arange(200) < 120, 0, 5)
    samples, label = walk(200), np.where(np.arange(200) < 60, 0, 1)
    whole = Dataset("made", (recording(times, samples, label),), ("a", "b"))
    windows = cut_windows(whole, POCKET)
    parts = {"walk#1": apply_front_end("pocket", samples[:120]), "walk#2": apply_front_end("pocket", samples[120:])}
    assert set(windows.recording) == set(parts)
    for x, name, start in zip(windows.x, windows.recording, windows.start, strict=True):
        assert np.array_equal(x, parts[name][start : start + 20])
    plain = cut_windows(whole, Contract(("a", "b"), window=20, train_step=7))
    assert np.array_equal(plain.start, windows.start) and not np.array_equal(plain.x, windows.x)


def test_a_contract_says_its_front_end():
    plain = Contract(("a", "b"))
    assert "front_end" not in plain.to_dict()
    assert POCKET.to_dict()["front_end"] == "pocket"
    for contract in (plain, POCKET):
        assert Contract.from_dict(contract.to_dict()) == contract
    assert not POCKET.same_input(Contract(("a", "b"), window=20))
    with pytest.raises(ContractError, match="front end none or pocket, got 'wrist'"):
        Contract(("a", "b"), front_end="wrist")


def test_hours_of_samples_take_seconds():
    samples = np.tile(to_q8(walk(5000)), (40, 1))
    begun = time.process_time()
    PocketFrontEnd().push(samples)
    assert time.process_time() - begun < 4, "200,000 samples, 2.8 hours"
