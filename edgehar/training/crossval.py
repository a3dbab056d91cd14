"""Cross-validation by person, or by set: every fold's people are measured with a model that was trained without them.

A fold is one whole training as `edgehar train` does it, epoch chosen on validation people among the others.
Its result is a file of its own in the run's folder, so that a run that was stopped goes on with what is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from edgehar import data, files, models
from edgehar.contract import Contract
from edgehar.convert.quantised import int8_model, predict_file
from edgehar.data.recording import Dataset
from edgehar.errors import DataError, EdgeharError
from edgehar.evaluation import Evaluation, evaluate, match_labels
from edgehar.files import temporary_folder
from edgehar.schema import read_json
from edgehar.training import loop, run
from edgehar.training.by_source import Answers, SourceJson, by_source, source_folds
from edgehar.training.fold import FoldJson, QuantisedJson, read_fold
from edgehar.training.fold_adapted import Adapting, adapt_fold, scored_folds
from edgehar.training.parallel import each
from edgehar.training.truth import Match

PLAN, SUMMARY = "crossval.json", "summary.json"

Figure = Literal["accuracy", "macro_f1"]
_FIGURES: tuple[Figure, ...] = ("accuracy", "macro_f1")
_BY_WINDOW = ("probabilities", "truth", "subject")
_INT8: Final = "int8_probabilities"

#: Called with (folds done, folds in all, the newest fold's result or None at the start).
OnFold = Callable[[int, int, FoldJson | None], None]


@dataclass(frozen=True)
class CrossPlan:
    """Everything that a cross-validation was asked for.

    Attributes:
        run: how each fold is trained; its `split` plays no part.
        folds: number of folds, `loso` to leave one subject out at a time, or `source` one set of pooled recordings.
        everybody: whether the people of the set's published test split take part.
        int8: whether each fold's network is measured quantised as well.
        adapting: what is learned of each fold's people, on top of the quantised network; None for nothing.
    """

    run: run.RunPlan
    folds: int | str
    everybody: bool = False
    int8: bool = False
    adapting: Adapting | None = None


@dataclass(frozen=True)
class CrossResult:
    """A finished cross-validation.

    Attributes:
        folds: each fold's result as its file has it.
        pooled: all people together, each measured by the model that did not know them.
        pooled_int8: the same of the quantised networks, where they were asked for.
        sources, sources_int8: figures of each set of pooled recordings; see `by_source`.
        pooled_adapted: of the quantised networks without and with what was learned of each person, on the windows
            that nothing was learned from.
        sources_adapted: the same two of each set.
    """

    folds: list[FoldJson]
    pooled: Evaluation
    pooled_int8: Evaluation | None = None
    sources: dict[str, SourceJson] = field(default_factory=dict)
    sources_int8: dict[str, SourceJson] = field(default_factory=dict)
    pooled_adapted: tuple[Evaluation, Evaluation] | None = None
    sources_adapted: dict[str, tuple[SourceJson, SourceJson]] = field(default_factory=dict)

    @property
    def unaligned(self) -> tuple[str, ...]:
        """Recordings that were to be aligned, and in which nobody walks."""
        return tuple(dict.fromkeys(name for fold in self.folds for name in fold.get("unaligned") or ()))

    def spread(self, figure: Figure) -> tuple[float, float]:
        """Mean and sample deviation over the folds of `accuracy` or `macro_f1`."""
        values = [fold[figure] for fold in self.folds]
        return float(np.mean(values)), float(np.std(values, ddof=1))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        spread = {figure: dict(zip(("mean", "deviation"), self.spread(figure), strict=True)) for figure in _FIGURES}
        short = [
            {name: _without_windows(value) for name, value in fold.items() if name not in (*_BY_WINDOW, _INT8)}
            for fold in self.folds
        ]
        whole = {"folds": short, "over_folds": spread, "pooled": self.pooled.to_dict()}
        told = {"sources": self.sources, "sources_int8": self.sources_int8}
        whole |= {name: figures for name, figures in told.items() if figures}
        if self.pooled_int8 is not None:
            whole["pooled_int8"] = self.pooled_int8.to_dict()
        if self.pooled_adapted is not None:
            before, after = (item.to_dict() for item in self.pooled_adapted)
            whole |= {"pooled_before_adapting": before, "pooled_adapted": after}
        if self.sources_adapted:
            for at, name in enumerate(("sources_before_adapting", "sources_adapted")):
                whole[name] = {source: figures[at] for source, figures in self.sources_adapted.items()}
        return whole


def participants(dataset: Dataset, everybody: bool) -> Dataset:
    """The recordings of those who take part, resampled: the same windows, and less to send to a worker.

    Raises:
        DataError: fewer than two activities.
    """
    contract = Contract(run.labels_of(dataset))
    left_out = () if everybody else dataset.published_test
    recordings = tuple(
        data.resample(part, contract.rate_hz)
        for recording in dataset.recordings
        if recording.subject not in left_out
        for part in data.split_at_gaps(recording)
    )
    chosen = replace(dataset, recordings=recordings)
    # Somebody without a single window cannot be measured.
    measured = set(data.cut_windows(chosen, contract).subject.tolist())
    return replace(chosen, recordings=tuple(item for item in recordings if item.subject in measured))


def start(folder: Path, plan: CrossPlan, dataset: Dataset) -> list[tuple[str, ...]]:
    """Write the plan into the folder, or check that it is the one that stands there; returns each fold's people.

    Args:
        dataset: those who take part.
    Raises:
        DataError: fewer people than folds.
        EdgeharError: the folder holds another run, or no such architecture.
    """
    run.require_architectures(plan.run.recipe)
    if plan.folds == "source":
        if not dataset.sources:
            raise DataError(f"expected a list of several sets (.toml) to leave one out, got {dataset.name} alone")
        groups = source_folds(dataset.sources, dataset.subjects)
    else:
        groups = data.folds(dataset.subjects, plan.folds, seed=plan.run.recipe.seed)
    whole = {"plan": asdict(plan), "data": dataset.origin, "people": groups}
    keep_plan(folder / PLAN, whole)
    return groups


def keep_plan(path: Path, whole: Mapping[str, object]) -> None:
    """Write what was asked for, or refuse in one line that names what differs from what stands there."""
    asked = _flat(json.loads(files.dump_json(whole)))
    if not path.exists():
        files.write_json(path, whole)
        return
    stored = _flat(read_json(path, dict))
    # What was asked for comes first: the people follow from it.
    names = sorted(asked.keys() | stored.keys(), key=lambda name: (not name.startswith("plan."), name))
    changed = [name for name in names if asked.get(name) != stored.get(name)]
    if changed:
        name = changed[0]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise EdgeharError(
            f"{path.parent} holds a run with {name.removeprefix('plan.')} {stored.get(name)}, not {asked.get(name)}"
            f"{more}; give its options again or choose another --out"
        )


def cross_validate(
    plan: CrossPlan,
    dataset: Dataset,
    folder: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    match: Match | None = None,
    on_fold: OnFold | None = None,
) -> CrossResult:
    """Run the folds that the folder has no result of, and sum up.

    Writes `fold-01.json`, … as they finish, and last `summary.json`.

    Args:
        dataset: those who take part, as `participants` gives them.
        jobs, dask: see `parallel.each`.
        match: label of the figures -> labels of the model that it may mean; see `evaluation.match_labels`. The folds'
            files keep what the networks said.
    Raises:
        DataError: too few people or windows.
        EdgeharError: the folder holds another run; a worker died.
    """
    groups = start(folder, plan, dataset)
    paths = [folder / f"fold-{number:02d}.json" for number in range(1, len(groups) + 1)]
    done = sum(path.exists() for path in paths)
    if on_fold is not None:
        on_fold(done, len(groups), None)

    def missing() -> Iterator[tuple[object, ...]]:
        for number, (path, people) in enumerate(zip(paths, groups, strict=True), 1):
            if not path.exists():
                yield plan.run, dataset, number, people, plan.int8, plan.adapting

    for result in each(run_fold, missing(), jobs=jobs, dask=dask):
        files.write_json(paths[result["fold"] - 1], result)
        done += 1
        if on_fold is not None:
            on_fold(done, len(groups), result)
    folds = [read_fold(path, people) for path, people in zip(paths, groups, strict=True)]
    for path, fold in zip(paths, folds, strict=True):
        if fold["labels"] != folds[0]["labels"]:
            raise DataError(f"expected the labels of the other folds in {path}, got {fold['labels']}; delete it")
    summary = sum_up(folds, match, dataset.sources)
    files.write_json(folder / SUMMARY, summary.to_dict())
    return summary


def run_fold(
    plan: run.RunPlan,
    dataset: Dataset,
    number: int,
    people: tuple[str, ...],
    int8: bool = False,
    adapting: Adapting | None = None,
) -> FoldJson:
    """Train without these people and measure them; JSON-ready. Runs in any process and leaves no files.

    Args:
        int8: measure the quantised network as well.
        adapting: learn these people, and measure that as well.
    """
    prepared = run.prepare(replace(plan, split="published"), replace(dataset, published_test=people))
    with temporary_folder() as name:
        outcome = run.run(replace(plan, split="published"), prepared, name)
        model, contract = models.load(name / run.MODEL)
    windows = prepared.coarse.of_subjects(people)
    probabilities = loop.probabilities(model, contract, windows.x)
    measured = run.measure(probabilities, windows, prepared.truth)
    quantised: QuantisedJson = {}
    if int8 or adapting is not None:
        own = prepared.coarse.of_subjects(outcome.split.train + outcome.split.validation)
        with int8_model(model, contract, own) as path:
            answers = predict_file(path, windows.x)
            learned: QuantisedJson = {} if adapting is None else {"adapted": adapt_fold(path, windows, adapting)}
        again = run.measure(answers, windows, prepared.truth)
        quantised = {"int8_accuracy": again.accuracy, "int8_macro_f1": again.macro_f1, _INT8: _listed(answers)}
        quantised |= learned
    if plan.align != "none":
        quantised["unaligned"] = list(prepared.unaligned)
    return {
        "fold": number,
        "people": list(people),
        "train": list(outcome.split.train),
        "validation": list(outcome.split.validation),
        "trained_on": outcome.manifest["trained_on"],
        "best_epoch": outcome.fitted.best_epoch,
        "parameters": int(model.count_params()),
        "accuracy": measured.accuracy,
        "macro_f1": measured.macro_f1,
        "windows": measured.windows,
        "labels": list(contract.labels),
        "truths": list(prepared.truth.words),
        "subject": windows.subject.tolist(),
        "truth": windows.y.tolist(),
        "probabilities": _listed(probabilities),
        **quantised,
    }


def sum_up(folds: list[FoldJson], match: Match | None = None, sources: Mapping[str, str] | None = None) -> CrossResult:
    """All folds together, as if one model had been measured on everybody.

    Args:
        sources: person -> set, where sets were pooled.
    """
    matching = match_labels(folds[0]["labels"], match)
    code = np.array([matching.words[word] for word in folds[0]["truths"]], np.int64)

    def pool(some: list[FoldJson], name: Answers) -> Evaluation:
        answers = np.array([row for fold in some for row in fold[name]], np.float32)
        truth = np.array([code for fold in some for code in fold["truth"]], np.int64)
        subject = np.array([person for fold in some for person in fold["subject"]], np.str_)
        return evaluate(matching.merge(answers), code[truth], subject, matching.labels)

    quantised = all(fold.get(_INT8) is not None for fold in folds)
    if match:
        for at, fold in enumerate(folds):
            own = pool([fold], "probabilities")
            folds[at] = {**fold, "accuracy": own.accuracy, "macro_f1": own.macro_f1}
            if quantised:
                own = pool([fold], _INT8)
                folds[at] |= {"int8_accuracy": own.accuracy, "int8_macro_f1": own.macro_f1}
    pooled_int8 = pool(folds, _INT8) if quantised else None
    told = by_source(folds, "probabilities", sources, match) if sources else {}
    told_int8 = by_source(folds, _INT8, sources, match) if sources and quantised else {}
    learned = scored_folds(folds)
    adapted = (pool(learned, _INT8), pool(learned, "probabilities")) if learned else None
    told_adapted = {}
    if sources and learned:
        before, after = (by_source(learned, name, sources, match) for name in (_INT8, "probabilities"))
        told_adapted = {name: (before[name], after[name]) for name in after}
    return CrossResult(folds, pool(folds, "probabilities"), pooled_int8, told, told_int8, adapted, told_adapted)


def _listed(probabilities: NDArray[np.float32]) -> list[list[float]]:
    """JSON-ready: the shortest figures that read back to the same float32."""
    return [[float(str(value)) for value in row] for row in probabilities]


def _without_windows(value: object) -> object:
    """An entry of a fold's file without its lists by window."""
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name not in ("scored", "probabilities")}


def _flat(value: object, name: str = "") -> dict[str, object]:
    """Nested dictionaries as one, with names as in `recipe.epochs`."""
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: item for part, inner in value.items() for key, item in _flat(inner, f"{name}.{part}".strip(".")).items()
    }
