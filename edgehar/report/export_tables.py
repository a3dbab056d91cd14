"""Tables of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.report.explain_table import print_explanation
from edgehar.report.tables import percent_range, results_console, terminal_table

if TYPE_CHECKING:
    from edgehar.bundle.write import ExportResult

#: The widest activation ranges shown; the manifest has all.
WORST_SHOWN = 3


def show(result: ExportResult) -> None:
    """Print quality, calibration and what was written."""
    console = results_console()
    columns = ("file", "bytes", "accuracy %", "95 % interval", "macro-F1", "agrees %", "max diff", "gate")
    rows = [
        (
            row.file,
            f"{result.sizes[row.file]:,}",
            f"{100 * row.accuracy:.2f}",
            percent_range(row.interval),
            f"{row.macro_f1:.4f}",
            f"{100 * row.agreement:.2f}",
            f"{row.max_difference:.1e}",
            "FAILED" if row.failures else "ok" if result.judged else "–",
        )
        for row in result.rows
    ]
    people = "who were not trained on" if result.unseen else "of whom the model has seen some or all"
    console.print(terminal_table(f"On people {people}; agreement and difference with model.keras", columns, rows))
    if result.coverage:
        worst = sorted(result.coverage, key=lambda entry: entry.inside)[:WORST_SHOWN]
        console.print(
            "Calibration covers "
            + ", ".join(f"{100 * entry.inside:.3f} % of {entry.tensor}" for entry in worst)
            + (" and more of the other activations" if len(result.coverage) > WORST_SHOWN else "")
            + " on test windows."
        )
    if result.explanation is not None:
        print_explanation(result.explanation, console)
    if result.arena:
        console.print(f"TFLite-Micro arena: {result.arena:,} bytes.")
    console.print(f"Wrote {len(result.sizes) + 1} files to {result.folder}/ (see README.md there).")
    console.print(headline(result), style="bold", soft_wrap=True)


def headline(result: ExportResult) -> str:
    """What the export comes to, in one line: the smallest model against the trained one."""
    trained = result.rows[0]
    best = next((row for row in result.rows if row.file == "model_int8.tflite"), result.rows[1])
    return (
        f"{best.file}: {result.sizes[best.file]:,} bytes, accuracy {100 * best.accuracy:.2f} % "
        f"({100 * (best.accuracy - trained.accuracy):+.2f} points against the trained model), "
        f"agrees on {100 * best.agreement:.2f} % of windows, "
        + ("not judged" if not result.judged else f"gate {'passed' if result.passed else 'FAILED'}")
    )
