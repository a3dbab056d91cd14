"""Two recordings of MotionSense that look as if their labels were exchanged, and what they cost in the figures.

    python benchmarks/placements.py figures --out runs/placements loso pockets     # the networks' answers
    python benchmarks/doubted_labels.py --runs runs/placements

Run it in the checkout, with the recordings of `benchmarks/pockets.toml` in ../shared/data. The first table is of the
person's recordings of stairs: what the acceleration itself says, and what networks say that were trained without any
recording of MotionSense. The second has the figures of the folds by person as labelled, and without the two recordings;
nothing is trained or learned again for it, and nothing else in the project leaves them out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

import placements

from edgehar import data
from edgehar.api.recordings import open_dataset
from edgehar.contract import Contract
from edgehar.data import DataSource, Windows
from edgehar.evaluation import evaluate
from edgehar.report.tables import markdown_table
from edgehar.schema import read_json
from edgehar.training.crossval import PLAN, participants
from edgehar.training.fold import FoldJson, read_fold
from edgehar.training.fold_adapted import scored_folds
from edgehar.training.truth import Truth

SET, PERSON = "motionsense", "motionsense:9"
DOUBTED = ("motionsense/ups_3/9/1", "motionsense/dws_2/9/1")
GRAVITY = 9.80665


def folds_of(folder: Path) -> list[FoldJson]:
    """Every fold's file of a run."""
    people = read_json(folder / PLAN, dict)["people"]
    return [read_fold(folder / f"fold-{number:02d}.json", tuple(own)) for number, own in enumerate(people, 1)]


def pooled_windows(labels: tuple[str, ...]) -> Windows:
    """The windows that the folds measure, in the order of their files once people are chosen."""
    dataset = participants(open_dataset(placements.POCKETS, DataSource.open), everybody=False)
    return data.cut_windows(dataset, Contract(labels), labels=Truth(labels, placements.STAIRS).words)


def said_without_the_set(runs: Path, seed: int, windows: Windows) -> dict[str, dict[str, int]]:
    """Recording of the person -> label -> windows that int8 networks gave it, trained on the other three sets."""
    found: dict[str, dict[str, int]] = {}
    for fold in folds_of(runs / f"loso-micro-{seed}"):
        if PERSON not in fold["people"]:
            continue
        own = windows.of_subjects(fold["people"])
        answers = np.array(fold["int8_probabilities"]).argmax(axis=1)
        for index in np.flatnonzero(own.subject == PERSON):
            told = found.setdefault(str(own.recording[index]), {})
            label = fold["labels"][answers[index]]
            told[label] = told.get(label, 0) + 1
    return found


def along(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Acceleration (N, 3) along its own mean, in m/s²."""
    mean = x.mean(axis=0, dtype=np.float64)
    values: NDArray[np.float64] = x @ (mean / np.linalg.norm(mean))
    return values


def recordings_table(runs: Path, seeds: list[int], windows: Windows) -> str:
    """The person's stairs."""
    told = [said_without_the_set(runs, seed, windows) for seed in seeds]
    dataset = open_dataset(placements.POCKETS, DataSource.open)
    rows = []
    for one in dataset.recordings:
        words = {dataset.classes[code] for code in set(one.label.tolist()) if code >= 0}
        if one.subject == PERSON and words & {"upstairs", "downstairs"}:
            values = along(one.acc)
            jerk = np.diff(values) * one.rate_hz
            shape = ((values - values.mean()) ** 3).mean() / values.std() ** 3
            said = [", ".join(f"{label} {n}" for label, n in seen.get(one.name, {}).items()) for seen in told]
            figures = [f"{values.std():.2f}", f"{np.sqrt((jerk**2).mean()):.0f}", f"{shape:.2f}"]
            rows.append([f"`{one.name}`", *figures, *said])
    header = ["recording", "deviation along gravity, m/s²", "jerk, m/s³", "skewness"]
    return markdown_table(header + [f"said by networks of seed {seed}" for seed in seeds], rows)


def figures_row(runs: Path, seed: int, windows: Windows) -> list[str]:
    """Macro-F1 of the set, plain and with a window per class learned, as labelled and without the two recordings."""
    cells = []
    folds = folds_of(runs / f"pockets-micro-{seed}")
    recordings = [windows.of_subjects(fold["people"]).recording for fold in folds]
    scored = [own[fold["adapted"]["scored"]] for own, fold in zip(recordings, folds, strict=True)]
    learned = [{**fold, "int8_probabilities": fold["probabilities"]} for fold in scored_folds(folds)]
    for some, names in ((folds, recordings), (learned, scored)):
        answers = np.concatenate([np.array(fold["int8_probabilities"], np.float32) for fold in some])
        truth = np.concatenate([np.array(fold["truth"], np.int64) for fold in some])
        person = np.concatenate([np.array(fold["subject"], np.str_) for fold in some])
        own = np.char.startswith(person, f"{SET}:")
        kept = own & ~np.isin(np.concatenate(names), DOUBTED)
        for chosen in (own, kept):
            told = evaluate(answers[chosen], truth[chosen], person[chosen], tuple(folds[0]["labels"]))
            cells.append(f"{told.macro_f1:.3f}")
    return [str(seed), *cells]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/placements"), help="of `placements.py figures`")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(placements.SEEDS))
    told = parser.parse_args()
    labels = tuple(folds_of(told.runs / f"pockets-micro-{told.seeds[0]}")[0]["labels"])
    windows = pooled_windows(labels)
    print(recordings_table(told.runs, told.seeds, windows))
    header = ["seed", "as labelled", "without the two", "adapted: as labelled", "without the two"]
    print(markdown_table(header, [figures_row(told.runs, seed, windows) for seed in told.seeds]))


if __name__ == "__main__":
    main()
