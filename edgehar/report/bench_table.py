"""A benchmark's results as terminal tables and as summary.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgehar.benchmark.results import core_and_hop
from edgehar.report.tables import (
    NOTHING,
    kilobytes,
    markdown_table,
    megabytes,
    microseconds,
    percent,
    terminal_table,
)

if TYPE_CHECKING:
    from rich.console import Console

    from edgehar.benchmark.compare import Comparison
    from edgehar.benchmark.environment import EnvironmentJson
    from edgehar.benchmark.results import ResultsJson, RowJson, TargetJson

QUALITY = ("runtime", "accuracy %", "95 % CI", "macro-F1 %", "agrees %", "file kB", "load ms", "memory MB", "thr")
LATENCY = ("one window, µs", "invoke", "p95", "p99", "IQR", "raw→label", "p95", "p99", "IQR")
TARGETS = (
    "target", "instructions", "cycles, estimated", "worst push", "mean push", "per MAC", "code B", "constants B",
    "RAM B", "stack B",
)  # fmt: skip

LEGEND = (
    "95 % CI: bootstrap over people. agrees: same label as Keras. load: the file, its library already in memory. "
    "memory: peak of one-window use above the empty process, library included; of tflm-int8 the arena, in kB. "
    "invoke and raw→label (m/s² to class): medians of one window. thr: threads."
)
#: How a line begins that speaks against the figures.
DOUBTFUL = "doubtful"

TARGET_LEGEND = (
    "instructions counted under emulation: a count, never a time; "
    "cycles: an estimate by Arm's tables, flash wait states left out"
)


#: Columns that the widest table needs; a narrower terminal wraps its lines, but loses no figure.
WIDTH = 112


def quality_rows(results: ResultsJson) -> list[tuple[str, ...]]:
    """Accuracy, size, load time and memory of each runtime, as text."""
    rows: list[tuple[str, ...]] = []
    for row in results["rows"]:
        interval = row.get("accuracy_interval")
        memory = megabytes(row.get("memory_bytes"))
        if row.get("arena_bytes"):
            memory = f"{kilobytes(row['arena_bytes'])} kB"
        load = row.get("load_ms")
        rows.append(
            (
                row["name"],
                percent(row.get("accuracy"), 2),
                f"{percent(interval[0])}–{percent(interval[1])}" if interval else NOTHING,
                percent(row.get("macro_f1"), 2),
                percent(row.get("agreement"), 2),
                kilobytes(row.get("file_bytes")),
                NOTHING if load is None else f"{load:,.1f}",
                memory,
                str(row.get("threads", NOTHING)),
            )
        )
    return rows


def latency_rows(results: ResultsJson) -> list[tuple[str, ...]]:
    """Latency of each runtime that was timed, as text."""
    rows = []
    for row in results["rows"]:
        if "invoke" in row:
            figures = [row[kind][name] for kind in ("invoke", "total") for name in ("median", "p95", "p99", "iqr")]
            rows.append((row["name"], *(microseconds(value) for value in figures)))
    return rows


def target_rows(results: ResultsJson) -> list[tuple[str, ...]]:
    """Emulated targets, as text."""
    names = (
        "instructions",
        "instructions_worst_push",
        "instructions_mean_push",
        "instructions_per_mac",
        "code_bytes",
        "constant_bytes",
        "ram_bytes",
        "stack_bytes",
    )
    rows = []
    for row in results["targets"]:
        values = [row.get(name) for name in names]
        cells = [NOTHING if v is None else f"{v:.2f}" if isinstance(v, float) else f"{v:,}" for v in values]
        rows.append((core_and_hop(row), cells[0], _cycles(row), *cells[1:]))
    return rows


def _cycles(row: TargetJson) -> str:
    if row.get("cycles_estimate") is None:
        return NOTHING
    return f"{row['cycles_estimate']:,} ± {row['cycles_error']:,}"


def layer_rows(results: ResultsJson) -> list[tuple[str, ...]]:
    """Instructions of each layer for a decision, a column per target; the streamer's own work is not in it."""
    targets = [row for row in results["targets"] if row.get("layers")]
    names = dict.fromkeys(layer["layer"] for row in targets for layer in row["layers"])
    counts = [{layer["layer"]: layer["instructions"] for layer in row["layers"]} for row in targets]
    return [(name, *(f"{own[name]:,}" if name in own else NOTHING for own in counts)) for name in names]


def layer_columns(results: ResultsJson) -> tuple[str, ...]:
    """Heads of `layer_rows`."""
    return ("layer", *(core_and_hop(row) for row in results["targets"] if row.get("layers")))


def notes(results: ResultsJson) -> list[str]:
    """Lines below the tables: what did not run, what the figures rest on, and what is doubtful."""
    lines = [f"Test windows: {results['dataset']['note']}."]
    lines += [f"{row['name']}: {row['status']}; {row['note']}" for row in results["rows"] if row["status"] != "ok"]
    lines += [step_note(row, results) for row in results["rows"] if row.get("step_samples") and "invoke" in row]
    lines += [f"{DOUBTFUL}: {doubt}" for doubt in results["doubts"]]
    if not results["complete"]:
        lines.append(f"{DOUBTFUL}: the run was interrupted")
    return lines


def step_note(row: RowJson, results: ResultsJson) -> str:
    """What an incremental step's latency is of, and its share of the whole window's with the same kernels."""
    words = (
        f"{row['name']}: one step of {row['step_samples']} new samples was timed, the copying of its state included, "
        "a decision in a stream"
    )
    whole: RowJson | None = next(
        (other for other in results["rows"] if other["name"] == row["name"].split("-stream-")[0]), None
    )
    if whole is not None and "invoke" in whole:
        share = row["invoke"]["median"] / whole["invoke"]["median"]
        words += f"; {share:.3f} of {whole['name']}'s whole window"
    return f"{words}."


def print_results(results: ResultsJson, console: Console) -> None:
    """Print all tables and notes."""
    console.print(terminal_table("Accuracy, size, memory", QUALITY, quality_rows(results)))
    timed = latency_rows(results)
    if timed:
        console.print(terminal_table("Latency", LATENCY, timed))
    if results["targets"]:
        console.print(terminal_table(f"Cortex-M ({TARGET_LEGEND})", TARGETS, target_rows(results)))
        if layer_rows(results):
            console.print(terminal_table("Instructions by layer", layer_columns(results), layer_rows(results)))
    console.print(LEGEND, highlight=False)
    for line in notes(results):
        console.print(line, highlight=False, style="yellow" if line.startswith(DOUBTFUL) else "", markup=False)
    console.print(headline(results), highlight=False, style="bold", markup=False)


def headline(results: ResultsJson) -> str:
    """What the measurement comes to, in one line: the fastest runtime, and how good it is."""
    timed = [row for row in results["rows"] if "invoke" in row and not row.get("step_samples")]
    if not timed:
        return "no runtime was timed"
    best = min(timed, key=lambda row: row["total"]["median"])
    words = f"fastest: {best['name']}, {microseconds(best['total']['median'])} µs for a window"
    if "accuracy" in best:
        words += f", accuracy {percent(best['accuracy'], 2)} %"
    if "agreement" in best:
        words += f", agrees with Keras on {percent(best['agreement'], 2)} % of windows"
    return words


def summary_markdown(results: ResultsJson, environment: EnvironmentJson) -> str:
    """The content of summary.md."""
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    parts = [
        "# edgehar bench\n",
        f"{environment['cpu']}, {environment['cores']} cores, {environment['os']}, Python {environment['python']}; "
        f"{packages}; {environment['date']}.\n",
        f"    {' '.join(environment['command'])}\n",
        markdown_table(QUALITY, quality_rows(results)),
    ]
    timed = latency_rows(results)
    if timed:
        parts.append(markdown_table(LATENCY, timed))
    if results["targets"]:
        parts += [f"{TARGET_LEGEND.capitalize()}:\n", markdown_table(TARGETS, target_rows(results))]
        if layer_rows(results):
            parts += ["Instructions by layer:\n", markdown_table(layer_columns(results), layer_rows(results))]
    parts += [LEGEND + "\n", "".join(f"- {line}\n" for line in notes(results))]
    return "\n".join(parts)


def print_comparison(comparison: Comparison, threshold: float, console: Console) -> None:
    """Print ratios, accuracy differences and what makes the comparison unfair or doubtful."""
    rows: list[Sequence[str]] = []
    units = {"invoke": "invoke µs", "total": "raw→label µs", "load_ms": "load ms"}
    slower = comparison.regressions(threshold)
    equal = 0
    for ratio in comparison.ratios:
        if ratio.low is None and ratio.before == ratio.after:
            equal += 1
            continue
        interval = NOTHING if ratio.low is None else f"{ratio.low:.3f} … {ratio.high:.3f}"
        figure = units.get(ratio.figure, ratio.figure.replace("_", " "))
        values = [f"{value:,.1f}" if value < 1e4 else f"{value:,.0f}" for value in (ratio.before, ratio.after)]
        past = "past" if ratio in slower else ""
        rows.append((ratio.runtime, figure, *values, f"{ratio.ratio:.3f}", interval, past))
    columns = ("runtime", "figure", "before", "after", "ratio", "95 % CI", f"> {threshold:g}")
    console.print(terminal_table("Second over first", columns, rows))
    if equal:
        console.print(f"{equal} sizes and counts are equal and not shown.", highlight=False)
    for name, points in comparison.accuracy_points.items():
        if points:
            console.print(f"{name}: accuracy {points:+.2f} points", highlight=False)
    for kind, lines in (("unfair", comparison.unfair), ("doubtful", comparison.doubts)):
        for words in lines:
            console.print(f"{kind}: {words}", highlight=False, style="yellow", markup=False)
