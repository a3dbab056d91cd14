"""Figures of merit of a model on labelled windows."""

from edgehar.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
