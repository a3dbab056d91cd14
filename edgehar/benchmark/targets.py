"""The way to instruction counts on emulated cores: names and tools are checked before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgehar.benchmark.results import TargetJson


def import_measure(targets: Sequence[str]) -> Callable[[Path, str], TargetJson]:
    """`measure(bundle_folder, core)`, which gives one row of `targets` in results.json.

    A row holds `target` (the core) and the counts `instructions` (one whole window), `instructions_per_mac`,
    `code_bytes`, `constant_bytes`, `ram_bytes` and `stack_bytes`; further entries, such as those of each layer, are
    kept as they are.

    Names and tools are checked here, so that a mistake is not found only after minutes of timing.

    Raises:
        EdgeharError: a tool is missing, or there is no such core.
    """
    from edgehar.benchmark import qemu
    from edgehar.benchmark.emulated import measure

    qemu.require_tools()
    for target in targets:
        qemu.board(target)
    return measure
