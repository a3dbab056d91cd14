"""Summaries, doubts and intervals on samples whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.benchmark.statistics import doubts, median_ratio, summary


def steady(rounds: int = 10, count: int = 100, level: float = 100.0, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(level, 1.0, count) for _ in range(rounds)]


def test_summary_equals_numpy_on_the_pooled_samples():
    rounds = [np.arange(0, 60.0), np.arange(60.0, 101.0)]
    found = summary(rounds)
    assert (found["median"], found["p95"], found["p99"], found["iqr"]) == (50, 95, 99, 50)
    assert (found["min"], found["max"], found["samples"], found["rounds"]) == (0, 100, 101, 2)


def test_steady_samples_raise_no_doubt():
    assert doubts(steady()) == []
    assert doubts([np.full(50, 7.0)] * 4) == []


def test_outliers_are_named():
    rounds = steady()
    for samples in rounds:
        samples[:5] = 500
    assert doubts(rounds) == ["5.0 % of samples are outliers"]


@pytest.mark.parametrize(("last", "words"), [(1.2, "20 % slower"), (0.8, "20 % faster")])
def test_drift_is_named(last, words):
    rounds = [samples * (last if number >= 5 else 1) for number, samples in enumerate(steady())]
    assert f"the last rounds were {words} than the first" in doubts(rounds)


def test_one_slow_round_is_named_as_spread():
    rounds = steady()
    rounds[4] = rounds[4] * 1.5
    found = doubts(rounds)
    assert len(found) >= 1
    assert any("spread over a factor of 1.5" in words for words in found)


def test_two_rounds_cannot_drift():
    assert not any("than the first" in words for words in doubts(steady(rounds=2)))


def test_ratio_interval_covers_the_truth_and_excludes_what_is_far():
    ratio, low, high = median_ratio(steady(seed=1), steady(level=120.0, seed=2))
    assert low <= ratio <= high
    assert low > 1.19 and high < 1.21
    ratio, low, high = median_ratio(steady(seed=3), steady(seed=4))
    assert low <= 1 <= high or abs(ratio - 1) < 0.005
    assert high - low < 0.02


def test_ratio_is_the_same_on_every_call():
    assert median_ratio(steady(), steady(seed=1)) == median_ratio(steady(), steady(seed=1))


def test_interval_is_wide_where_rounds_differ():
    """Samples within a round are not independent: many of them must not make the interval narrow."""
    rng = np.random.default_rng(5)
    unsteady = [rng.normal(100 * level, 0.1, 500) for level in rng.uniform(0.7, 1.3, 8)]
    _, low, high = median_ratio(unsteady, unsteady)
    assert high - low > 0.1
