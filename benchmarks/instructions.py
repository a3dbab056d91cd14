"""Instructions, code, RAM and stack of a model on the emulated cores, against the committed budgets.

    python benchmarks/instructions.py BUNDLE            # a table
    python benchmarks/instructions.py BUNDLE --update   # and budgets.json anew

Counts depend on the compiler, so that budgets are kept for each version of arm-none-eabi-gcc.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.benchmark.emulated import measure
from edgehar.errors import EdgeharError
from edgehar.files import write_json

BUDGETS = Path(__file__).with_name("budgets.json")
#: What is measured: core, hop of the incremental engine or None, schedule.
CASES: tuple[tuple[str, int | None, str], ...] = (
    ("cortex-m3", None, "hop"),
    ("cortex-m4", None, "hop"),
    ("cortex-m7", None, "hop"),
    ("cortex-m33", None, "hop"),
    ("cortex-m55", None, "hop"),
    ("cortex-m4", 3, "hop"),
    ("cortex-m4", 20, "hop"),
    ("cortex-m4", 21, "hop"),
    ("cortex-m4", 21, "spread"),
    ("cortex-m55", 3, "hop"),
)
#: What a budget holds.
KEPT = ("instructions", "instructions_after_last_sample", "code_bytes", "constant_bytes", "ram_bytes", "stack_bytes")


def compiler() -> str:
    """Version of arm-none-eabi-gcc, for example `12.2.1`."""
    done = subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def case_name(case: tuple[str, int | None, str]) -> str:
    """For example `cortex-m4 hop 21 spread`."""
    core, hop, schedule = case
    return f"{core} whole window" if hop is None else f"{core} hop {hop} {schedule}"


def budget_of(row: dict[str, Any]) -> dict[str, int]:
    """The entries of a measured row that are held to a budget."""
    return {name: row[name] for name in KEPT}


def main(arguments: list[str]) -> int:
    """Measure, print, and with --update write."""
    update = "--update" in arguments
    paths = [Path(word) for word in arguments if not word.startswith("--")]
    if len(paths) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    rows = {}
    columns = ("instructions", "after last", "a MAC", "code", "constants", "RAM", "stack", "stack, static")
    print(f"{'':26}" + "".join(f"{name:>14}" for name in columns))
    try:
        for core, hop, schedule in CASES:
            row = measure(paths[0], core, hop=hop, schedule=schedule)
            rows[case_name((core, hop, schedule))] = budget_of(row)
            values = [row[name] for name in (*KEPT[:2], "instructions_per_mac", *KEPT[2:], "stack_bytes_static")]
            print(f"{case_name((core, hop, schedule)):26}" + "".join(f"{value:>14,}" for value in values), flush=True)
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    if update:
        budgets = json.loads(BUDGETS.read_text(encoding="utf-8")) if BUDGETS.exists() else {}
        write_json(BUDGETS, {**budgets, compiler(): rows})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
