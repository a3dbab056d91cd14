"""The front of the shipped models: int8 accuracy on test people against flash, RAM and instructions of a Cortex-M4.

    python benchmarks/front.py --out docs/images/front.png     # a table, the picture, and front.csv beside it

Each model is exported as `edgehar export` does it. Flash is the model's tables, the engine's code and its constants;
RAM is all of the image without the stack. The instructions are counted under QEMU; they are no milliseconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar import models
from edgehar.benchmark.emulated import measure
from edgehar.errors import EdgeharError
from edgehar.files import atomic_path, temporary_folder
from edgehar.report.figures import new_figure
from edgehar.report.front_plot import BEATEN, ON_FRONT
from edgehar.report.tables import results_console, terminal_table
from edgehar.schema import read_json

CORE, HOP = "cortex-m4", 20
#: What the picture shows of each model, in thousands: column of the table, what it says.
PANELS = (("flash", "flash, kB"), ("ram", "RAM, kB"), ("instructions", "instructions per window, thousands"))


def row(name: str, folder: Path) -> dict[str, Any]:
    """Export a shipped model and measure it on people whom it was not trained on."""
    command = [sys.executable, "-m", "edgehar"]
    subprocess.run([*command, "export", "--model", name, "--int8", "--out", folder], check=True, capture_output=True)
    int8 = folder / "model_int8.tflite"
    done = subprocess.run([*command, "evaluate", int8, "--json"], check=True, capture_output=True, text=True)
    (quality,) = json.loads(done.stdout)["models"].values()
    whole, step = measure(folder, CORE), measure(folder, CORE, hop=HOP)
    low, high = quality["interval"]["accuracy"]
    manifest = read_json(models.shipped(name).with_suffix(".json"), dict)
    return {
        "model": name,
        "parameters": manifest["model"]["parameters"],
        "accuracy": quality["accuracy"],
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": quality["macro_f1"],
        "tflite": int8.stat().st_size,
        "flash": whole["model_bytes"] + whole["code_bytes"] + whole["constant_bytes"],
        "ram": whole["ram_bytes"],
        "instructions": whole["instructions"],
        f"instructions_hop_{HOP}": step["instructions"],
    }


def show(rows: list[dict[str, Any]]) -> None:
    """The table on standard output."""
    columns = ["model", "parameters", "int8 accuracy %", "interval", "macro-F1", ".tflite", "flash", "RAM",
               "instructions", f"at a hop of {HOP}"]  # fmt: skip
    cells = [
        [
            item["model"], f"{item['parameters']:,}", f"{100 * item['accuracy']:.1f}",
            f"{100 * item['accuracy_low']:.1f} – {100 * item['accuracy_high']:.1f}", f"{item['macro_f1']:.3f}",
            *(f"{item[name]:,}" for name in ("tflite", "flash", "ram", "instructions", f"instructions_hop_{HOP}")),
        ]
        for item in rows
    ]  # fmt: skip
    results_console().print(terminal_table("shipped models, int8, published test people, Cortex-M4", columns, cells))


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """One panel a resource, with the 95 % interval over people as a bar."""
    figure = new_figure(12, 4.2)
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for panel, (column, label) in zip(panels, PANELS, strict=True):
        x = [item[column] / 1000 for item in rows]
        y = [100 * item["accuracy"] for item in rows]
        below = [100 * (item["accuracy"] - item["accuracy_low"]) for item in rows]
        above = [100 * (item["accuracy_high"] - item["accuracy"]) for item in rows]
        panel.errorbar(x, y, (below, above), fmt="o", color=ON_FRONT, ecolor=BEATEN, capsize=3)
        for item, at in zip(rows, x, strict=True):
            # Upright beside the lower half of the bar, since small models stand close together.
            panel.annotate(
                f"{item['model']} {100 * item['accuracy']:.1f}", (at, 100 * item["accuracy_low"]), xytext=(-3, 4),
                textcoords="offset points", rotation=90, ha="right", va="bottom", fontsize=9,
            )  # fmt: skip
        panel.set_xscale("log")
        panel.margins(x=0.25, y=0.05)
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_formatter("")
        if max(x) < 10 * min(x):
            panel.set_xticks([2, 4, 8])
        panel.set_xlabel(label)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("int8 accuracy on test people, %")
    figure.suptitle("Shipped models on a Cortex-M4; bars: 95 % over people")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def main(arguments: list[str]) -> int:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("front.png"), help="picture [front.png]")
    out: Path = parser.parse_args(arguments).out
    rows = []
    try:
        with temporary_folder() as folder:
            for number, model in enumerate(models.ARCHITECTURES, 1):
                print(f"{number} of {len(models.ARCHITECTURES)}: {model}", file=sys.stderr, flush=True)
                rows.append(row(model, folder / model))
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except subprocess.CalledProcessError as error:
        print(f"error: {str(error.stderr)[-500:]}", file=sys.stderr)
        return 1
    rows.sort(key=lambda item: item["flash"])
    show(rows)
    draw(rows, out)
    with atomic_path(out.with_suffix(".csv")) as temporary, temporary.open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
