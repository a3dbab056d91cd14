"""What learning a person is worth on HAPT: folds by person over its training people, each fold's int8 network.

    python benchmarks/adaptation.py --out runs/adaptation                # a Markdown table, two seeds
    python benchmarks/adaptation.py --out runs/adaptation --folds 7
    python benchmarks/adaptation.py --out runs/adaptation --align        # recordings turned by their own walking
    python benchmarks/adaptation.py --out runs/adaptation --both         # trained on recordings as they are and aligned
    python benchmarks/adaptation.py --out runs/adaptation --both --align # the same networks, measured aligned
    python benchmarks/adaptation.py --out runs/adaptation --test         # the published test people, once, at the end

The recipe of `micro`, shorter and without teachers. A network is trained once in a fold and kept, so that all rows are
of the same networks; the same command goes on where it stopped. Windows that a row learned from, and those that share
samples with them, are in no figure of that row: `plain` beside it is of the same windows.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar import data, models
from edgehar.contract import Contract
from edgehar.convert.quantised import int8_model, predict_file
from edgehar.data import Dataset, Windows
from edgehar.evaluation import Evaluation, evaluate
from edgehar.personal.trial import Trial, try_profiles
from edgehar.report.tables import NOTHING, markdown_table, percent, percent_range
from edgehar.runtimes import open_model
from edgehar.training import run
from edgehar.training.crossval import participants

RECIPE = {"epochs": 40, "teachers": 0, "rotation": 0.05}
#: With --both: every recording twice, and so twice as many steps; without mix-up, which changes nothing there.
BOTH = {**RECIPE, "mix": 0.0, "align": "both"}
#: Row -> activities that are learned from.
ROWS: dict[str, tuple[str, ...] | None] = {"sitting and standing, one window each": ("sitting", "standing"),
                                           "one window of each activity": None}  # fmt: skip


def main(arguments: list[str]) -> None:
    """Train what is missing, adapt, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--folds", type=int, default=3, choices=(3, 7))
    parser.add_argument("--align", action="store_true", help="recordings aligned by walking, in training as well")
    parser.add_argument("--both", action="store_true", help="train on recordings as they are and on aligned copies")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--test", action="store_true", help="train on all training people, measure the test people")
    asked = parser.parse_args(arguments)
    rows = []
    for seed in asked.seeds:
        results = [measure(fold) for fold in folds_of(asked, seed)]
        rows += [[name, str(seed), *cells] for name, cells in table(results).items()]
    aligned = "aligned by walking" if asked.align else "as recorded"
    what = "published test people" if asked.test else f"{asked.folds} folds over 21 training people"
    recipe = ", ".join(f"{name} {value}" for name, value in (BOTH if asked.both else RECIPE).items())
    print(f"{what}, {aligned}{', trained on both' if asked.both else ''}, `micro`, int8, {recipe}\n")
    columns = ["learned in each recording", "seed", "accuracy %", "95 % interval", "macro-F1", "plain %", "windows"]
    print(markdown_table(columns, rows))


@dataclass(frozen=True)
class Fold:
    """One network to train: the recordings, the people it does not know, and how both are aligned."""

    dataset: Dataset
    people: tuple[str, ...]
    seed: int
    folder: Path
    align: bool
    both: bool

    def prepare(self, align: str) -> tuple[run.RunPlan, run.Prepared]:
        """The training with recordings turned as one of `ALIGN` says."""
        how = {"seed": self.seed, "split": "published", "validation": 0, "refit": False}
        plan = run.RunPlan.of({}, "micro", {**(BOTH if self.both else RECIPE), **how, "align": align})
        return plan, run.prepare(plan, replace(self.dataset, published_test=self.people))


def folds_of(asked: argparse.Namespace, seed: int) -> list[Fold]:
    """The folds, or the one training whose people are the published test people."""
    dataset = data.load("hapt")
    kind = "-both" if asked.both else "-aligned" if asked.align else ""
    chosen = participants(dataset, asked.test)
    if asked.test:
        groups = {f"test{kind}-seed{seed}": dataset.published_test}
    else:
        several = data.folds(chosen.subjects, asked.folds, seed=seed)
        groups = {f"{asked.folds}-folds{kind}-seed{seed}-{number}": people for number, people in enumerate(several, 1)}
    return [Fold(chosen, people, seed, asked.out / name, asked.align, asked.both) for name, people in groups.items()]


@contextmanager
def network_of(fold: Fold) -> Iterator[tuple[Path, Contract, Windows]]:
    """The int8 network that does not know a fold's people, trained where it is not there yet, and their windows."""
    plan, prepared = fold.prepare("both" if fold.both else "all" if fold.align else "none")
    if prepared.unaligned:
        print(f"nobody walks for 8 s in {', '.join(prepared.unaligned)}", file=sys.stderr)
    if not (fold.folder / "done").exists():
        shutil.rmtree(fold.folder, ignore_errors=True)
        run.run(plan, prepared, fold.folder)
        (fold.folder / "done").touch()
        print(f"trained {fold.folder}", file=sys.stderr)
    model, contract = models.load(fold.folder / run.MODEL)
    others = tuple(person for person in fold.dataset.subjects if person not in fold.people)
    with int8_model(model, contract, prepared.coarse.of_subjects(others)) as path:
        opened = open_model(path)
        contract = opened.contract
        opened.close()
        if fold.both and fold.align:  # whoever is not trained on is as recorded in `prepared`
            _, prepared = fold.prepare("measured")
        yield path, contract, prepared.coarse.of_subjects(fold.people)


def measure(fold: Fold) -> dict[str, tuple[Windows, Trial]]:
    """The windows of the people left out, and what each row said of them, by a network that does not know them."""
    with network_of(fold) as (path, contract, windows):
        answers, every = predict_file(path, windows.x), np.arange(len(windows))
        found = {"nothing": (windows, Trial("recording", 0, (), 0, every, answers, answers))}
        for name, only in ROWS.items():
            found[name] = (windows, try_profiles(path, contract, windows, only=only))
    return found


def table(results: list[dict[str, tuple[Windows, Trial]]]) -> dict[str, list[str]]:
    """Each row's cells, all folds together."""
    cells = {}
    for name in results[0]:
        pairs = [result[name] for result in results]
        plain, adapted = (_pool(pairs, [getattr(trial, kind) for _, trial in pairs]) for kind in ("plain", "adapted"))
        learned = name != "nothing"
        cells[name] = [
            percent(adapted.accuracy),
            percent_range(adapted.intervals.accuracy),
            f"{adapted.macro_f1:.3f}",
            percent(plain.accuracy) if learned else NOTHING,
            str(adapted.windows),
        ]
    return cells


def _pool(pairs: list[tuple[Windows, Trial]], answers: list[np.ndarray]) -> Evaluation:
    scored = [windows.select(trial.scored) for windows, trial in pairs]
    truth, subject = (np.concatenate([getattr(part, name) for part in scored]) for name in ("y", "subject"))
    return evaluate(np.concatenate(answers), truth, subject, scored[0].labels)


if __name__ == "__main__":
    main(sys.argv[1:])
