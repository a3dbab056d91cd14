"""Tables of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from edgehar.export.write import Result

NAMES = {
    "model.keras": "Keras (trained)",
    "model_float.tflite": "TFLite float",
    "model_float16.tflite": "TFLite float16",
    "model_dynamic.tflite": "TFLite dynamic",
    "model_int8.tflite": "TFLite int8",
    "model.onnx": "ONNX float",
    "model_int8.onnx": "ONNX int8",
}
#: The widest activation ranges shown; the manifest has all.
WORST_SHOWN = 3


def show(result: Result) -> None:
    """Print quality, calibration and what was written."""
    console = Console()
    table = Table(title="On people who were not trained on", title_justify="left")
    for name in ("model", "file", "bytes", "accuracy %", "95 % interval", "macro-F1", "agrees %", "max diff", "gate"):
        table.add_column(name, justify="left" if name in ("model", "file") else "right", no_wrap=True)
    for row in result.rows:
        low, high = row.interval
        table.add_row(
            NAMES.get(row.file, row.file),
            row.file,
            f"{result.sizes[row.file]:,}",
            f"{100 * row.accuracy:.2f}",
            f"{100 * low:.1f} – {100 * high:.1f}",
            f"{row.macro_f1:.4f}",
            f"{100 * row.agreement:.2f}",
            f"{row.max_difference:.1e}",
            "FAILED" if row.failures else "ok",
        )
    console.print(table)
    if result.coverage:
        worst = sorted(result.coverage, key=lambda entry: entry.inside)[:WORST_SHOWN]
        console.print(
            "Calibration covers "
            + ", ".join(f"{100 * entry.inside:.3f} % of {entry.tensor}" for entry in worst)
            + (" and more of the other activations" if len(result.coverage) > WORST_SHOWN else "")
            + " on test windows."
        )
    if result.arena:
        console.print(f"TFLite-Micro arena: {result.arena:,} bytes.")
    console.print(f"Wrote {len(result.sizes) + 1} files to {result.folder}/ (see README.md there).")
