"""Two result folders side by side: ratios with intervals, and whether the second is too slow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgehar.benchmark import statistics
from edgehar.benchmark.results import ENVIRONMENT, core_and_hop, read_results, read_samples
from edgehar.errors import EdgeharError
from edgehar.schema import read_json

if TYPE_CHECKING:
    from edgehar.benchmark.results import ResultsJson

#: Environment entries that make a comparison unfair where they differ.
SAME = ("cpu", "cores", "os", "python", "packages")
Size = Literal["file_bytes", "load_ms", "memory_bytes", "arena_bytes"]
#: Row entries besides latency whose ratio is worth a line.
SIZES: tuple[Size, ...] = ("file_bytes", "load_ms", "memory_bytes", "arena_bytes")


@dataclass(frozen=True)
class Ratio:
    """One figure of one runtime, second result over first.

    `low` and `high` bound the 95 % interval; None where the figure is one number without samples.
    """

    runtime: str
    figure: str
    before: float
    after: float
    ratio: float
    low: float | None = None
    high: float | None = None

    def worse_than(self, threshold: float) -> bool:
        """Whether it is past the threshold, and more than chance."""
        return self.ratio > threshold and (self.low is None or self.low > 1.0)


@dataclass
class Comparison:
    """Ratios, accuracy differences in points, what makes the comparison unfair, and what each result doubts itself."""

    ratios: list[Ratio] = field(default_factory=list)
    accuracy_points: dict[str, float] = field(default_factory=dict)
    unfair: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def regressions(self, threshold: float) -> list[Ratio]:
        """Latencies and instruction counts past the threshold."""
        gated = ("invoke", "total", "instructions")
        return [ratio for ratio in self.ratios if ratio.figure in gated and ratio.worse_than(threshold)]


def compare(before: Path, after: Path) -> Comparison:
    """Compare the rows that both results have.

    Raises:
        EdgeharError: not result folders, or no row in common.
    """
    first, second = read_results(before), read_results(after)
    old, new = read_samples(before), read_samples(after)
    found = Comparison(unfair=_unfair(before, after, first, second))
    found.doubts = [f"{path}: {doubt}" for path, r in ((before, first), (after, second)) for doubt in r["doubts"]]
    new_rows = {row["name"]: row for row in second["rows"]}
    for row in first["rows"]:
        name, other = row["name"], new_rows.get(row["name"])
        if other is None:
            continue
        if name in old and name in new and all("invoke" in one and "total" in one for one in (row, other)):
            for figure in ("invoke", "total"):
                ratio, low, high = statistics.median_ratio(old[name][figure], new[name][figure])
                medians = row[figure]["median"], other[figure]["median"]
                found.ratios.append(Ratio(name, figure, *medians, ratio, low, high))
        for figure in SIZES:
            one, two = row.get(figure), other.get(figure)
            if one and two:
                found.ratios.append(Ratio(name, figure, one, two, two / one))
        if "accuracy" in row and "accuracy" in other:
            found.accuracy_points[name] = 100 * (other["accuracy"] - row["accuracy"])
    new_targets = {core_and_hop(core): core for core in second["targets"]}
    for core in first["targets"]:
        same = new_targets.get(core_and_hop(core))
        if same is not None:
            counts = core["instructions"], same["instructions"]
            found.ratios.append(Ratio(core_and_hop(core), "instructions", *counts, counts[1] / counts[0]))
    if not found.ratios:
        raise EdgeharError(f"expected a runtime measured in both {before} and {after}, got none; run bench again")
    return found


def _unfair(before: Path, after: Path, first: ResultsJson, second: ResultsJson) -> list[str]:
    one, two = (read_json(folder / ENVIRONMENT, dict) for folder in (before, after))
    words = [f"{key} differs: {one.get(key)} and {two.get(key)}" for key in SAME if one.get(key) != two.get(key)]
    if first["threads"] != second["threads"]:
        words.append(f"threads differ: {first['threads']} and {second['threads']}")
    if first["dataset"]["note"] != second["dataset"]["note"]:
        words.append(f"test windows differ: {first['dataset']['note']} and {second['dataset']['note']}")
    words += [f"{path} was interrupted" for path, r in ((before, first), (after, second)) if not r["complete"]]
    return words
