"""A training run as a folder: what was asked for, the split by person, the model, its history, its manifest.

The people of the test split never enter: the figures of a run are those of its validation people, and
`edgehar evaluate` measures the finished model on the test people.
"""

from __future__ import annotations

import math
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar import __version__, data, files, models
from edgehar.channels import channels_text, turnable
from edgehar.contract import Contract, Normalisation
from edgehar.data.recording import Dataset, Windows
from edgehar.errors import DataError, EdgeharError
from edgehar.evaluation import Evaluation, evaluate
from edgehar.evaluation.confidence import fit_temperature
from edgehar.personal.aligned import ALIGN, align_some, contract_gravity
from edgehar.schema import read_json
from edgehar.training import distil, loop
from edgehar.training.progress import STAGES, OnBatch, Stage, weight_of
from edgehar.training.recipe import Augmentation, Distillation, Recipe, recipe_for
from edgehar.training.truth import Truth
from edgehar.versions import installed

PLAN, MODEL, HISTORY, MANIFEST = "run.json", "model.keras", "history.csv", "manifest.json"

#: Folder of a run's checkpoints while it is not finished.
CHECKPOINTS = "checkpoints"

_PACKAGES = ("keras", "tensorflow", "numpy")


@dataclass(frozen=True)
class RunPlan:
    """Everything that a run was asked for; it stands in the run folder, so that a resumed run needs no options.

    Attributes:
        data: where the recordings come from and how to read them, JSON-ready, as the caller opens them.
        split: name of the split by person.
        validation: share of the people not in test that choose the epoch.
        refit: train again on training and validation people together, for the epochs that were best.
        front_end: what the windows hold; see `Contract`. Directions are gone behind `pocket`: nothing is rotated then.
        match: label of the recordings -> labels of the model that it may mean; it is none of the model's then.
        align: turn recordings by their own walking: `none`, `all`, `measured`: those of the split's test people,
            or `both`: train on the others' recordings as they are and on turned copies, in twice as many steps.
    """

    data: dict[str, Any] = field(default_factory=dict)
    split: str = "published"
    validation: float = 0.2
    input_layout: str = "window"
    refit: bool = True
    front_end: str = "none"
    match: dict[str, tuple[str, ...]] = field(default_factory=dict)
    align: str = "none"
    recipe: Recipe = field(default_factory=Recipe)

    @classmethod
    def of(cls, data: dict[str, Any], arch: str, options: Mapping[str, Any]) -> RunPlan:
        """The recipe of an architecture with changes.

        Args:
            options: attributes of a plan, a recipe, its augmentation or its distillation; None leaves one as it is.
        Raises:
            EdgeharError: an option that none of them has, or a value out of range.
        """
        told = {name: value for name, value in options.items() if value is not None}
        base = recipe_for(arch)
        known: set[str] = {"recipe"}

        def chosen(kind: type) -> dict[str, Any]:
            names = {item.name for item in fields(kind)} - {"data", "recipe", "arch", "augmentation", "distillation"}
            known.update(names)
            return {name: value for name, value in told.items() if name in names}

        recipe = replace(
            base,
            **chosen(Recipe),
            augmentation=replace(base.augmentation, **chosen(Augmentation)),
            distillation=replace(base.distillation, **chosen(Distillation)),
        )
        plan = cls(data=data, **chosen(cls), recipe=recipe)
        if plan.align not in ALIGN:
            raise EdgeharError(f"expected to align {', '.join(ALIGN)}, got {plan.align!r}")
        if plan.front_end != "none":
            if plan.align != "none":
                raise EdgeharError(f"expected no alignment with the front end {plan.front_end}: it leaves no direction")
            if told.get("rotation") or recipe.augmentation.turn:
                raise EdgeharError(
                    f"expected no rotation and no turn with the front end {plan.front_end}: it leaves no direction"
                )
            still = replace(recipe, augmentation=replace(recipe.augmentation, rotation=0.0))
            plan = replace(plan, recipe=still)
        unknown = sorted(set(told) - known)
        if unknown:
            raise EdgeharError(
                f"expected options of a training out of {', '.join(sorted(known - {'recipe'}))}; got {unknown[0]!r}"
            )
        return plan


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


def start(folder: Path, plan: RunPlan) -> None:
    """Write the plan into a run folder.

    Raises:
        EdgeharError: there is a run already, no such architecture, or the folder cannot be written.
    """
    require_architectures(plan.recipe)
    if (folder / PLAN).exists():
        raise EdgeharError(f"{folder} holds a run already; go on with it by --resume {folder} or choose another --out")
    files.write_json(folder / PLAN, asdict(plan))


def finish(folder: Path) -> None:
    """Remove what a stopped run would go on from: until then a run can be resumed."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def abandon(folder: Path) -> bool:
    """Undo `start` where there is nothing to go on from: no epoch of any network has been finished.

    Returns:
        whether the run is gone.
    """
    if any((folder / CHECKPOINTS).rglob("*.npz")) or (folder / MANIFEST).exists():
        return False
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / PLAN).unlink(missing_ok=True)
    return True


def read_plan(folder: Path) -> RunPlan:
    """The plan of a run folder that is not finished; raises EdgeharError where there is none."""
    if not (folder / PLAN).is_file():
        raise EdgeharError(f"expected the folder of a training run with {PLAN} in it, got {folder}")
    if (folder / MANIFEST).exists() and not (folder / CHECKPOINTS).exists():
        raise EdgeharError(f"the run in {folder} is finished; evaluate {folder / MODEL} or start another with --out")
    return read_json(folder / PLAN, RunPlan, complete=True)


def labels_of(dataset: Dataset) -> tuple[str, ...]:
    """The activities of a data set that a model can be trained on, in the vocabulary's order.

    Raises:
        DataError: fewer than two.
    """
    used = {int(code) for recording in dataset.recordings for code in np.unique(recording.label) if code >= 0}
    named = [dataset.classes[code] for code in sorted(used) if dataset.classes[code] not in data.TRANSITIONS]
    known = [name for name in data.ACTIVITIES if name in named]
    labels = (*known, *(name for name in named if name not in known))
    if len(labels) < 2:
        raise DataError(f"expected two or more activities in {dataset.name}, got {', '.join(labels) or 'no label'}")
    return labels


@dataclass(frozen=True)
class Prepared:
    """What a plan means for a data set, before anything is trained or written.

    Attributes:
        contract: without normalisation, which belongs to the people who are trained on.
        truth: what a window's truth may be; its codes are those of the windows.
        coarse: windows at the training step.
        fine: windows at every start that an augmentation by shift may draw.
        unaligned: recordings that were to be aligned, and in which nobody walks.
    """

    dataset: Dataset
    split: data.Split
    contract: Contract
    truth: Truth
    coarse: Windows
    fine: Windows
    unaligned: tuple[str, ...] = ()


def prepare(plan: RunPlan, dataset: Dataset) -> Prepared:
    """Split the people and cut the windows.

    Raises:
        DataError: too few people, windows or classes.
        EdgeharError: no such architecture.
    """
    recipe = plan.recipe
    require_architectures(recipe)
    split = data.split(dataset, plan.split, validation=plan.validation, seed=recipe.seed)
    truth = Truth.of(labels_of(dataset), plan.match)
    contract = Contract(
        truth.labels, input_layout=plan.input_layout, front_end=plan.front_end, channels=dataset.channels
    )
    gravity = contract_gravity(dataset, split.train + split.validation, contract)
    contract = replace(contract, walking_gravity=gravity)
    how = recipe.augmentation
    if (how.rotation or how.turn) and not turnable(contract.channels):
        raise EdgeharError(
            f"expected --rotation 0 and no --turn for the channels {channels_text(contract.channels)}, which are not "
            "x, y and z of each sensor"
        )
    whole = dataset
    dataset, unaligned = align_some(plan.align, dataset, contract, split.test)
    coarse = fine = data.cut_windows(dataset, contract, labels=truth.words)
    if recipe.augmentation.shift:
        fine = data.cut_windows(dataset, contract, step=recipe.augmentation.shift, labels=truth.words)
    for people in (split.train, split.validation):
        if people:
            data.require_trainable(coarse.of_subjects(people), truth.labels)
    return Prepared(whole, split, contract, truth, coarse, fine, unaligned)


def stages(plan: RunPlan, prepared: Prepared) -> list[Stage]:
    """The trainings of a run, as far as they are known before it starts: early stopping may cut them short."""
    loop.make_deterministic()  # before the first network is built
    recipe, split = plan.recipe, prepared.split
    found: list[Stage] = []
    parts = [split.train, split.train + split.validation] if plan.refit and split.validation else [split.train]
    for people, names in zip(parts, (STAGES[:2], STAGES[2:]), strict=False):
        windows = len(prepared.coarse.of_subjects(people))
        own = distil.teacher_recipes(recipe)
        for name, several in ((names[0], own), (names[1], [recipe])):
            if several:
                batches = math.ceil(windows / several[0].batch_size)
                epochs = sum(each.epochs for each in several)
                found.append(Stage(name, epochs, batches, weight_of(several[0].arch, prepared.contract)))
    return found


def run(
    plan: RunPlan,
    prepared: Prepared,
    folder: Path,
    *,
    command: Sequence[str] = (),
    on_batch: OnBatch | None = None,
) -> Outcome:
    """Train as planned in a folder made by `start`; goes on from the folder's checkpoints.

    Writes model.keras, history.csv and, last of all, manifest.json; the checkpoints stay until `finish`.

    Args:
        command: command line, for the manifest.
        on_batch: progress of each of the `STAGES`.
    Raises:
        EdgeharError: a checkpoint of another run.
        MissingExtra: TensorFlow or scikit-learn is not installed.
    """
    recipe, split, dataset, coarse = plan.recipe, prepared.split, prepared.dataset, prepared.coarse

    def fit(
        people: tuple[str, ...], others: tuple[str, ...], at: Path, names: Sequence[str], **options: Any
    ) -> tuple[loop.Fitted, Contract]:
        own = coarse.of_subjects(people)
        fitted_contract = replace(prepared.contract, normalisation=normalisation(own, recipe.normalisation))
        fine = prepared.fine.of_subjects(people)
        given: dict[str, Any] = {"train": fine, "draw": len(own), "match": plan.match}
        given["chance"] = data.balance(fine, dataset.sources, dataset.weights)
        told = [None if on_batch is None else partial(on_batch, name) for name in names]
        teacher = distil.train_teachers(recipe, fitted_contract, **given, folder=at, on_batch=told[0])
        validation = coarse.of_subjects(others) if others else None
        options |= {"validation": validation, "teacher": teacher, "checkpoint": at / "student.npz"}
        return loop.fit(recipe, fitted_contract, **given, **options, on_batch=told[1]), fitted_contract

    fitted, contract = fit(split.train, split.validation, folder / CHECKPOINTS / "choice", STAGES[:2])
    measured = coarse.of_subjects(split.validation or split.train)
    predicted = loop.probabilities(fitted.model, contract, measured.x)
    evaluation = measure(predicted, measured, prepared.truth)
    final = fitted
    if plan.refit and split.validation:
        at = folder / CHECKPOINTS / "refit"
        final, contract = fit(split.train + split.validation, (), at, STAGES[2:], stop_after=fitted.best_epoch)
    plain = measured.y < len(contract.labels)  # whose truth is one of the model's labels
    models.save(final.model, contract, folder / MODEL)
    files.write_text(folder / HISTORY, loop.history_csv(fitted.history))
    manifest = {
        "command": list(command),
        "plan": asdict(plan),
        "contract": contract.to_dict(),
        "data": {**dataset.origin, "notes": list(dataset.notes)},
        "subjects": asdict(split),
        **({} if plan.align == "none" else {"unaligned": list(prepared.unaligned)}),
        "windows": {name: len(coarse.of_subjects(people)) for name, people in asdict(split).items()},
        "best_epoch": fitted.best_epoch,
        "trained_on": "train and validation" if final is not fitted else "train",
        "validation": evaluation.to_dict(),
        # Fitted on validation people, with the network that never saw them; `export --temperature fitted` folds it.
        "temperature": fit_temperature(predicted[plain], measured.y[plain]) if split.validation else None,
        "model": {
            "sha256": files.sha256_file(folder / MODEL),
            "bytes": (folder / MODEL).stat().st_size,
            "parameters": int(final.model.count_params()),
        },
        "versions": versions(),
    }
    files.write_json(folder / MANIFEST, manifest)
    return Outcome(contract, fitted, evaluation, split, manifest)


def measure(predicted: NDArray[np.float32], windows: Windows, truth: Truth) -> Evaluation:
    """Figures of probabilities float32 (N, labels); where a truth may be coarse, of the labels that it merges."""
    matching, code = truth.merged()
    return evaluate(matching.merge(predicted), code[windows.y], windows.subject, matching.labels)


def normalisation(windows: Windows, kind: str) -> Normalisation:
    """Mean and deviation of training windows: per channel, or one deviation for all of them (`scalar`)."""
    x = windows.x.astype(np.float64)
    mean, std = x.mean(axis=(0, 1)), np.maximum(x.std(axis=(0, 1)), 1e-3)
    if kind == "scalar":
        std = np.full(len(std), std.mean())
    # float32, since the network computes in it and the contract must say what was computed.
    mean, std = ([float(np.float32(value)) for value in values] for values in (mean, std))
    return Normalisation(tuple(mean), tuple(std), folded=False)


def versions() -> dict[str, str]:
    """What made the weights."""
    packages = installed(_PACKAGES)
    return {"edgehar": __version__, "python": platform.python_version(), "machine": platform.machine(), **packages}
