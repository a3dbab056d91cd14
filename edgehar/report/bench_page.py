"""A benchmark as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.benchmark.results import RESULTS, SAMPLES, read_samples
from edgehar.report import bench_table as tables
from edgehar.report.bench_plot import draw_results, draw_rounds
from edgehar.report.page import Page

if TYPE_CHECKING:
    from edgehar.benchmark.environment import EnvironmentJson
    from edgehar.benchmark.results import ResultsJson


def bench_page(results: ResultsJson, environment: EnvironmentJson, folder: Path) -> str:
    """The content of the page: headline, figures, tables, environment, and the raw samples to keep.

    Args:
        folder: where `bench` wrote its samples.
    Raises:
        MissingExtra: Matplotlib is not installed.
    """
    page = Page("edgehar bench")
    page.headline(tables.headline(results))
    lines = tables.notes(results)
    page.notes(
        [line for line in lines if not line.startswith(tables.DOUBTFUL)],
        [line for line in lines if line.startswith(tables.DOUBTFUL)],
    )
    timed = tables.latency_rows(results)
    if timed:
        page.figure(
            draw_results(results, stacked=True), "Accuracy, latency of one window and file size of each runtime"
        )
    page.table("Accuracy, size, memory", tables.QUALITY, tables.quality_rows(results))
    if timed:
        page.table("Latency", tables.LATENCY, timed)
    page.text(tables.LEGEND)
    if results["targets"]:
        page.heading("Microcontrollers, emulated")
        page.text(tables.TARGET_LEGEND.capitalize() + ".")
        page.table("A decision", tables.TARGETS, tables.target_rows(results))
        if tables.layer_rows(results):
            page.table("Instructions by layer", tables.layer_columns(results), tables.layer_rows(results))
    page.heading("Samples")
    samples = read_samples(folder)
    if samples:
        page.figure(draw_rounds(samples), "Median latency of each round, in the order of the run")
    page.download(SAMPLES, (folder / SAMPLES).read_bytes())
    page.download(RESULTS, (folder / RESULTS).read_bytes())
    page.heading("Environment")
    page.table("Machine and versions", ("what", ""), environment_rows(environment))
    return page.html()


def environment_rows(environment: EnvironmentJson) -> list[tuple[str, str]]:
    """What the figures depend on, as text."""
    rows = [
        ("command", " ".join(environment["command"])),
        ("date", environment["date"]),
        ("processor", f"{environment['cpu']}, {environment['cores']} cores"),
        ("system", environment["os"]),
        ("load before the start", str(environment["load_average"])),
        ("Python", environment["python"]),
        ("edgehar", environment["edgehar"]),
    ]
    return rows + list(environment["packages"].items())
