"""A training run as a folder: what was asked for, the split by person, the model, its history, its manifest.

The people of the test split never enter: the figures of a run are those of its validation people, and
`edgehar evaluate` measures the finished model on the test people.
"""

from __future__ import annotations

import csv
import io
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehar import __version__, data, files, models
from edgehar.contract import Contract, Normalisation
from edgehar.data.recording import Dataset, Windows
from edgehar.errors import DataError, EdgeharError
from edgehar.evaluation import Evaluation, evaluate
from edgehar.evaluation.confidence import fit_temperature
from edgehar.schema import read_json
from edgehar.training import distil, loop
from edgehar.training.recipe import Recipe
from edgehar.versions import installed

PLAN, MODEL, HISTORY, MANIFEST = "run.json", "model.keras", "history.csv", "manifest.json"

#: Folder of a run's checkpoints while it is not finished.
CHECKPOINTS = "checkpoints"

_COLUMNS = ("epoch", "learning_rate", "loss", "validation_loss", "validation_accuracy")
_PACKAGES = ("keras", "tensorflow", "numpy")


@dataclass(frozen=True)
class Plan:
    """Everything that a run was asked for; it stands in the run folder, so that a resumed run needs no options.

    Attributes:
        data: where the recordings come from and how to read them, JSON-ready, as the caller opens them.
        split: name of the split by person.
        validation: share of the people not in test that choose the epoch.
        refit: train again on training and validation people together, for the epochs that were best.
    """

    data: dict[str, Any] = field(default_factory=dict)
    split: str = "published"
    validation: float = 0.2
    input_layout: str = "window"
    refit: bool = True
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class Outcome:
    """A finished run: the model, the history of the choice of epochs, and the validation people's figures."""

    contract: Contract
    fitted: loop.Fitted
    evaluation: Evaluation
    split: data.Split
    manifest: dict[str, Any]


def require_architectures(recipe: Recipe) -> None:
    """Raise EdgeharError unless the network and its teachers can be built; before anything is written."""
    models.require_architecture(recipe.arch)
    if recipe.distillation.teachers:
        models.require_architecture(recipe.distillation.teacher)


def start(folder: Path, plan: Plan) -> None:
    """Make a run folder with its plan.

    Raises:
        EdgeharError: there is a run already, no such architecture, or the folder cannot be written.
    """
    require_architectures(plan.recipe)
    if (folder / PLAN).exists():
        raise EdgeharError(f"{folder} holds a run already; go on with it by --resume {folder} or choose another --out")
    files.write_json(folder / PLAN, asdict(plan))


def read_plan(folder: Path) -> Plan:
    """The plan of a run folder that is not finished; raises EdgeharError where there is none."""
    if not (folder / PLAN).is_file():
        raise EdgeharError(f"expected the folder of a training run with {PLAN} in it, got {folder}")
    if (folder / MANIFEST).exists():
        raise EdgeharError(f"the run in {folder} is finished; evaluate {folder / MODEL} or start another with --out")
    return read_json(folder / PLAN, Plan, complete=True)


def labels_of(dataset: Dataset) -> tuple[str, ...]:
    """The activities of a data set that a model can be trained on, in the vocabulary's order."""
    used = {int(code) for recording in dataset.recordings for code in np.unique(recording.label) if code >= 0}
    named = [dataset.classes[code] for code in sorted(used) if dataset.classes[code] not in data.TRANSITIONS]
    known = [name for name in data.ACTIVITIES if name in named]
    labels = (*known, *(name for name in named if name not in known))
    if len(labels) < 2:
        raise DataError(f"expected two or more activities in {dataset.name}, got {', '.join(labels) or 'no label'}")
    return labels


def run(
    plan: Plan,
    dataset: Dataset,
    folder: Path,
    *,
    command: Sequence[str] = (),
    on_batch: loop.OnBatch | None = None,
    on_refit: loop.OnBatch | None = None,
    on_teachers: loop.OnBatch | None = None,
) -> Outcome:
    """Train as planned in a folder made by `start`; goes on from the folder's checkpoints.

    Writes model.keras, history.csv and, last of all, manifest.json.

    Args:
        command: command line, for the manifest.
        on_batch, on_refit, on_teachers: progress of the two trainings, and of their teachers'.
    Raises:
        DataError: too few people, windows or classes.
        EdgeharError: a checkpoint of another run.
    """
    recipe = plan.recipe
    split = data.split(dataset, plan.split, validation=plan.validation, seed=recipe.seed)
    contract = Contract(labels_of(dataset), input_layout=plan.input_layout)
    coarse = data.cut_windows(dataset, contract)
    fine = coarse
    if recipe.augmentation.shift:
        fine = data.cut_windows(dataset, contract, step=recipe.augmentation.shift)
    for people in (split.train, split.validation):
        data.require_trainable(coarse.of_subjects(people)) if people else None

    def fit(people: tuple[str, ...], others: tuple[str, ...], at: Path, **options: Any) -> tuple[loop.Fitted, Contract]:
        own = coarse.of_subjects(people)
        fitted_contract = replace(contract, normalisation=normalisation(own, recipe.normalisation))
        given: dict[str, Any] = {"train": fine.of_subjects(people), "draw": len(own)}
        teacher = distil.train_teachers(recipe, fitted_contract, **given, folder=at, on_batch=on_teachers)
        validation = coarse.of_subjects(others) if others else None
        options |= {"validation": validation, "teacher": teacher, "checkpoint": at / "student.npz"}
        return loop.fit(recipe, fitted_contract, **given, **options), fitted_contract

    fitted, contract = fit(split.train, split.validation, folder / CHECKPOINTS / "choice", on_batch=on_batch)
    measured = coarse.of_subjects(split.validation or split.train)
    predicted = loop.probabilities(fitted.model, contract, measured.x)
    evaluation = evaluate(predicted, measured.y, measured.subject, contract.labels)
    final = fitted
    if plan.refit and split.validation:
        final, contract = fit(
            split.train + split.validation,
            (),
            folder / CHECKPOINTS / "refit",
            stop_after=fitted.best_epoch,
            on_batch=on_refit,
        )
    models.save(final.model, contract, folder / MODEL)
    files.write_text(folder / HISTORY, history_csv(fitted.history))
    manifest = {
        "command": list(command),
        "plan": asdict(plan),
        "contract": contract.to_dict(),
        "data": {"name": dataset.name, "sha256": dataset.sha256, "notes": list(dataset.notes)},
        "subjects": asdict(split),
        "windows": {name: len(coarse.of_subjects(people)) for name, people in asdict(split).items()},
        "best_epoch": fitted.best_epoch,
        "trained_on": "train and validation" if final is not fitted else "train",
        "validation": evaluation.to_dict(),
        # Fitted on validation people, with the network that never saw them; `export --temperature fitted` folds it.
        "temperature": fit_temperature(predicted, measured.y) if split.validation else None,
        "model": {
            "sha256": files.sha256_file(folder / MODEL),
            "bytes": (folder / MODEL).stat().st_size,
            "parameters": int(final.model.count_params()),
        },
        "versions": versions(),
    }
    files.write_json(folder / MANIFEST, manifest)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return Outcome(contract, fitted, evaluation, split, manifest)


def normalisation(windows: Windows, kind: str) -> Normalisation:
    """Mean and deviation (m/s²) of training windows: per axis, or one deviation for all axes (`scalar`)."""
    x = windows.x.astype(np.float64)
    mean, std = x.mean(axis=(0, 1)), np.maximum(x.std(axis=(0, 1)), 1e-3)
    if kind == "scalar":
        std = np.full(3, std.mean())
    # float32, since the network computes in it and the contract must say what was computed.
    mean, std = ([float(np.float32(value)) for value in values] for values in (mean, std))
    return Normalisation((mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), folded=False)


def history_csv(history: list[dict[str, float]]) -> str:
    """One line an epoch, floats in full precision."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in _COLUMNS if name in history[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def versions() -> dict[str, str]:
    """What made the weights."""
    packages = installed(_PACKAGES)
    return {"edgehar": __version__, "python": platform.python_version(), "machine": platform.machine(), **packages}
