"""Figures of merit of a model on labelled windows."""

from edgehar.evaluation.evaluation import Evaluation, evaluate, evaluate_answers
from edgehar.evaluation.matching import Matching, match_labels

__all__ = ["Evaluation", "Matching", "evaluate", "evaluate_answers", "match_labels"]
