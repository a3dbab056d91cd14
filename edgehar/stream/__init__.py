"""Streams: ring buffer, hop, smoothing, decisions, and where the samples come from."""

from edgehar.stream.smoothing import UNSURE, SmoothingConfig
from edgehar.stream.streamer import Decision, Flush, Streamer

__all__ = ["UNSURE", "Decision", "Flush", "SmoothingConfig", "Streamer"]
