"""Recordings of people: loading, resampling, windows and splits."""

from edgehar.data.frame import from_frame, to_frame
from edgehar.data.labels import ACTIVITIES, HAPT_LABELS, TRANSITIONS
from edgehar.data.load import KINDS, load
from edgehar.data.options import CsvOptions
from edgehar.data.pool import balance, pooled
from edgehar.data.recording import UNLABELLED, Dataset, Recording, Windows
from edgehar.data.resampling import resample, split_at_gaps, whole_name
from edgehar.data.source import DataSource
from edgehar.data.splits import Split, folds, split
from edgehar.data.transitions import transition_windows
from edgehar.data.windows import cut_windows, require_trainable

__all__ = [
    "ACTIVITIES",
    "HAPT_LABELS",
    "KINDS",
    "TRANSITIONS",
    "UNLABELLED",
    "CsvOptions",
    "DataSource",
    "Dataset",
    "Recording",
    "Split",
    "Windows",
    "balance",
    "cut_windows",
    "folds",
    "from_frame",
    "load",
    "pooled",
    "require_trainable",
    "resample",
    "split",
    "split_at_gaps",
    "to_frame",
    "transition_windows",
    "whole_name",
]
