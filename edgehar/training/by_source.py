"""What a cross-validation over pooled sets says of each set: in its own labels, and with labels merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from edgehar.evaluation import match_labels
from edgehar.evaluation.metrics import class_scores
from edgehar.training.truth import Match

if TYPE_CHECKING:
    from edgehar.training.fold import FoldJson

#: Entries of a fold with probabilities.
Answers = Literal["probabilities", "int8_probabilities"]


class FiguresJson(TypedDict):
    """Shares in 0 … 1."""

    accuracy: float
    macro_f1: float


class SourceJson(TypedDict):
    """Figures of one set; see `by_source`."""

    windows: int
    own: FiguresJson | None
    merged: FiguresJson | None


def source_folds(sources: Mapping[str, str], people: Sequence[str]) -> list[tuple[str, ...]]:
    """One fold for each set: its people; sets in the order of their first person."""
    return [
        tuple(person for person in people if sources[person] == name)
        for name in dict.fromkeys(sources[person] for person in people)
    ]


def by_source(
    folds: Sequence[FoldJson], answers_of: Answers, sources: Mapping[str, str], match: Match | None
) -> dict[str, SourceJson]:
    """Figures of each set, by its name.

    Args:
        folds: as `crossval.run_fold` gives them.
        answers_of: entry of the folds with the probabilities.
        sources: person -> set.
        match: label of the figures -> labels of the model that it may mean.
    Returns:
        for each set `windows`, and twice `accuracy` and `macro_f1`: `own`, where every truth is a label of the model,
        and `merged`, where labels are matched; None otherwise. A macro-F1 is the mean over the classes that the set
        has: nobody jogs in some of them.
    """
    names = folds[0]["labels"]
    subject = [person for fold in folds for person in fold["subject"]]
    truth = np.array([code for fold in folds for code in fold["truth"]], np.int64)
    answers = np.concatenate([np.array(fold[answers_of], np.float32) for fold in folds])
    of_window = np.array([sources[person] for person in subject])
    found: dict[str, SourceJson] = {}
    for name in dict.fromkeys(of_window.tolist()):
        mine = of_window == name
        own = None
        if (truth[mine] < len(names)).all():
            own = _figures(truth[mine], answers[mine].argmax(axis=1), len(names))
        merged = None
        if match:
            matching = match_labels(names, match)
            code = np.array([matching.words[word] for word in folds[0]["truths"]], np.int64)[truth[mine]]
            merged = _figures(code, matching.merge(answers[mine]).argmax(axis=1), len(matching.labels))
        found[name] = {"windows": int(mine.sum()), "own": own, "merged": merged}
    return found


def _figures(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> FiguresJson:
    scores = class_scores(truth, predicted, classes)
    return {"accuracy": float((truth == predicted).mean()), "macro_f1": float(scores.f1[scores.support > 0].mean())}
