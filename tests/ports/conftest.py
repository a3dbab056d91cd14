"""The engine of tests/firmware, for networks that are compared across ports."""

from tests.firmware.conftest import engine_objects

__all__ = ["engine_objects"]
