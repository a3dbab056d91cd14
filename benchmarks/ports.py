"""What the ports beyond Arm cost, against the committed budgets: bytes of the WebAssembly modules.

    python benchmarks/ports.py BUNDLE            # a table
    python benchmarks/ports.py BUNDLE --update   # and budgets.json anew

BUNDLE is an export of `micro`. Budgets are kept for each version of a compiler.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError
from edgehar.files import write_json

BUDGETS = Path(__file__).with_name("budgets.json")
MODULES = ("edgehar.wasm", "edgehar_simd.wasm")


def clang() -> str:
    """The compiler of the modules, for example `clang 14.0.6`."""
    done = subprocess.run(["clang", "-dumpversion"], capture_output=True, text=True, check=True)
    return f"clang {done.stdout.strip()}"


def build_modules(model: Path, folder: Path, *, personal: bool = True) -> Path:
    """Build both modules; returns their folder.

    Args:
        model: folder with one generated model.
        folder: where objects and modules go.
        personal: with rotation, profiles and learning.
    Raises:
        EdgeharError: a tool is missing, or the compiler refuses.
    """
    command = ["make", "-s", "-C", str(engine_dir()), "wasm", f"MODEL={model.resolve()}", f"BUILD={folder.resolve()}"]
    command.append(f"PERSONAL={'yes' if personal else 'no'}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EdgeharError(f"cannot build the modules: {done.stderr.strip().splitlines()[0]}")
    return folder / "wasm"


def measure_modules(model: Path) -> dict[str, dict[str, int]]:
    """Rows of the budget: `bytes` of each module of a model, `bare` without what makes it personal."""
    rows = {}
    with tempfile.TemporaryDirectory(prefix="edgehar-") as folder:
        for personal in (True, False):
            place = build_modules(model, Path(folder) / str(personal), personal=personal)
            for module in MODULES:
                name = f"{module} micro" if personal else f"{module} micro bare"
                rows[name] = {"bytes": (place / module).stat().st_size}
    return rows


def main(arguments: list[str]) -> int:
    """Measure, print, and with --update write."""
    paths = [Path(word) for word in arguments if not word.startswith("--")]
    if len(paths) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        measured = {clang(): measure_modules(paths[0] / "c")}
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    for compiler, rows in measured.items():
        for name, row in rows.items():
            print(f"{compiler}  {name:32}" + "".join(f"  {key} {value:,}" for key, value in row.items()))
    if "--update" in arguments:
        budgets = json.loads(BUDGETS.read_text(encoding="utf-8"))
        write_json(BUDGETS, {**budgets, **measured})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
