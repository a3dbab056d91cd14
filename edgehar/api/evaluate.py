"""`edgehar.evaluate`: the figures of a model on labelled recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar import data, models
from edgehar.api.adapted import Adapted, adaptable, int8_of, measure_adapted
from edgehar.api.recordings import Read, Recordings, open_dataset
from edgehar.bundle import open_bundle
from edgehar.channels import ACCELERATION, channels_text
from edgehar.contract import Contract
from edgehar.data import Dataset, DataSource, Windows
from edgehar.errors import BundleError, DataError, EdgeharError, MissingExtra
from edgehar.evaluation import Evaluation, Matching, evaluate_answers, match_labels
from edgehar.evaluation import evaluate as measure
from edgehar.evaluation.confidence import Unfamiliar, unfamiliar
from edgehar.extras import require
from edgehar.personal.aligned import align_recordings
from edgehar.personal.alignment import require_alignable
from edgehar.placement import strange_windows
from edgehar.runtimes import Runtime, open_model
from edgehar.runtimes.quantise import quantise
from edgehar.runtimes.registry import ROWS, row_named

#: Files of a bundle that are measured, in the order of the table.
BUNDLE_MODELS = ("model_float.tflite", "model_int8.tflite", "model.onnx", "model_int8.onnx")

#: Called with (what is being run, windows done, windows in all).
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class EvaluateResult:
    """What `evaluate` found.

    Attributes:
        dataset: name of the data set.
        people: those who were measured.
        models: by the file's name; where people are learned, without that, on the windows that are left to score.
        adapted: the same with a profile of each recording, where it was asked for.
        baseline: of a support vector machine on the same windows, where it was asked for.
        skipped: files of a bundle that could not be run, and why.
        dropped: windows of labels that the model does not have, by label; they are in no figure.
        notes: what else a reader of the figures must know, one line each.
    """

    dataset: str
    people: tuple[str, ...]
    models: dict[str, Evaluation]
    baseline: Evaluation | None
    skipped: dict[str, str]
    dropped: dict[str, int]
    notes: tuple[str, ...]
    adapted: Adapted | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        adapted = {} if self.adapted is None else {"adapted": self.adapted.to_dict()}
        return {
            "dataset": self.dataset,
            "people": list(self.people),
            "models": {name: item.to_dict() for name, item in self.models.items()},
            "baseline": None if self.baseline is None else self.baseline.to_dict(),
            "skipped": self.skipped,
            "dropped": self.dropped,
            "notes": list(self.notes),
            **adapted,
        }


def evaluate(
    model: str | os.PathLike[str],
    dataset: Recordings | None = None,
    *,
    people: Sequence[str] | str | None = None,
    split: str | None = None,
    runtime: str | None = None,
    match: Mapping[str, Sequence[str]] | None = None,
    baseline: bool = False,
    align: bool = False,
    adapt: int | None = None,
    only: Sequence[str] | None = None,
    read: Read = DataSource.open,
    on_progress: OnProgress = lambda name, done, total: None,
) -> EvaluateResult:
    """Measure a model on people.

    Args:
        model: a `.keras`, `.tflite` or `.onnx` file, a bundle's folder (each of its models is measured), or the name of
            a shipped model.
        dataset: None for the recordings of the model's own training.
        people: whom to measure: names, or `all`. By default the test people of the model's training, where its
            manifest speaks of these recordings; else the set's published test people; else everybody.
        split: measure this split's test people instead; see `edgehar.data.split`.
        runtime: a runtime by name, such as `litert-int8-reference`; by default the file's usual one.
        match: label of the recordings -> labels of the model that it may mean, as in
            `{"stairs": ["upstairs", "downstairs"]}`: their probabilities are summed.
        align: turn each recording by its own first 8 s of walking, as a device with that profile would see it.
        adapt: in each recording learn the int8 model's last layer from so many labelled windows of each activity, and
            measure the model without and with that on the recording's other windows; windows that share samples with
            those are in no figure. Where no recording holds two activities, in each person's recordings instead. A
            `.keras` is quantised first, as an export does it. Of a bundle, only the int8 `.tflite` is measured.
        only: learn from these activities alone, as in `["sitting", "standing"]`.
        baseline: also train a support vector machine on 62 features of the model's training people.
        read: opens the recordings, for those who show progress.
    Raises:
        DataError: no recordings, no such people, or no window of any label of the model.
        EdgeharError: no such model or runtime.
        MissingExtra: a package is not installed, said before any work.
    """
    require("data", "sklearn")
    if people is not None and split is not None:
        raise EdgeharError("expected people or a split, got both")
    if only is not None and adapt is None:
        raise EdgeharError("expected adapt with only: it names the activities to learn from")
    if baseline and (adapt is not None or align):
        other = "align" if adapt is None else "adapt"
        raise EdgeharError(f"expected a baseline or {other}, got both: it learns nobody, from recordings as they are")
    files, whole = _files(model)
    paths, skipped = _runnable(files, whole, runtime)
    recordings = models.open_recordings(paths[0], None if dataset is None else open_dataset(dataset, read), read)
    origin = models.read_origin(paths[0])
    chosen = _people(recordings, people, split, origin)
    trained = () if origin is None else origin.trained_on(recordings)
    measured: dict[str, Evaluation] = {}
    cut: _Cut | None = None
    if adapt is not None:
        path = int8_of(paths, whole)
        skipped |= {other.name: "only the int8 .tflite learns people" for other in paths if other != path}
        with adaptable(path, recordings, trained) as int8:
            opened = open_model(int8, runtime=runtime)
            contract = opened.contract
            opened.close()
            cut = _cut(recordings, contract, chosen, match, align)
            name = path.name if int8 == path else f"{path.name}, int8"
            measured[name], adapted = measure_adapted(
                int8, contract, cut.known, cut.outputs, cut.matching, each=adapt, only=only, runtime=runtime,
                on_progress=partial(on_progress, name),
            )  # fmt: skip
        notes = [*_notes(recordings, chosen, trained, origin, cut), *adapted.notes()]
        return EvaluateResult(recordings.name, chosen, measured, None, skipped, cut.dropped, tuple(notes), adapted)
    for path in paths:
        opened = open_model(path, runtime=runtime)
        try:
            if cut is None:
                cut = _cut(recordings, opened.contract, chosen, match, align)
            elif opened.contract.labels != cut.contract.labels or not opened.contract.same_input(cut.contract):
                raise BundleError(f"expected the contract of {paths[0].name} in {path}, got another one")
            measured[path.name] = _measure(opened, cut, path.name, on_progress)
        finally:
            opened.close()
    assert cut is not None
    notes = _notes(recordings, chosen, trained, origin, cut)
    notes += [
        f"{name}: worn as it was never trained in {100 * item.out_of_place:.1f} % of the windows, where edgehar stream "
        "is unsure (placement); edgehar models lists weights for other placements"
        for name, item in measured.items()
        if item.out_of_place is not None
    ]
    row = _baseline(recordings, trained, cut, on_progress) if baseline else None
    return EvaluateResult(recordings.name, chosen, measured, row, skipped, cut.dropped, tuple(notes))


@dataclass(frozen=True)
class _Cut:
    """The windows of those who are measured, sorted by what becomes of them.

    `outputs` is the model's output that a known window's own label names, -1 where the label is a coarser one.
    `aligned` says what alignment did.
    """

    contract: Contract
    matching: Matching
    known: Windows
    outputs: NDArray[np.int64]
    dropped: dict[str, int]
    transitions: Windows | None
    aligned: tuple[str, ...] = ()


def _files(model: str | os.PathLike[str]) -> tuple[list[Path], bool]:
    """The model files that are meant, and whether they are a bundle's."""
    path = Path(model)
    if not path.is_dir():
        return [models.resolve(model)], False
    bundle = open_bundle(path)
    names = [name for name in BUNDLE_MODELS if name in bundle]
    if not names:
        raise BundleError(f"expected one of {', '.join(BUNDLE_MODELS)} in {path}, got {', '.join(bundle.names)}")
    return [bundle.file(name) for name in names], True


def _runnable(paths: list[Path], whole: bool, runtime: str | None) -> tuple[list[Path], dict[str, str]]:
    """Those whose runtime is installed, and why the others are left out; a single file must run."""
    skipped = {}
    for path in paths:
        rows = [row_named(runtime)] if runtime else [row for row in ROWS if Path(row.file).suffix == path.suffix]
        if rows and not rows[0].installed:
            skipped[path.name] = str(MissingExtra(rows[0].package, rows[0].extra))
            if not whole:
                raise MissingExtra(rows[0].package, rows[0].extra)
        elif runtime and whole and Path(rows[0].file).name != path.name:
            skipped[path.name] = f"the runtime {runtime} runs {rows[0].file}"
    left = [path for path in paths if path.name not in skipped]
    if not left:
        raise EdgeharError(f"expected a model that can be run here, got none: {'; '.join(skipped.values())}")
    return left, skipped


def _people(
    dataset: Dataset, people: Sequence[str] | str | None, split: str | None, origin: models.Origin | None
) -> tuple[str, ...]:
    if people == "all":
        return dataset.subjects
    if people is not None:
        names = people if isinstance(people, str) else ",".join(people)
        return data.split(dataset, f"leave:{names}", validation=0).test
    if split is not None:
        test = data.split(dataset, split, validation=0).test
        if not test:
            raise DataError(f"expected a split with test people, got {split}; measure everybody with people 'all'")
        return test
    own = origin.test if origin is not None and origin.sha256 == dataset.sha256 else dataset.published_test
    return tuple(person for person in dataset.subjects if person in own) or dataset.subjects


def _cut(
    dataset: Dataset,
    contract: Contract,
    people: tuple[str, ...],
    match: Mapping[str, Sequence[str]] | None,
    align: bool = False,
) -> _Cut:
    """Windows of every label of these people; those of other labels are counted."""
    matching = match_labels(contract.labels, match)
    if not set(matching.words) & set(dataset.classes):
        raise DataError(
            f"expected a label among {', '.join(contract.labels)} in {dataset.name}, got "
            f"{', '.join(dataset.classes) or 'no label at all'}; --label OWN=NAME renames, --match NAME=A,B merges"
        )
    for name, members in (match or {}).items():
        if not {name, *members} & set(dataset.classes):
            raise DataError(f"expected recordings of {name} or {', '.join(members)} in {dataset.name} for the match "
                            f"{name}={','.join(members)}, got none")  # fmt: skip
    said: tuple[str, ...] = ()
    if align:
        theirs = tuple(item for item in dataset.recordings if item.subject in people)
        aligned = align_recordings(replace(dataset, recordings=theirs), require_alignable(contract))
        dataset, said = aligned.dataset, (aligned.note(),)
    own = tuple(name for name in dataset.classes if name not in data.TRANSITIONS or name in matching.words)
    windows = data.cut_windows(dataset, contract, labels=own).of_subjects(people)
    index = np.array([matching.words.get(name, -1) for name in own], np.int64)[windows.y]
    known = replace(windows.select(index >= 0), y=index[index >= 0], labels=matching.labels)
    codes = [contract.labels.index(name) if name in contract.labels else -1 for name in own]
    outputs = np.array(codes, np.int64)[windows.y][index >= 0]
    if not len(known):
        raise DataError(
            f"expected windows of {', '.join(matching.labels)} in {dataset.name}, got none: the labelled stretches "
            f"are shorter than {contract.window} samples at {contract.rate_hz:g} Hz, or the people have other labels"
        )
    dropped = {name: int((windows.y == code).sum()) for code, name in enumerate(own) if name not in matching.words}
    dropped = {name: count for name, count in dropped.items() if count}
    if set(data.TRANSITIONS) & set(contract.labels):
        return _Cut(contract, matching, known, outputs, dropped, None, said)
    transitions = data.transition_windows(dataset, contract).of_subjects(people)
    return _Cut(contract, matching, known, outputs, dropped, transitions if len(transitions) else None, said)


def _measure(runtime: Runtime, cut: _Cut, name: str, on_progress: OnProgress) -> Evaluation:
    known = cut.known
    probabilities = cut.matching.merge(_predict(runtime, known.x, name, on_progress))
    figures = measure(probabilities, known.y, known.subject, known.labels)
    strange: Unfamiliar | None = None
    if cut.transitions is not None:
        answers = cut.matching.merge(_predict(runtime, cut.transitions.x, f"{name}, transitions", on_progress))
        strange = unfamiliar(answers, cut.transitions.y, cut.transitions.labels, probabilities)
    return replace(figures, transitions=strange, out_of_place=_out_of_place(runtime.contract, known.x))


def _out_of_place(contract: Contract, x: NDArray[np.float32]) -> float | None:
    """Share of windows float32 (N, window, 3) worn as the model was never trained; None where it does not tell."""
    if contract.placement is None or contract.input_quantisation is None:
        return None
    return float(strange_windows(contract.placement, quantise(x, contract.input_quantisation)).mean())


def _predict(runtime: Runtime, x: NDArray[np.float32], name: str, on_progress: OnProgress) -> NDArray[np.float32]:
    """Probabilities float32 (N, outputs), in chunks, so that progress can be shown."""
    parts = []
    for start in range(0, len(x), 256):
        parts.append(runtime.predict(x[start : start + 256]))
        on_progress(name, min(start + 256, len(x)), len(x))
    return np.concatenate(parts)


def _baseline(dataset: Dataset, trained: tuple[str, ...], cut: _Cut, on_progress: OnProgress) -> Evaluation:
    from edgehar.evaluation.baseline import predict_baseline

    if not trained:
        raise DataError(
            f"expected recordings that the model was trained on for the baseline, got {dataset.name}: it learns "
            "from the model's training people, whom the manifest beside the model names"
        )
    if cut.contract.channels != ACCELERATION:
        raise EdgeharError(
            "expected x, y and z of the acceleration for the baseline's features, got the channels "
            f"{channels_text(cut.contract.channels)}"
        )
    on_progress("baseline", 0, 1)
    training = data.cut_windows(dataset, cut.contract).of_subjects(trained)
    answers = predict_baseline(training, cut.known.x, cut.contract.rate_hz)
    on_progress("baseline", 1, 1)
    known = cut.known
    return evaluate_answers(cut.matching.output[answers], known.y, known.subject, known.labels)


def _notes(
    dataset: Dataset, people: tuple[str, ...], trained: tuple[str, ...], origin: models.Origin | None, cut: _Cut
) -> list[str]:
    notes = list(cut.aligned)
    seen = [person for person in people if person in trained]
    if seen and origin is not None and not origin.test:
        notes.append(f"trained on everybody in {dataset.name}: no unseen people exist, and the figures flatter")
    elif seen:
        notes.append(f"the model was trained on {', '.join(seen)}: these figures flatter it")
    elif origin is None:
        notes.append("nothing says whom the model was trained on; of people that it has seen, these figures flatter")
    if cut.dropped:
        each = ", ".join(f"{name} {count}" for name, count in cut.dropped.items())
        notes.append(
            f"dropped {sum(cut.dropped.values())} windows of labels that the model does not have ({each}); it has: "
            f"{', '.join(cut.contract.labels)}"
        )
    absent = [label for index, label in enumerate(cut.matching.labels) if not (cut.known.y == index).any()]
    if absent:
        notes.append(f"no window of {', '.join(absent)} in the recordings: where the model says it, it counts with an "
                     "F1 of 0, else the macro-F1 leaves it out")  # fmt: skip
    if len(set(cut.known.subject.tolist())) == 1:
        notes.append("one person, no interval: nobody can say from one how others will do")
    return notes
