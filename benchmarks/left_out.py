"""What the shipped sizes for pocket and wrist are worth in int8 on the people whom their first training left out.

    python benchmarks/left_out.py --out runs/left_out micro-pocket nano-wrist     # by default all

The weights are made in two trainings (`placements.py weights`): a first one without a fifth of the people, the same
for every size, and the one that ships, on all. The first network is not kept. Here it is trained again, with its
figures in float held against those in the shipped manifest to the last digit, so that it is the same network, and
quantised as `export` does it. The rows go to docs/placements_left_out.csv, and into the model cards.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import placements

import edgehar
from edgehar import data, files, models
from edgehar.api.recordings import open_dataset
from edgehar.convert.quantised import int8_model, predict_file
from edgehar.data import DataSource
from edgehar.errors import EdgeharError
from edgehar.schema import read_json
from edgehar.training import run
from edgehar.training.truth import Truth


def measure(name: str, out: Path) -> dict[str, Any]:
    """Train a shipped size without the people of its manifest's validation, and measure them in int8.

    Raises:
        EdgeharError: the network is not the one whose figures stand in the manifest.
    """
    arch, _, place = name.partition("-")
    source, match = placements.recordings_of(place)
    asked = {**placements.options_of(arch, place), "validation": placements.LEFT_OUT}
    result = edgehar.train(source, arch=arch, out=out / name, split="none", seed=1, match=match, **asked)
    told = read_json(models.shipped(name).with_suffix(".json"), dict)["validation"]
    if result.evaluation.to_dict() != told:
        raise EdgeharError(
            f"expected the network whose figures stand in {name}.json (accuracy {told['accuracy']}), got "
            f"{result.evaluation.accuracy}: another machine, or other versions"
        )
    model, contract = models.load(result.model)
    truth = Truth(contract.labels, match or {})
    windows = data.cut_windows(open_dataset(source, DataSource.open), contract, labels=truth.words)
    held = windows.of_subjects(result.split.validation)
    with int8_model(model, contract, windows.of_subjects(result.split.train)) as path:
        measured = run.measure(predict_file(path, held.x), held, truth)
    return {
        "model": name, "people": len(result.split.validation), "windows": measured.windows,
        "float_accuracy": told["accuracy"], "float_macro_f1": told["macro_f1"],
        "accuracy": measured.accuracy, "macro_f1": measured.macro_f1,
    }  # fmt: skip


def main() -> None:
    """Measure, and write the rows; those of other models stay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="shipped models for pocket or wrist; by default all")
    parser.add_argument("--out", type=Path, default=Path("runs/left_out"), help="folder of the runs")
    told = parser.parse_args()
    for name in told.names or [name for name in models.shipped_names() if placements.is_placed(name)]:
        row = measure(name, told.out)
        path = placements.LEFT_OUT_ROWS
        kept = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []
        rows = [*(each for each in kept if each["model"] != name), row]
        rows.sort(key=lambda each: str(each["model"]))
        files.write_text(path, placements.csv_text(rows))
        placements.write([])
        print(f"{name}: int8 accuracy {row['accuracy']:.4f}, macro-F1 {row['macro_f1']:.4f}", flush=True)


if __name__ == "__main__":
    main()
