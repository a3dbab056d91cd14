"""Figures of merit from true and predicted labels, by scikit-learn; the interval over people is ours.

Every function takes int64 (N,) class indices. A class that is neither in the truth nor in the predictions has no F1
and is left out of the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.extras import require

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
    """Bootstrap intervals (low, high) of accuracy and macro-F1, both in 0 … 1; None where there is only one person."""

    accuracy: tuple[float, float] | None
    macro_f1: tuple[float, float] | None
    confidence: float
    resamples: int


def scikit_metrics() -> ModuleType:
    """`sklearn.metrics`.

    Raises:
        MissingExtra: scikit-learn is not installed; `edgehar.extras.require` says so before long work.
    """
    require("data", "sklearn")
    import sklearn.metrics

    return sklearn.metrics  # type: ignore[no-any-return]


def accuracy(truth: Labels, predicted: Labels) -> float:
    """Share of equal labels, 0 … 1.

    Raises:
        DataError: no windows, or arrays of different shapes.
        MissingExtra: scikit-learn is not installed; so do all that follow.
    """
    _check(truth, predicted)
    return float(scikit_metrics().accuracy_score(truth, predicted))


def confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts int64 (classes, classes): rows are the truth, columns the prediction.

    Raises:
        DataError: no windows, arrays of different shapes, or a label outside 0 … classes - 1.
    """
    _check_range(truth, predicted, classes)
    matrix = scikit_metrics().confusion_matrix(truth, predicted, labels=np.arange(classes))
    return np.asarray(matrix, np.int64)


def class_scores(truth: Labels, predicted: Labels, classes: int) -> ClassScores:
    """Precision, recall, F1 and support of each class, 0 … classes - 1; raises as `confusion` does."""
    _check_range(truth, predicted, classes)
    scores = scikit_metrics().precision_recall_fscore_support(
        truth, predicted, labels=np.arange(classes), zero_division=0.0
    )
    precision, recall, f1, support = (np.asarray(values) for values in scores)
    return ClassScores(precision, recall, f1, support.astype(np.int64))


def macro_f1(truth: Labels, predicted: Labels, classes: int) -> float:
    """Mean F1 over the classes that occur in the truth or in the predictions; raises as `confusion` does."""
    _check_range(truth, predicted, classes)
    return float(scikit_metrics().f1_score(truth, predicted, average="macro", zero_division=0.0))


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
    with the person as the unit of resampling. One person says nothing about others: no interval then.
    """
    _check(truth, predicted, subject)
    people, index = np.unique(subject, return_inverse=True)
    if len(people) < 2:
        return Intervals(None, None, confidence, resamples)
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
    return Intervals(interval(accuracies), interval(_macro_f1_of(sums)), confidence, resamples)


def _macro_f1_of(matrices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Macro-F1 (R,) of a stack of confusion matrices (R, C, C): thousands of resamples at once."""
    both = matrices.sum(axis=-1) + matrices.sum(axis=-2)
    hits = 2 * np.diagonal(matrices, axis1=-2, axis2=-1).astype(np.float64)
    f1 = np.divide(hits, both, out=np.zeros(hits.shape, np.float64), where=both > 0)
    return np.asarray(f1.sum(axis=-1) / (both > 0).sum(axis=-1))


def _check_range(truth: Labels, predicted: Labels, classes: int) -> None:
    _check(truth, predicted)
    low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
    if low < 0 or high >= classes:
        raise DataError(f"expected labels in 0 … {classes - 1}, got {low} … {high}")


def _check(truth: NDArray[np.generic], *others: NDArray[np.generic]) -> None:
    if truth.ndim != 1 or not len(truth):
        raise DataError(f"expected one label a window and at least one window, got shape {truth.shape}")
    for other in others:
        if other.shape != truth.shape:
            raise DataError(f"expected as many predictions and subjects as labels {truth.shape}, got {other.shape}")
