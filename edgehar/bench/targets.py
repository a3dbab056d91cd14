"""The way to instruction counts on emulated cores, where this edition of the package has them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from edgehar.errors import EdgeharError

_MODULE = "edgehar.bench.emulated"


def import_measure() -> Callable[[Path, str], dict[str, Any]]:
    """`measure(bundle_folder, target)`, which gives one row of `targets` in results.json.

    Raises:
        EdgeharError: this edition cannot emulate.
    """
    if importlib.util.find_spec(_MODULE) is None:
        raise EdgeharError("instruction counts need the firmware sources, which are not part of this installation")
    return cast(Callable[[Path, str], dict[str, Any]], importlib.import_module(_MODULE).measure)
