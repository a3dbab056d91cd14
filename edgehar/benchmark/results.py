"""A result is a folder: results.json, samples.csv and env.json, written case by case."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgehar.errors import EdgeharError
from edgehar.files import open_regular, write_json, write_text
from edgehar.schema import convert, read_json

if TYPE_CHECKING:
    from edgehar.benchmark.environment import EnvironmentJson

FORMAT = "edgehar-bench-1"
RESULTS, SAMPLES, ENVIRONMENT = "results.json", "samples.csv", "env.json"
SUMMARY, PICTURE = "summary.md", "accuracy.png"
COLUMNS = ("runtime", "round", "phase", "index", "invoke_ns", "total_ns")

#: Runtime -> `invoke` or `total` -> one array of microseconds a round.
Samples = dict[str, dict[str, list[NDArray[np.float64]]]]


class LoadedJson(TypedDict, total=False):
    """What loading adds to a row; None where the system or the runtime does not tell."""

    first_load_ms: float
    first_ms: float
    memory_bytes: int | None
    arena_bytes: int | None
    threads: int


class TimedJson(TypedDict, total=False):
    """The entries of a row that every round renews, microseconds; `total` is from raw samples to label."""

    invoke: dict[str, float | int]
    total: dict[str, float | int]


class RowJson(LoadedJson, TimedJson):
    """One runtime in results.json as it is written: shares in 0 … 1; what could not be measured is left out or None."""

    name: str
    file: str
    status: str
    note: str
    step_samples: NotRequired[int]
    file_bytes: NotRequired[int]
    load_ms: NotRequired[float]
    windows: NotRequired[int]
    accuracy: NotRequired[float]
    macro_f1: NotRequired[float]
    accuracy_interval: NotRequired[list[float] | None]
    agreement: NotRequired[float]
    max_difference: NotRequired[float]


class LayerJson(TypedDict):
    """Instructions of one layer on an emulated core, per decision."""

    layer: str
    instructions: int
    columns: float
    instructions_per_mac: float | None


class TargetJson(TypedDict):
    """One emulated core in results.json; see `emulated.measure`."""

    target: str
    engine: str
    instructions: int
    instructions_after_last_sample: int
    cycles_estimate: int | None
    cycles_error: int | None
    instructions_worst_push: int
    instructions_mean_push: int
    instructions_least_push: int | None
    macs: int
    instructions_per_mac: float | None
    code_bytes: int
    constant_bytes: int
    model_bytes: int
    ram_bytes: int
    stack_bytes: int
    stack_bytes_static: int
    layers: list[LayerJson]


def core_and_hop(row: TargetJson) -> str:
    """`cortex-m4` for whole windows, `cortex-m4, hop 20` for the incremental engine."""
    found = re.search(r"hop \d+", row.get("engine", ""))
    return f"{row['target']}, {found[0]}" if found else row["target"]


class DatasetJson(TypedDict):
    """The test windows: in words, how many were used, and how many there are."""

    note: str
    windows: int
    available: int


class ResultsJson(TypedDict):
    """results.json as it is written."""

    format: str
    complete: bool
    bundle: str
    manifest_sha256: str
    dataset: DatasetJson
    threads: int
    plan: dict[str, object]
    rows: list[RowJson]
    targets: list[TargetJson]
    doubts: list[str]


Positive = Annotated[float, msgspec.Meta(gt=0)]


class Latency(msgspec.Struct, frozen=True):
    """Microseconds; the other figures of the summary stand beside it."""

    median: Positive


class MeasuredRow(msgspec.Struct, frozen=True):
    """One runtime in results.json as far as it is compared; other figures stand beside these."""

    name: str
    status: str
    invoke: Latency | None = None
    total: Latency | None = None
    file_bytes: float | None = None
    load_ms: float | None = None
    memory_bytes: float | None = None
    arena_bytes: float | None = None
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class MeasuredTarget(msgspec.Struct, frozen=True):
    """One emulated core in results.json as far as it is compared."""

    target: str
    instructions: Positive


class MeasuredSet(msgspec.Struct, frozen=True):
    """The test windows, in words."""

    note: str


class Results(msgspec.Struct, frozen=True, tag_field="format", tag=FORMAT):
    """results.json as far as it is read again."""

    complete: bool
    dataset: MeasuredSet
    threads: int
    rows: list[MeasuredRow]
    targets: list[MeasuredTarget]
    doubts: list[str]


class ResultFolder:
    """Writes results so that what was measured before a crash is on disk."""

    def __init__(self, path: Path, environment: EnvironmentJson) -> None:
        self.path = path
        # What an earlier run left there would otherwise stand beside this run's samples until it ends.
        for name in (RESULTS, SUMMARY, PICTURE):
            if (path / name).is_file():
                (path / name).unlink()
        write_json(path / ENVIRONMENT, environment)
        write_text(path / SAMPLES, ",".join(COLUMNS) + "\n")

    def write(self, results: ResultsJson) -> None:
        """Replace results.json."""
        write_json(self.path / RESULTS, results)

    def add_round(self, runtime: str, number: int, answer: dict[str, list[int]]) -> None:
        """Append one round as the worker measured it; the warm-up is kept, marked, without an invoke time."""
        rows: list[tuple[object, ...]] = [
            (runtime, number, "warmup", index, "", total) for index, total in enumerate(answer["warmup_ns"])
        ]
        pairs = zip(answer["invoke_ns"], answer["total_ns"], strict=True)
        rows += [(runtime, number, "measured", index, *pair) for index, pair in enumerate(pairs)]
        self._append(rows)

    def _append(self, rows: Iterable[tuple[object, ...]]) -> None:
        path = self.path / SAMPLES
        try:
            with path.open("a", newline="", encoding="utf-8") as stream:
                csv.writer(stream, lineterminator="\n").writerows(rows)
        except OSError as error:
            raise EdgeharError(f"cannot write {path}: {error.strerror or error}; choose another --out") from error


def read_results(path: Path) -> ResultsJson:
    """results.json of a result folder.

    Raises:
        EdgeharError: not a result folder, or of another format.
    """
    if not path.is_dir():
        raise EdgeharError(f"expected a folder written by 'edgehar bench --out', got nothing of that kind at {path}")
    results = cast("ResultsJson", read_json(path / RESULTS, dict))
    convert(results, Results, str(path / RESULTS))
    return results


def read_samples(path: Path) -> Samples:
    """The measured samples of a result folder in microseconds; the warm-up is left out.

    Raises:
        EdgeharError: missing, or not a table of ours.
    """
    collected: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    file = path / SAMPLES
    try:
        with open_regular(file) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise EdgeharError(f"expected the columns {', '.join(COLUMNS)} in {file}, got {reader.fieldnames}")
            for row in reader:
                if row["phase"] == "measured":
                    key = (row["runtime"], int(row["round"]))
                    collected[key].append((int(row["invoke_ns"]), int(row["total_ns"])))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise EdgeharError(f"expected samples as whole numbers in {file}, got something else ({error})") from error
    samples: Samples = {}
    for (runtime, _), pairs in sorted(collected.items()):
        entry = samples.setdefault(runtime, {"invoke": [], "total": []})
        values = np.array(pairs, np.float64) / 1000
        entry["invoke"].append(values[:, 0])
        entry["total"].append(values[:, 1])
    return samples
