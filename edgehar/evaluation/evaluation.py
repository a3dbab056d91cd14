"""Everything that is measured on labelled windows of known people, as one object."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgehar.evaluation import metrics
from edgehar.evaluation.confidence import Confidence, Unfamiliar, measure


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on one set of windows; shares are in 0 … 1.

    Attributes:
        labels: class names, in the order of the arrays.
        windows: number of windows.
        intervals: over people, see `metrics.bootstrap`.
        confusion: int64 (C, C), rows truth.
        subject_accuracy, subject_windows: by person.
        confidence: calibration and rejection; None for a classifier that gives no probabilities.
        transitions: what the model says of postural transitions, None where they were not measured.
        out_of_place: share of windows in which the device is worn as the model was never trained; None where it does
            not tell.
    """

    labels: tuple[str, ...]
    windows: int
    accuracy: float
    macro_f1: float
    intervals: metrics.Intervals
    confusion: NDArray[np.int64]
    scores: metrics.ClassScores
    subject_accuracy: dict[str, float]
    subject_windows: dict[str, int]
    confidence: Confidence | None
    transitions: Unfamiliar | None = None
    out_of_place: float | None = None

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        scores = self.scores
        return {
            "windows": self.windows,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "interval": {
                "accuracy": self.intervals.accuracy and list(self.intervals.accuracy),
                "macro_f1": self.intervals.macro_f1 and list(self.intervals.macro_f1),
                "confidence": self.intervals.confidence,
                "resamples": self.intervals.resamples,
                "unit": "person",
            },
            "classes": {
                label: {
                    "precision": float(scores.precision[index]),
                    "recall": float(scores.recall[index]),
                    "f1": float(scores.f1[index]),
                    "windows": int(scores.support[index]),
                }
                for index, label in enumerate(self.labels)
            },
            "subjects": {
                name: {"accuracy": value, "windows": self.subject_windows[name]}
                for name, value in self.subject_accuracy.items()
            },
            "confusion": {"labels": list(self.labels), "counts": self.confusion.tolist()},
            "confidence": None if self.confidence is None else self.confidence.to_dict(),
            "transitions": None if self.transitions is None else self.transitions.to_dict(),
            **({} if self.out_of_place is None else {"out_of_place": self.out_of_place}),
        }


def evaluate(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], subject: NDArray[np.str_], labels: tuple[str, ...]
) -> Evaluation:
    """Measure predictions.

    Args:
        probabilities: float32 (N, C); the largest decides, the first of equals.
        truth: int64 (N,), index into `labels`.
        subject: str (N,), the person of each window.
    Raises:
        DataError: no windows, or arrays that do not fit each other.
    """
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    return replace(evaluate_answers(predicted, truth, subject, labels), confidence=measure(probabilities, truth))


def evaluate_answers(
    predicted: NDArray[np.int64], truth: NDArray[np.int64], subject: NDArray[np.str_], labels: tuple[str, ...]
) -> Evaluation:
    """Measure answers without probabilities, int64 (N,); the rest as in `evaluate`."""
    classes = len(labels)
    by_person = metrics.subject_accuracy(truth, predicted, subject)
    # The order in which people come, so that 2 stands before 10.
    people = dict.fromkeys(str(name) for name in subject)
    return Evaluation(
        labels=labels,
        windows=len(truth),
        accuracy=metrics.accuracy(truth, predicted),
        macro_f1=metrics.macro_f1(truth, predicted, classes),
        intervals=metrics.bootstrap(truth, predicted, subject, classes),
        confusion=metrics.confusion(truth, predicted, classes),
        scores=metrics.class_scores(truth, predicted, classes),
        subject_accuracy={name: by_person[name] for name in people},
        subject_windows={name: int((subject == name).sum()) for name in people},
        confidence=None,
    )
