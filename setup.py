"""Everything is in pyproject.toml but this: the C engine goes into the wheel, beside the modules that compile it."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ENGINE = "firmware_ref"


class BuildWithEngine(build_py):
    """Copies the engine's sources; what `make` built beside them stays behind."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib) / "edgehar" / ENGINE
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(Path(__file__).parent / ENGINE, place, ignore=shutil.ignore_patterns("build", ".*"))


setup(cmdclass={"build_py": BuildWithEngine})
