"""What each ingredient of the small networks' recipe is worth: the recipe without it, by folds over training people.

    python benchmarks/ablations.py --out runs/ablations                  # HAPT, two seeds, a Markdown table
    python benchmarks/ablations.py --out runs/ablations --only noise,mix # some rows

Each row and seed is one `edgehar crossval`, goes on where it stopped, and uses no person of the published test split. A
seed decides the folds, too, so that rows are compared within a seed; both seeds are printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.schema import read_json

#: What every row shares: short folds, no teachers but where they are the ingredient, the last epoch.
COMMON = ("--folds", "3", "--validation", "0", "--no-refit", "--int8")
#: Row -> options that take one ingredient away, or change it.
ROWS: dict[str, tuple[str, ...]] = {
    "recipe": (),
    "teachers": ("--teachers", "0"),
    "rotation": ("--teachers", "0", "--rotation", "0"),
    "rotation 0.3": ("--teachers", "0", "--rotation", "0.3"),
    "scale": ("--teachers", "0", "--scale", "0"),
    "noise": ("--teachers", "0", "--noise", "0"),
    "shift": ("--teachers", "0", "--shift", "0"),
    "mix": ("--teachers", "0", "--mix", "0"),
    "smoothing": ("--teachers", "0", "--label-smoothing", "0"),
    "average": ("--teachers", "0", "--average", "0"),
    "decay": ("--teachers", "0", "--weight-decay", "0"),
    "class weights": ("--teachers", "0", "--class-weights", "0"),
    "axis normalisation": ("--teachers", "0", "--normalisation", "scalar"),
    "half the epochs": ("--teachers", "0", "--epochs", "20"),
    "a fifth of the rate": ("--teachers", "0", "--learning-rate", "0.001"),
}


def run(name: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One cross-validation; its summary."""
    folder = arguments.out / f"{arguments.arch}-{name.replace(' ', '-')}-seed{seed}"
    if not (folder / "summary.json").exists():
        options = ["--arch", arguments.arch, "--dataset", arguments.dataset, "--seed", str(seed), *COMMON, *ROWS[name]]
        command = [sys.executable, "-m", "edgehar", "crossval", *options, "--out", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    summary: dict[str, Any] = read_json(folder / "summary.json", dict)
    return summary


def main(arguments: list[str]) -> int:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="micro", help="architecture [micro]")
    parser.add_argument("--dataset", default="hapt", help="recordings [hapt]")
    parser.add_argument("--seeds", default="1,2", help="seeds [1,2]")
    parser.add_argument("--only", default=",".join(ROWS), help="rows, by name [all]")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    given = parser.parse_args(arguments)
    names, seeds = given.only.split(","), [int(seed) for seed in given.seeds.split(",")]
    if unknown := [name for name in names if name not in ROWS]:
        print(f"error: expected rows out of {', '.join(ROWS)}, got {unknown[0]!r}", file=sys.stderr)
        return 2
    print("| recipe | accuracy % | by seed | int8 accuracy % | macro-F1 |\n|---|---:|---|---:|---:|")
    for name in names:
        found = [run(name, seed, given) for seed in seeds]
        accuracy = [100 * each["pooled"]["accuracy"] for each in found]
        int8 = statistics.mean(100 * each["pooled_int8"]["accuracy"] for each in found)
        f1 = statistics.mean(each["pooled"]["macro_f1"] for each in found)
        by_seed = " ".join(f"{value:.1f}" for value in accuracy)
        print(f"| {name} | {statistics.mean(accuracy):.2f} | {by_seed} | {int8:.2f} | {f1:.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
