"""Figures of merit from true and predicted labels: NumPy only, so that they can be had on a small device.

Every function takes int64 (N,) class indices. All of them rest on the confusion matrix; a class that is
neither in the truth nor in the predictions has no F1 and is left out of the mean, as scikit-learn does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1, float64 (C,) each, 0 where there is nothing to divide by; support int64 (C,)."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


@dataclass(frozen=True)
class Intervals:
    """Bootstrap intervals (low, high) of accuracy and macro-F1, both in 0 … 1."""

    accuracy: tuple[float, float]
    macro_f1: tuple[float, float]
    confidence: float
    resamples: int


def accuracy(truth: Labels, predicted: Labels) -> float:
    """Share of equal labels, 0 … 1.

    Raises:
        DataError: no windows, or arrays of different shapes.
    """
    _check(truth, predicted)
    return float(np.mean(truth == predicted))


def confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts int64 (classes, classes): rows are the truth, columns the prediction.

    Raises:
        DataError: no windows, arrays of different shapes, or a label outside 0 … classes - 1.
    """
    _check(truth, predicted)
    low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
    if low < 0 or high >= classes:
        raise DataError(f"expected labels in 0 … {classes - 1}, got {low} … {high}")
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def class_scores(truth: Labels, predicted: Labels, classes: int) -> ClassScores:
    """Precision, recall, F1 and support of each class; raises as `confusion` does."""
    matrix = confusion(truth, predicted, classes)
    hits = np.diagonal(matrix).astype(np.float64)
    precision = _ratio(hits, matrix.sum(axis=0))
    recall = _ratio(hits, matrix.sum(axis=1))
    f1 = _ratio(2 * hits, matrix.sum(axis=0) + matrix.sum(axis=1))
    return ClassScores(precision, recall, f1, matrix.sum(axis=1))


def macro_f1(truth: Labels, predicted: Labels, classes: int) -> float:
    """Mean F1 over the classes that occur in the truth or in the predictions; raises as `confusion` does."""
    return float(_macro_f1(confusion(truth, predicted, classes)))


def subject_accuracy(truth: Labels, predicted: Labels, subject: NDArray[np.str_]) -> dict[str, float]:
    """Accuracy of each person, in the sorted order of `subject` (N,)."""
    _check(truth, predicted, subject)
    return {str(name): accuracy(truth[subject == name], predicted[subject == name]) for name in np.unique(subject)}


def bootstrap(
    truth: Labels,
    predicted: Labels,
    subject: NDArray[np.str_],
    classes: int,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals by resampling people, not windows: windows of one person are not independent.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13 (percentile interval),
    with the person as the unit of resampling.
    """
    _check(truth, predicted, subject)
    people, index = np.unique(subject, return_inverse=True)
    matrices = np.stack(
        [confusion(truth[index == k], predicted[index == k], classes) for k in range(len(people))]
    ).reshape(len(people), -1)
    draws = np.random.default_rng(seed).integers(0, len(people), (resamples, len(people)))
    times = np.zeros((resamples, len(people)), np.int64)
    np.add.at(times, (np.arange(resamples)[:, None], draws), 1)
    sums = (times @ matrices).reshape(resamples, classes, classes)
    tail = 100 * (1 - confidence) / 2

    def interval(values: NDArray[np.float64]) -> tuple[float, float]:
        low, high = np.percentile(values, [tail, 100 - tail])
        return float(low), float(high)

    accuracies = np.trace(sums, axis1=1, axis2=2) / sums.sum(axis=(1, 2))
    return Intervals(interval(accuracies), interval(_macro_f1(sums)), confidence, resamples)


def _macro_f1(matrix: NDArray[np.int64]) -> Any:
    """Macro-F1 of one confusion matrix (C, C) or of a stack of them (…, C, C)."""
    both = matrix.sum(axis=-1) + matrix.sum(axis=-2)
    f1 = _ratio(2 * np.diagonal(matrix, axis1=-2, axis2=-1).astype(np.float64), both)
    return f1.sum(axis=-1) / (both > 0).sum(axis=-1)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(part.shape, np.float64), where=whole > 0)


def _check(truth: NDArray[Any], *others: NDArray[Any]) -> None:
    if truth.ndim != 1 or not len(truth):
        raise DataError(f"expected one label a window and at least one window, got shape {truth.shape}")
    for other in others:
        if other.shape != truth.shape:
            raise DataError(f"expected as many predictions and subjects as labels {truth.shape}, got {other.shape}")
