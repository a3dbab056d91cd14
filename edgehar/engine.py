"""Where the sources of the C engine are: beside the modules of an installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from edgehar.errors import EdgeharError

#: Name of the folder, in a checkout and in an installed package.
NAME = "firmware_ref"


def engine_dir() -> Path:
    """The folder with the C engine: `include/` and `src/` to compile, `port/`, `Makefile` and `README.md` beside them.

    Raises:
        EdgeharError: neither the package nor a checkout around it has them.
    """
    package = Path(__file__).resolve().parent
    for place in (package / NAME, package.parent / NAME):
        if (place / "include" / "edgehar.h").is_file():
            return place
    raise EdgeharError(f"expected the C engine in {package / NAME}, got none; install edgehar again from its wheel")
