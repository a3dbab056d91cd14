"""Smoothing and decision on cases worked out by hand from docs/spec.md."""

from __future__ import annotations

import pytest

from edgehar.errors import EdgeharError
from edgehar.streaming import UNSURE, SmoothingConfig
from edgehar.streaming.smoothing import Decider, Smoother, probability_units


def test_ema_rounds_towards_minus_infinity() -> None:
    smoother = Smoother(SmoothingConfig(alpha=1), 2)
    assert smoother.push([255, 0]) == [32640, 0]
    # (0 - 32640) / 256 = -127.5 becomes -128; 32640 / 256 = 127.5 becomes 127.
    assert smoother.push([0, 255]) == [32640 - 128, 127]


def test_majority_counts_only_what_there_is() -> None:
    smoother = Smoother(SmoothingConfig(method="majority", votes=3), 2)
    assert smoother.push([9, 1]) == [32768, 0]
    assert smoother.push([1, 9]) == [16384, 16384]
    assert smoother.push([1, 9]) == [10922, 21845]
    assert smoother.push([1, 9]) == [0, 32768]
    # A tie is the lowest index's vote.
    assert smoother.push([5, 5]) == [10922, 21845]


def test_none_passes_through_and_clear_forgets() -> None:
    assert Smoother(SmoothingConfig(method="none"), 2).push([255, 1]) == [32640, 128]
    smoother = Smoother(SmoothingConfig(), 2)
    smoother.push([255, 0])
    smoother.clear()
    assert smoother.push([0, 255]) == [0, 32640]


def decide(config: SmoothingConfig, rows: list[list[int]]) -> list[int]:
    decider = Decider(config)
    return [decider.push([p << 7 for p in row]) for row in rows]


def test_threshold_is_reached_at_equality() -> None:
    config = SmoothingConfig(threshold=128, hysteresis=0, min_dwell=1)
    assert decide(config, [[127, 0], [128, 0]]) == [UNSURE, 0]


def test_hysteresis_holds_the_label_until_the_lead_is_enough() -> None:
    config = SmoothingConfig(threshold=0, hysteresis=13, min_dwell=1)
    assert decide(config, [[130, 100], [120, 132], [119, 132]]) == [0, 0, 1]


def test_hysteresis_does_not_hold_unsure() -> None:
    config = SmoothingConfig(threshold=128, hysteresis=256, min_dwell=1)
    assert decide(config, [[100, 100], [130, 126]]) == [UNSURE, 0]


def test_dwell_holds_a_label_and_not_unsure() -> None:
    config = SmoothingConfig(threshold=128, hysteresis=0, min_dwell=3)
    assert decide(config, [[200, 0], [0, 200], [0, 200], [0, 200]]) == [0, 0, 0, 1]
    assert decide(config, [[100, 0], [0, 200]]) == [UNSURE, 1]
    # Unsure has to wait for the dwell as well.
    assert decide(config, [[200, 0], [0, 0], [0, 0], [0, 0]]) == [0, 0, 0, UNSURE]


@pytest.mark.parametrize(
    ("probability", "units"),
    [(0.0, 0), (1.0, 255), (0.5, 128), (0.49999997, 128), (1 / 512, 1), (0.0019531248, 0), (float("nan"), 0)],
)
def test_probability_units(probability, units) -> None:
    assert probability_units(probability) == units


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "median"}, {"alpha": 0}, {"alpha": 257}, {"alpha": 0.5}, {"votes": 0}, {"votes": 16},
        {"threshold": -1}, {"threshold": 257}, {"hysteresis": 300}, {"min_dwell": 0}, {"min_dwell": True},
    ],
)  # fmt: skip
def test_bad_configuration(wrong) -> None:
    with pytest.raises(EdgeharError, match="expected"):
        SmoothingConfig(**wrong)
