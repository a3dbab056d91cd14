"""Streams: ring buffer, hop, smoothing, decisions, and where the samples come from."""

from edgehar.streaming.smoothing import UNSURE, SmoothingConfig
from edgehar.streaming.streamer import Decision, Flush, Streamer

__all__ = ["UNSURE", "Decision", "Flush", "SmoothingConfig", "Streamer"]
