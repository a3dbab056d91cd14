"""The measurement itself: who runs, in which order, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark import statistics
from edgehar.benchmark.environment import cores, doubts, stolen_ticks
from edgehar.benchmark.process import Worker, WorkerError
from edgehar.benchmark.results import FORMAT, ResultFolder
from edgehar.benchmark.testset import TestSet
from edgehar.benchmark.worker import save_array
from edgehar.bundle import MANIFEST, Bundle
from edgehar.evaluation.metrics import accuracy, bootstrap, macro_f1
from edgehar.files import sha256_file, temporary_folder
from edgehar.runtimes import ROWS, Row, incremental_row, row_named

if TYPE_CHECKING:
    from edgehar.benchmark.environment import EnvironmentJson
    from edgehar.benchmark.results import ResultsJson, RowJson, TimedJson

#: Called with (steps done, steps in all, what comes next).
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class BenchPlan:
    """How much is measured.

    Attributes:
        rounds: times that every runtime gets its turn.
        count: windows timed in a turn, at most.
        seconds: length of a turn, about, for runtimes too slow for `count`.
        warmup: windows before the clock counts, in every turn.
        reloads: times that the model is loaded again, timed.
        subset: test windows for the accuracy; None for all.
    """

    rounds: int
    count: int
    seconds: float
    warmup: int
    reloads: int
    subset: int | None


DEFAULT = BenchPlan(rounds=20, count=200, seconds=0.5, warmup=10, reloads=5, subset=None)
QUICK = BenchPlan(rounds=6, count=100, seconds=0.2, warmup=5, reloads=2, subset=300)


def choose_rows(names: Sequence[str], hops: Sequence[int] = ()) -> list[Row]:
    """The rows of these names, or all, and an incremental step for each hop.

    Raises:
        EdgeharError: an unknown name.
    """
    chosen = [row_named(name) for name in dict.fromkeys(names)] or list(ROWS)
    return chosen + [row for hop in dict.fromkeys(hops) if (row := incremental_row(hop)) not in chosen]


def run(
    bundle: Bundle,
    rows: Sequence[Row],
    tests: TestSet,
    plan: BenchPlan,
    threads: int,
    folder: ResultFolder,
    environment: EnvironmentJson,
    on_progress: Progress,
) -> ResultsJson:
    """Measure the rows and return what `results.json` holds.

    A row that cannot run keeps its place with a status and a note. Loading and predicting may go side by
    side; while anything is timed, one process works and the others wait.

    Raises:
        BundleError: a file of the bundle that is needed was changed since the export.
    """
    entries = [_entry(bundle, row) for row in rows]
    results: ResultsJson = {
        "format": FORMAT,
        "complete": False,
        "bundle": str(bundle.path),
        "manifest_sha256": sha256_file(bundle.path / MANIFEST),
        "dataset": {"note": tests.note, "windows": len(tests.windows), "available": tests.available},
        "threads": threads,
        "plan": vars(plan),
        "rows": entries,
        "targets": [],
        "doubts": [],
    }
    present = [entry for entry in entries if entry["status"] == "ok"]
    steps = _Steps(on_progress, len(present) * (3 + plan.rounds))
    stolen = stolen_ticks()
    with temporary_folder() as scratch, ExitStack() as stack:
        save_array(scratch / "windows.npy", tests.windows.x)
        pool = stack.enter_context(ThreadPoolExecutor(min(2, cores())))
        workers = {entry["name"]: stack.enter_context(Worker()) for entry in present}

        def ask(entry: RowJson, do: str, **arguments: Any) -> dict[str, Any] | None:
            if entry["status"] != "ok":
                return None
            try:
                return workers[entry["name"]].ask(do, **arguments)
            except WorkerError as error:
                entry["status"], entry["note"] = error.status, str(error)
                return None

        def load_and_predict(entry: RowJson) -> None:
            name = entry["name"]
            loaded = ask(
                entry,
                "load",
                row=name,
                path=str(bundle.file(entry["file"])),
                contract=bundle.contract.to_dict(),
                threads=threads,
                windows=str(scratch / "windows.npy"),
            )
            entry.update(cast("RowJson", loaded or {}))
            steps.advance(f"{name}: predicting")
            ask(entry, "predict", to=str(scratch / f"{name}.npy"))
            steps.advance(f"{name}: predicted")

        steps.show("loading the runtimes")
        list(pool.map(load_and_predict, present))
        _judge(entries, tests, scratch)
        folder.write(results)

        timed: dict[str, list[dict[str, list[int]]]] = {entry["name"]: [] for entry in present}
        for number in range(plan.rounds):
            for entry in present:
                steps.show(f"round {number + 1} of {plan.rounds}: {entry['name']}")
                answer = ask(
                    entry,
                    "round",
                    warmup=plan.warmup,
                    count=plan.count,
                    seconds=plan.seconds,
                    offset=number * plan.count,
                )
                if answer is not None:
                    timed[entry["name"]].append(answer)
                    folder.add_round(entry["name"], number, answer)
                    entry.update(cast("RowJson", _latency(timed[entry["name"]])))
                steps.advance()
            folder.write(results)
        for entry in present:
            answer = ask(entry, "reload", times=plan.reloads)
            if answer is not None:
                entry["load_ms"] = float(np.median(answer["load_ms"]))
            steps.advance(f"{entry['name']}: loaded again")
    found = doubts(environment, stolen, stolen_ticks())
    for entry in present:
        rounds = [np.array(answer["total_ns"], np.float64) for answer in timed[entry["name"]]]
        words = statistics.doubts(rounds) if rounds else []
        if words:
            found.append(f"{entry['name']}: {', '.join(words)}")
    results["doubts"] = found
    results["complete"] = True
    folder.write(results)
    return results


def _entry(bundle: Bundle, row: Row) -> RowJson:
    """A row before anything is measured; its file is verified here, so that damage stops the run at once."""
    entry: RowJson = {"name": row.name, "file": row.file, "status": "ok", "note": ""}
    if row.hop:
        entry["step_samples"] = row.hop
    if row.file not in bundle:
        options = f"--int8 --incremental --hop {row.hop}" if row.hop else "--int8"
        note = f"export again with {options}" if "int8" in row.file else "the export left it out"
        return {**entry, "status": "not in the bundle", "note": f"{row.file}: {note}"}
    entry["file_bytes"] = bundle.file(row.file).stat().st_size
    if not row.installed:
        return {**entry, "status": "not installed", "note": row.how_to_install}
    return entry


def _judge(entries: list[RowJson], tests: TestSet, scratch: Path) -> None:
    """Accuracy, macro-F1 and agreement with Keras from the saved probabilities; of golden windows agreement alone."""
    windows = tests.windows
    classes = len(windows.labels)
    saved: dict[str, NDArray[np.float32]] = {
        entry["name"]: np.load(scratch / f"{entry['name']}.npy", allow_pickle=False)
        for entry in entries
        if entry["status"] == "ok"
    }
    truth = saved.get("keras", tests.expected)
    for entry in entries:
        probabilities = saved.get(entry["name"])
        if probabilities is None:
            continue
        labels = probabilities.argmax(axis=1).astype(np.int64)
        entry["windows"] = len(labels)
        if not tests.why:
            entry["accuracy"] = accuracy(windows.y, labels)
            entry["macro_f1"] = macro_f1(windows.y, labels, classes)
            interval = bootstrap(windows.y, labels, windows.subject, classes).accuracy
            entry["accuracy_interval"] = None if interval is None else list(interval)
        if truth is not None:
            entry["agreement"] = float((labels == truth.argmax(axis=1)).mean())
            entry["max_difference"] = float(np.abs(probabilities - truth).max())


def _latency(answers: Sequence[dict[str, list[int]]]) -> TimedJson:
    """Summaries of all rounds so far, in microseconds."""
    found = {
        kind: statistics.summary([np.array(answer[f"{kind}_ns"], np.float64) / 1000 for answer in answers])
        for kind in ("invoke", "total")
    }
    return cast("TimedJson", found)


class _Steps:
    """Counts finished steps for the progress display; called from two threads, where a lost update is harmless."""

    def __init__(self, on_progress: Progress, total: int) -> None:
        self._on_progress, self._total, self._done = on_progress, total, 0

    def advance(self, next_up: str = "") -> None:
        self._done += 1
        self.show(next_up)

    def show(self, next_up: str) -> None:
        self._on_progress(self._done, self._total, next_up)
