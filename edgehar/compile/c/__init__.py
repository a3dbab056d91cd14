"""From an int8 .tflite to C tables for the engine in firmware_ref."""

from __future__ import annotations

from edgehar.compile.c.engine import write_engine
from edgehar.compile.c.write import write_c

__all__ = ["write_c", "write_engine"]
