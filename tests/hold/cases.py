"""The commands that are killed: what they start from, how they go on, and what must come out."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgehar.bundle import open_bundle
from edgehar.errors import BundleError
from tests.hostile.things import LABELS

#: What was complete after the kill: name -> content.
Kept = dict[str, bytes]

_SMALL = "--arch nano --teachers 0 --dataset walk.csv"


def nothing_kept(where: Path, made: Path, whole: Path) -> Kept:
    """Of a command that writes one file at its end."""
    return {}


@dataclass(frozen=True)
class Case:
    """A command under the knife.

    Attributes:
        start: which prepared folder it starts in.
        target: file or folder that it writes.
        again: the command that goes on in a folder, or none where all is done.
        after_kill: looks at what the kill left, before anything runs: (folder, its start, the undisturbed one).
        check: compares the recovered folder with the undisturbed one.
        hooks: share of the points that are changes to the target.
        weight: of the points in all.
    """

    name: str
    command: list[str]
    target: str
    again: Callable[[Path], list[str]]
    check: Callable[[Path, Path, Kept], None]
    after_kill: Callable[[Path, Path, Path], Kept] = nothing_kept
    start: str = "plain"
    hooks: float = 2 / 3
    weight: int = 1


def prepare(folder: Path, run: Callable[[list[str], Path], object]) -> Path:
    """The folders that the commands start in: `plain` has a recording, `bundle` a bundle besides."""
    made = folder / "made"
    for name in ("plain", "bundle"):
        (made / name).mkdir(parents=True)
        (made / name / "walk.csv").write_text(recording())
    done = run([*EXPORT[:-2], "--calibration", "9", "--out", "b"], made / "bundle")
    assert (made / "bundle/b/manifest.json").exists(), done
    return made


def recording() -> str:
    """Four people who do each activity for 12 s, every one at another level and another pace."""
    lines = ["t,x,y,z,label,subject"]
    for person in range(4):
        for at, label in enumerate(LABELS):
            for step in range(12 * 20):
                swing = math.sin(step / (2 + at + person / 7)) * (4 - at / 2)
                time = (at * 12 * 20 + step) / 20
                lines.append(
                    f"{time:.2f},{at / 2:.2f},{9.8 + swing:.4f},{swing / 2 + person / 9:.4f},{label},p{person}"
                )
    return "\n".join(lines) + "\n"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def equal(here: Path, there: Path, names: list[str] | None = None) -> None:
    """Every file of two folders, or these, byte for byte."""
    mine, theirs = files_of(here), files_of(there)
    chosen = sorted(mine.keys() | theirs.keys()) if names is None else names
    differ = [name for name in chosen if mine.get(name) != theirs.get(name) or name not in mine]
    assert not differ, f"differ from an undisturbed run: {differ}"


TRAIN = f"train {_SMALL} --epochs 2 --split random:0.3 --out run".split()


def train_again(where: Path) -> list[str]:
    run = where / "run"
    if (run / "manifest.json").exists() and not (run / "checkpoints").exists():
        return []
    return ["train", "--resume", "run"] if (run / "run.json").exists() else TRAIN


def check_train(where: Path, whole: Path, kept: Kept) -> None:
    names = ["model.keras", "history.csv", "classification_report.txt", "subjects.csv", "run.json"]
    equal(where / "run", whole / "run", names)
    mine, theirs = (json.loads((place / "run/manifest.json").read_text()) for place in (where, whole))
    assert {**mine, "command": 0} == {**theirs, "command": 0}, "another manifest"
    assert {path.name for path in (where / "run").iterdir()} == {path.name for path in (whole / "run").iterdir()}


EXPORT = [
    "export",
    "--model",
    "nano",
    "--dataset",
    "walk.csv",
    "--int8",
    "--split",
    "random:0.3",
    "--no-gate",
    "--calibration",
    "12",
    "--out",
    "b",
]


def export_kept(where: Path, made: Path, whole: Path) -> Kept:
    """The earlier bundle or the new one, whole; or none, and that is said."""
    if not (where / "b/manifest.json").exists():
        try:
            open_bundle(where / "b")
        except BundleError:
            return {}
        raise AssertionError("a bundle without a manifest was opened")
    open_bundle(where / "b").verify()
    assert files_of(where / "b").get("manifest.json") in [
        files_of(place / "b").get("manifest.json") for place in (made, whole)
    ]
    return {}


def check_export(where: Path, whole: Path, kept: Kept) -> None:
    open_bundle(where / "b").verify()
    equal(where / "b", whole / "b")


BENCH = ["bench", "b", "--dataset", "golden", "--quick", "--runtimes", "litert-int8", "--out", "r"]


def check_bench(where: Path, whole: Path, kept: Kept) -> None:
    results = json.loads((where / "r/results.json").read_text())
    assert results["complete"] and results["rows"][0]["status"] == "ok"
    assert {path.name for path in (where / "r").iterdir()} == {path.name for path in (whole / "r").iterdir()}
    rows = list(csv.reader(io.StringIO((where / "r/samples.csv").read_text())))
    assert {len(row) for row in rows} == {len(rows[0])}, "torn lines"
    assert {row[1] for row in rows[1:]} == {str(number) for number in range(6)}


CROSSVAL = f"crossval {_SMALL} --epochs 1 --folds 2 --out cv".split()


def crossval_kept(where: Path, made: Path, whole: Path) -> Kept:
    return {path.name: path.read_bytes() for path in (where / "cv").glob("fold-*.json")}


def check_crossval(where: Path, whole: Path, kept: Kept) -> None:
    equal(where / "cv", whole / "cv")
    lost = [name for name, content in kept.items() if (where / "cv" / name).read_bytes() != content]
    assert not lost, f"complete folds that were changed: {lost}"


SEARCH = ["search", "--trials", "2", "--epochs", "2", "--dataset", "walk.csv", "--split", "random:0.3", "--out", "s"]


def candidates(folder: Path) -> list[str]:
    path = folder / "s/candidates.csv"
    return path.read_text().splitlines()[1:] if path.exists() else []


def search_kept(where: Path, made: Path, whole: Path) -> Kept:
    return dict.fromkeys(candidates(where), b"")


def check_search(where: Path, whole: Path, kept: Kept) -> None:
    found = candidates(where)
    assert len(found) == 2, found
    assert set(kept) <= set(found), "a candidate that was complete is gone"
    assert (where / "s/front.csv").read_text().count("\n") >= 2


ADAPT = ["adapt", "walk.csv", "--bundle", "b", "--out", "me.profile"]


def check_adapt(where: Path, whole: Path, kept: Kept) -> None:
    equal(where, whole)


CASES = [
    Case("adapt", ADAPT, "", lambda where: ADAPT, check_adapt, start="bundle", weight=4),
    Case("bench", BENCH, "r", lambda where: BENCH, check_bench, start="bundle", weight=3),
    Case("train", TRAIN, "run", train_again, check_train, weight=4),
    Case("crossval", CROSSVAL, "cv", lambda where: CROSSVAL, check_crossval, crossval_kept, weight=3),
    Case("search", SEARCH, "s", lambda where: SEARCH, check_search, search_kept, hooks=0.4, weight=3),
    Case("export over a bundle", EXPORT, "b", lambda where: EXPORT, check_export, export_kept, "bundle", weight=2),
    Case("export", EXPORT, "b", lambda where: EXPORT, check_export, export_kept, weight=1),
]  # fmt: skip
