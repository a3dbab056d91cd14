"""Engine and model as an importable library, by the conventions of each ecosystem."""

from __future__ import annotations

from edgehar.package.kinds import KINDS, package_files

__all__ = ["KINDS", "package_files"]
