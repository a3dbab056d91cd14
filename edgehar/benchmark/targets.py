"""The way to instruction counts on emulated cores: names and tools are checked before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgehar.benchmark.results import TargetJson


def import_measure(targets: Sequence[str], bundle: Path) -> Callable[[str, int | None], TargetJson]:
    """`measure(core, hop)`, which gives one row of `targets` in results.json; hop None: whole windows.

    A row holds `target` (the core), `engine` and the counts `instructions` (of a decision), `instructions_per_mac`,
    `code_bytes`, `constant_bytes`, `ram_bytes` and `stack_bytes`; further entries, such as those of each layer, are
    kept as they are.

    Names, tools and the model are checked here, so that a mistake is not found only after minutes of timing.

    Raises:
        EdgeharError: a tool is missing, there is no such core, or no int8 model in the bundle.
    """
    from edgehar.benchmark import qemu
    from edgehar.benchmark.emulated import find_int8, measure

    qemu.require_tools()
    for target in targets:
        qemu.board(target)
    find_int8(bundle)
    return lambda target, hop: measure(bundle, target, hop=hop)
