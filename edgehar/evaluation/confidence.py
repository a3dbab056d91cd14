"""Whether a model's probabilities mean what they say: calibration error, temperature, and rejection.

A window's confidence is its largest probability. Calibration and the area under the ROC curve are scikit-learn's; what
counts in the streamer's units, and the area under risk and coverage, it does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.evaluation.metrics import scikit_metrics
from edgehar.extras import require

#: Equal-width bins of the calibration error.
BINS = 15

#: Thresholds at which rejection is tabulated.
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))

#: One in a probability as the streamer counts it (docs/spec.md, Probabilities).
UNIT = 256

#: The streamer's default threshold, in units of 1/256: a window below it is "unsure".
UNSURE_BELOW = 128

#: Temperatures that `fit_temperature` looks at.
TEMPERATURES = (0.2, 5.0)

Probabilities = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Confidence:
    """Calibration and rejection of one model on one set of windows; shares are in 0 … 1.

    Attributes:
        ece: expected calibration error.
        bin_windows: int64 (BINS,), windows in each bin of confidence.
        bin_confidence, bin_accuracy: float64 (BINS,), means in each bin, 0 in an empty one.
        nll: mean negative log-likelihood of the truth, in nats.
        aurc: area under the risk-coverage curve.
        coverage: float64 (len(THRESHOLDS),), share of windows that reach each threshold.
        accuracy: float64 (len(THRESHOLDS),), accuracy on those windows, NaN where there are none.
        unsure: share of windows that the streamer would call "unsure" without smoothing.
    """

    ece: float
    bin_windows: NDArray[np.int64]
    bin_confidence: NDArray[np.float64]
    bin_accuracy: NDArray[np.float64]
    nll: float
    aurc: float
    coverage: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    unsure: float

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; the accuracy of an empty selection is null."""
        bins = zip(self.bin_windows, self.bin_confidence, self.bin_accuracy, strict=True)
        rejection = zip(THRESHOLDS, self.coverage, self.accuracy, strict=True)
        return {
            "ece": self.ece,
            "nll": self.nll,
            "aurc": self.aurc,
            "unsure": self.unsure,
            "bins": [
                {"windows": int(count), "confidence": float(mean), "accuracy": float(right)}
                for count, mean, right in bins
            ],
            "rejection": [
                {"threshold": at, "coverage": float(kept), "accuracy": None if np.isnan(right) else float(right)}
                for at, kept, right in rejection
            ],
        }


@dataclass(frozen=True)
class Unfamiliar:
    """What a model says of windows that belong to none of its classes; shares are in 0 … 1.

    Attributes:
        windows: windows of each kind, by name.
        unsure: share of each kind that the streamer would call "unsure" without smoothing, by name.
        overall: the same share of all of them.
        rejected: share of all of them that is below each of `THRESHOLDS`.
        separation: chance that an ordinary window is more confident than one of these, see `separation`.
    """

    windows: dict[str, int]
    unsure: dict[str, float]
    overall: float
    rejected: tuple[float, ...]
    separation: float

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {**asdict(self), "rejected": list(self.rejected)}


def measure(probabilities: Probabilities, truth: Labels) -> Confidence:
    """Measure calibration and rejection.

    Args:
        probabilities: float32 (N, C).
        truth: int64 (N,).
    Raises:
        DataError: no windows, or arrays that do not fit each other.
    """
    _check(probabilities, truth)
    right = probabilities.argmax(axis=1) == truth
    windows, means, accuracies = reliability(probabilities.max(axis=1), right)
    coverage, accuracy = rejection(probabilities, right)
    return Confidence(
        ece=float(np.sum(windows * np.abs(accuracies - means)) / len(truth)),
        bin_windows=windows,
        bin_confidence=means,
        bin_accuracy=accuracies,
        nll=negative_log_likelihood(probabilities, truth),
        aurc=risk_coverage_area(probabilities.max(axis=1), right),
        coverage=coverage,
        accuracy=accuracy,
        unsure=float(np.mean(is_unsure(probabilities))),
    )


def unfamiliar(probabilities: Probabilities, kind: Labels, names: Sequence[str], ordinary: Probabilities) -> Unfamiliar:
    """Measure windows of no class of the model.

    Args:
        probabilities: float32 (N, C).
        kind: int64 (N,), index into `names`.
        ordinary: float32 (M, C), of windows that do belong to a class.
    Raises:
        DataError: no windows, or arrays that do not fit each other.
    """
    _check(probabilities, kind)
    unsure = is_unsure(probabilities)
    present = {name: kind == index for index, name in enumerate(names) if (kind == index).any()}
    return Unfamiliar(
        {name: int(mask.sum()) for name, mask in present.items()},
        {name: float(unsure[mask].mean()) for name, mask in present.items()},
        float(unsure.mean()),
        tuple(float(is_unsure(probabilities, round(at * UNIT)).mean()) for at in THRESHOLDS),
        separation(ordinary, probabilities),
    )


def reliability(
    confidence: NDArray[np.float32], right: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Windows, mean confidence and accuracy of each bin ((m - 1) / BINS, m / BINS].

    The expected calibration error is the mean of |accuracy - confidence| over the bins, weighted by windows.
    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 1 to 3.
    """
    require("data", "sklearn")
    from sklearn.calibration import calibration_curve

    values = confidence.astype(np.float64)
    # scikit-learn leaves out the empty bins and does not count, so the same edges are looked up once more.
    windows = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], values), minlength=BINS)
    means, accuracies = np.zeros(BINS), np.zeros(BINS)
    filled = windows > 0
    accuracies[filled], means[filled] = calibration_curve(right.astype(np.int64), values, n_bins=BINS, pos_label=1)
    return windows, means, accuracies


def risk_coverage_area(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Mean error rate of the k most confident windows over k = 1 … N; 0 where nothing is wrong.

    Windows of equal confidence (an int8 model has 256 values) are taken in the mean of all orders.
    Source: Geifman, Uziel, El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019.
    """
    _, group, size = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong_share = np.bincount(group, ~right) / size
    return float(np.mean(np.cumsum(np.repeat(wrong_share, size)) / np.arange(1, len(confidence) + 1)))


def rejection(
    probabilities: Probabilities, right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and accuracy of the windows that reach each of `THRESHOLDS`, counted as the streamer counts."""
    best = units(probabilities).max(axis=1)
    kept = [best >= round(threshold * UNIT) for threshold in THRESHOLDS]
    coverage = np.array([mask.mean() for mask in kept])
    return coverage, np.array([right[mask].mean() if mask.any() else np.nan for mask in kept])


def units(probabilities: Probabilities) -> NDArray[np.int64]:
    """Probabilities in the streamer's units of 1/256, 0 … 255 (docs/spec.md), int64 of the same shape."""
    return np.clip(np.floor(probabilities.astype(np.float64) * UNIT + 0.5), 0, UNIT - 1).astype(np.int64)


def is_unsure(probabilities: Probabilities, below: int = UNSURE_BELOW) -> NDArray[np.bool_]:
    """Which windows (N,) the streamer calls "unsure" without smoothing: the best probability is under `below`/256."""
    return np.asarray(units(probabilities).max(axis=1) < below)


def negative_log_likelihood(probabilities: Probabilities, truth: Labels) -> float:
    """Mean of -log of the probability of the truth, in nats.

    Less than half of the streamer's unit counts as that half: what an int8 model gives as 0 is not impossible.
    """
    given = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(given, 0.5 / UNIT)).mean())


def fit_temperature(probabilities: Probabilities, truth: Labels) -> float:
    """The temperature T for which softmax(logits / T) has the least negative log-likelihood.

    The logits are log(probabilities), which differ from the network's own by a constant a window. The
    likelihood is convex in 1 / T, so bisection on its slope finds the one minimum, within `TEMPERATURES`.
    Give it people who neither trained the network nor test it.

    Source: Guo et al., ICML 2017, section 4.2 (temperature scaling).

    Raises:
        DataError: no windows, or arrays that do not fit each other.
    """
    _check(probabilities, truth)
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    own = logits[np.arange(len(truth)), truth]

    def slope(temperature: float) -> float:
        """Of the likelihood over 1 / T; it rises with 1 / T, so it falls with T."""
        scaled = tempered(probabilities, temperature)
        return float(np.mean((scaled * logits).sum(axis=1) - own))

    low, high = TEMPERATURES
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return float(np.sqrt(low * high))


def tempered(probabilities: Probabilities, temperature: float) -> NDArray[np.float64]:
    """softmax(log(probabilities) / temperature), float64 (N, C): what the network says once T is folded in."""
    scaled = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny)) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def separation(ordinary: Probabilities, other: Probabilities) -> float:
    """Chance that an ordinary window is more confident than another one, ties half: 0.5 tells nothing apart.

    It is the area under the ROC curve of the confidence.
    """
    scores = np.concatenate([ordinary.max(axis=1), other.max(axis=1)])
    known = np.arange(len(scores)) < len(ordinary)
    return float(scikit_metrics().roc_auc_score(known, scores))


def _check(probabilities: Probabilities, truth: NDArray[np.generic]) -> None:
    if truth.ndim != 1 or not len(truth) or probabilities.ndim != 2 or len(probabilities) != len(truth):
        raise DataError(f"expected one row of probabilities per window, got {probabilities.shape} for {truth.shape}")
