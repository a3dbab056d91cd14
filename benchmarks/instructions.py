"""Instructions, code, RAM and stack of a model on the emulated cores, against the committed budgets.

    python benchmarks/instructions.py BUNDLE            # a table
    python benchmarks/instructions.py BUNDLE --update   # and budgets.json anew
    python benchmarks/instructions.py --micro BUNDLE    # of the small network; also with --update
    python benchmarks/instructions.py --sensor BUNDLE   # of one output of a sensor's filter; also with --update
    python benchmarks/instructions.py --adapt BUNDLE    # learning a person from six windows; also with --update
    python benchmarks/instructions.py --align BUNDLE    # a profile and alignment, for each sample; also with --update

Cycles are an estimate by the tables of Arm's manuals, without flash wait states (edgehar/benchmark/cycles.py); no
budget holds them. BUNDLE is an export of `cnn`; with --micro, --sensor, --adapt and --align, of
`micro`.
Counts depend on the compiler, so that budgets are kept for each version of arm-none-eabi-gcc.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar import data
from edgehar.benchmark.adapting import AdaptCase, measure_adapting
from edgehar.benchmark.aligning import measure_aligning
from edgehar.benchmark.emulated import measure
from edgehar.benchmark.sensing import measure_sensing
from edgehar.bundle import open_bundle
from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.errors import EdgeharError
from edgehar.files import write_json
from edgehar.personal.head import embed
from edgehar.personal.person import chosen_windows

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
    ("cortex-m4", 20, "spread"),
    ("cortex-m4", 21, "spread"),
    ("cortex-m55", 3, "hop"),
)
#: The same for `micro`, which fits every core.
MICRO_CASES: tuple[tuple[str, int | None, str], ...] = (
    ("cortex-m0", None, "hop"),
    ("cortex-m3", None, "hop"),
    ("cortex-m4", None, "hop"),
    ("cortex-m55", None, "hop"),
    ("cortex-m0", 20, "hop"),
    ("cortex-m4", 20, "hop"),
    ("cortex-m0", 20, "spread"),
    ("cortex-m3", 20, "spread"),
    ("cortex-m4", 20, "spread"),
    ("cortex-m55", 20, "spread"),
)
#: Rates of a sensor, Hz, and the names of their budgets.
SENSORS = {f"cortex-m4 sensor {hz} Hz": hz for hz in (26, 52, 104)}
#: Name of the budget of learning a person.
ADAPT = "cortex-m4 adapt, 6 windows of micro"
#: Name of the budget of a profile and alignment.
ALIGN = "cortex-m4 profile and alignment, micro"
#: What a budget holds.
KEPT = (
    "instructions", "instructions_after_last_sample", "instructions_worst_push", "code_bytes", "constant_bytes",
    "ram_bytes", "stack_bytes",
)  # fmt: skip


def compiler() -> str:
    """Version of arm-none-eabi-gcc, for example `12.2.1`."""
    done = subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def case_name(case: tuple[str, int | None, str]) -> str:
    """For example `cortex-m4 hop 21 spread`."""
    core, hop, schedule = case
    return f"{core} whole window" if hop is None else f"{core} hop {hop} {schedule}"


def micro_name(case: tuple[str, int | None, str]) -> str:
    """For example `micro cortex-m4 whole window`."""
    return f"micro {case_name(case)}"


def budget_of(row: dict[str, Any]) -> dict[str, int]:
    """The entries of a measured row that are held to a budget."""
    return {name: row[name] for name in KEPT}


def adapt_case(bundle: Path) -> AdaptCase:
    """A window of each activity of the first shipped recording, as `edgehar adapt` takes them."""
    opened = open_bundle(bundle)
    path, recordings = opened.file("model_int8.tflite"), data.load("hapt")
    first = data.Dataset("first", recordings.recordings[:1], recordings.classes)
    windows = data.cut_windows(first, opened.contract)
    used = chosen_windows(path, opened.contract, windows)
    return AdaptCase(head_of(read_network(path)), embed(path, opened.contract, windows.x[used]), windows.y[used])


def keep(rows: dict[str, dict[str, int]]) -> None:
    """Write budgets of this compiler; those of other rows and compilers stay."""
    budgets = json.loads(BUDGETS.read_text(encoding="utf-8")) if BUDGETS.exists() else {}
    write_json(BUDGETS, {**budgets, compiler(): {**budgets.get(compiler(), {}), **rows}})


def main(arguments: list[str]) -> int:
    """Measure, print, and with --update write."""
    update = "--update" in arguments
    paths = [Path(word) for word in arguments if not word.startswith("--")]
    if len(paths) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if "--adapt" in arguments:
            rows = _adapting(paths[0])
        elif "--align" in arguments:
            rows = _aligning(paths[0])
        elif "--sensor" in arguments:
            rows = {name: measure_sensing(paths[0], "cortex-m4", hz) for name, hz in SENSORS.items()}
            print("\n".join(f"{name}: {row}" for name, row in rows.items()))
        elif "--micro" in arguments:
            rows = _deciding(paths[0], {micro_name(case): case for case in MICRO_CASES})
        else:
            rows = _deciding(paths[0], {case_name(case): case for case in CASES})
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    if update:
        keep(rows)
    return 0


def _adapting(bundle: Path) -> dict[str, dict[str, int]]:
    row = measure_adapting(adapt_case(bundle), "cortex-m4")
    print(f"{ADAPT}: " + ", ".join(f"{name} {value:,}" for name, value in row.items()))
    return {ADAPT: row}


def _aligning(bundle: Path) -> dict[str, dict[str, int]]:
    row = measure_aligning(bundle, "cortex-m4")
    print(f"{ALIGN}: " + ", ".join(f"{name} {value:,}" for name, value in row.items()))
    return {ALIGN: row}


def _deciding(bundle: Path, cases: dict[str, tuple[str, int | None, str]]) -> dict[str, dict[str, int]]:
    rows = {}
    columns = (
        "instructions",
        "after last",
        "cycles, est.",
        "±",
        "a MAC",
        "worst push",
        "code",
        "constants",
        "RAM",
        "stack",
        "static",
    )
    print(f"{'':30}" + "".join(f"{name:>14}" for name in columns))
    for name, (core, hop, schedule) in cases.items():
        row = measure(bundle, core, hop=hop, schedule=schedule)
        rows[name] = budget_of(row)
        shown = (*KEPT[:2], "cycles_estimate", "cycles_error", "instructions_per_mac", *KEPT[2:], "stack_bytes_static")
        cells = ["–" if row[key] is None else f"{row[key]:,}" for key in shown]
        print(f"{name:30}" + "".join(f"{cell:>14}" for cell in cells), flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
