"""Summaries of latency samples, their doubts, and intervals of ratios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rounds = Sequence[NDArray[np.float64]]

#: A sample this many interquartile ranges above the upper quartile is an outlier.
OUTLIER_IQRS = 5.0
#: More outliers than this share are worth a word.
OUTLIER_SHARE = 0.02
#: The median of the last rounds may differ from that of the first by this factor.
DRIFT = 1.10
#: The slowest round's median may exceed the fastest one's by this factor.
SPREAD = 1.30


def summary(rounds: Rounds) -> dict[str, float | int]:
    """Median, p95, p99, IQR, mean, min and max of all samples, in the unit of the samples."""
    pooled = np.concatenate(list(rounds))
    q1, median, q3, p95, p99 = (float(value) for value in np.percentile(pooled, [25, 50, 75, 95, 99]))
    return {
        "median": median,
        "p95": p95,
        "p99": p99,
        "iqr": q3 - q1,
        "mean": float(pooled.mean()),
        "min": float(pooled.min()),
        "max": float(pooled.max()),
        "samples": len(pooled),
        "rounds": len(rounds),
    }


def doubts(rounds: Rounds) -> list[str]:
    """Why these samples may mislead; empty where nothing speaks against them."""
    found = []
    pooled = np.concatenate(list(rounds))
    q1, q3 = np.percentile(pooled, [25, 75])
    # Where all samples are nearly equal the IQR is below the clock's step; one per cent stands in for it.
    limit = q3 + OUTLIER_IQRS * max(q3 - q1, 0.01 * q3)
    share = float((pooled > limit).mean())
    if share > OUTLIER_SHARE:
        found.append(f"{100 * share:.1f} % of samples are outliers")
    medians = np.array([np.median(samples) for samples in rounds])
    if len(medians) >= 3:
        third = len(medians) // 3
        drift = float(np.median(medians[-third:]) / np.median(medians[:third]))
        if max(drift, 1 / drift) > DRIFT:
            way = "slower" if drift > 1 else "faster"
            found.append(f"the last rounds were {100 * abs(drift - 1):.0f} % {way} than the first")
    if medians.max() / medians.min() > SPREAD:
        found.append(f"round medians spread over a factor of {medians.max() / medians.min():.2f}")
    return found


def median_ratio(
    before: Rounds, after: Rounds, resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Median of `after` over median of `before`, with a percentile bootstrap interval: (ratio, low, high).

    Rounds are drawn, not samples, since the samples of one round share the state of the machine.
    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13.
    """
    rng = np.random.default_rng(seed)

    def draws(rounds: Rounds) -> NDArray[np.float64]:
        picks = rng.integers(0, len(rounds), (resamples, len(rounds)))
        return np.array([np.median(np.concatenate([rounds[i] for i in pick])) for pick in picks])

    ratio = float(np.median(np.concatenate(list(after))) / np.median(np.concatenate(list(before))))
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(draws(after) / draws(before), [tail, 100 - tail])
    return ratio, float(low), float(high)
