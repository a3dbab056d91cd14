"""The way to instruction counts on emulated cores, where this edition of the package has them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from edgehar.errors import EdgeharError

_MODULE = "edgehar.benchmark.emulated"


def import_measure(targets: Sequence[str]) -> Callable[[Path, str], dict[str, Any]]:
    """`measure(bundle_folder, target)`, which gives one row of `targets` in results.json.

    A row holds `target` and the counts `instructions` (one whole window), `instructions_per_mac`, `code_bytes`,
    `constant_bytes`, `ram_bytes` and `stack_bytes`; further entries, such as those a layer, are kept as they are.

    Names and tools are checked here, so that a mistake is not found only after minutes of timing.

    Raises:
        EdgeharError: this edition cannot emulate, a tool is missing, or there is no such target.
    """
    if importlib.util.find_spec(_MODULE) is None:
        raise EdgeharError("instruction counts need the firmware sources, which are not part of this installation")
    from edgehar.benchmark import qemu

    qemu.require_tools()
    for target in targets:
        qemu.board(target)
    return cast(Callable[[Path, str], dict[str, Any]], importlib.import_module(_MODULE).measure)
