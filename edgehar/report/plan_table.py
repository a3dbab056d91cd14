"""An incremental plan as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.report.tables import NOTHING, terminal_table

if TYPE_CHECKING:
    from rich.console import Console

    from edgehar.compile.incremental_plan import LayerFigures, PlanFigures

LAYERS = ("layer", "columns × channels", "survive a hop", "computed", "MACs whole", "MACs per step", "state bytes")
NEAR = ("hop", "seconds", "MACs per decision", "of whole", "MACs per second")
ENGINE = ("C engine, portable kernels", "MACs per decision", "after the last sample", "memory bytes")

LEGEND = (
    "survive: columns of the window that the step before has computed already. MACs: multiply-accumulates. "
    "state: what a step of the incremental .tflite hands to the next one. The C engine computes only the columns "
    "that its last layers read; its memory holds state, buffers and scratch."
)


def print_plan(plan: PlanFigures, rate_hz: float, console: Console) -> None:
    """Print what `edgehar.compile.incremental_plan.figures` returns.

    Args:
        rate_hz: samples per second.
    """
    rows: list[tuple[str, ...]] = []
    held = plan["window"] - plan["hop"]
    size = f"{plan['window']} × {plan['channels']}"
    rows.append(("input", size, f"{held}", f"{plan['hop']}", "", "", _count(plan["input_state_bytes"])))
    rows += [_layer(row) for row in plan["layers"]]
    rows.append(("in all", "", "", "", _count(plan["macs_whole"]), _count(plan["macs"]), _count(plan["state_bytes"])))
    share = plan["macs"] / plan["macs_whole"] if plan["macs_whole"] else 1.0
    title = f"Hop {plan['hop']} of a window of {plan['window']}: {share:.3f} of the whole window's work"
    console.print(terminal_table(title, LAYERS, rows))
    if plan["note"]:
        console.print(f"note: {plan['note']}", markup=False)
    near = [
        (
            f"{entry['hop']}{' (asked)' if entry['hop'] == plan['hop'] else ''}",
            f"{entry['hop'] / rate_hz:.2f}",
            _count(entry["macs"]),
            f"{entry['macs'] / plan['macs_whole']:.3f}" if plan["macs_whole"] else NOTHING,
            _count(round(entry["macs_per_sample"] * rate_hz)),
        )
        for entry in plan["near"]
    ]
    console.print(terminal_table("The cheapest hops nearby", NEAR, near))
    engine = [
        (f"computing {'at the hop' if name == 'hop' else 'as samples arrive'}",
         *(_count(row[key]) for key in ("macs", "late_macs", "memory_bytes")))
        for name, row in plan["c_engine"].items()
    ]  # fmt: skip
    console.print(terminal_table("On a microcontroller", ENGINE, engine))
    console.print(LEGEND, highlight=False)


def _layer(row: LayerFigures) -> tuple[str, ...]:
    survive = f"{row['survive']}" if row["incremental"] else NOTHING
    return (
        row["layer"],
        f"{row['columns']} × {row['channels']}",
        survive,
        f"{row['computed']}",
        _count(row["macs_whole"]),
        _count(row["macs"]),
        _count(row["state_bytes"]),
    )


def _count(value: int) -> str:
    return f"{value:,}" if value else NOTHING
