"""`edgehar evaluate`: the figures of a model on labelled recordings."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.errors import BundleError, DataError
from edgehar.report.progress import progress

if TYPE_CHECKING:
    from edgehar.contract import Contract
    from edgehar.data import Dataset, DataSource, Windows
    from edgehar.evaluation import Evaluation
    from edgehar.evaluation.confidence import Unfamiliar

#: Files of a bundle that are measured, in the order of the table.
BUNDLE_MODELS = ("model_float.tflite", "model_int8.tflite", "model.onnx", "model_int8.onnx")


@click.command()
@click.argument("model")
@click.option("--split", "split_name", help="Measure its test people.  [default: published, else everybody]")
@click.option("--subjects", help="Measure these people instead: 2,4,9 or all.")
@click.option("--runtime", help="Runtime by name, such as litert-int8-reference.  [default: the file's usual one]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=click.Path(path_type=Path, file_okay=False), help="Folder for PNGs.")
@data_options()
def command(
    model: str,
    data: DataSource,
    split_name: str | None,
    subjects: str | None,
    runtime: str | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Measure MODEL on labelled recordings.

    MODEL is a .keras, .tflite or .onnx file, a bundle's folder, or the name of a shipped model. Accuracy and
    macro-F1 come with 95 % intervals by bootstrap over people. Confidence comes with its calibration error, with
    accuracy against coverage, and with how often postural transitions (where the recordings have them; no model is
    trained on them) are called unsure. --plot writes confusion, people and reliability.
    """
    if subjects and split_name:
        raise click.UsageError("expected --split or --subjects, got both")
    paths = _files(model)
    dataset = load_dataset(data)
    people = _people(dataset, split_name, subjects)
    seen = sorted(set(people) & _trained_on(paths[0], dataset), key=people.index)
    if seen:
        print(f"note: the model was trained on {', '.join(seen)}: these figures flatter it", file=sys.stderr)
    measured = {path.name: _measure(path, dataset, people, runtime) for path in paths}
    if as_json:
        print(json.dumps({name: item.to_dict() for name, item in measured.items()}, indent=2, sort_keys=True))
    else:
        _print(measured, dataset.name)
    if plot is not None:
        _plot(measured, plot)


def _files(model: str) -> list[Path]:
    """The model files that the argument means."""
    from edgehar import models
    from edgehar.bundle import open_bundle

    path = Path(model)
    if path.is_dir():
        bundle = open_bundle(path)
        names = [name for name in BUNDLE_MODELS if name in bundle]
        if not names:
            raise BundleError(f"expected one of {', '.join(BUNDLE_MODELS)} in {path}, got {', '.join(bundle.names)}")
        return [bundle.file(name) for name in names]
    return [models.resolve(model)]


def _people(dataset: Dataset, split_name: str | None, subjects: str | None) -> tuple[str, ...]:
    from edgehar import data

    if subjects and subjects != "all":
        return data.split(dataset, f"leave:{subjects}", validation=0).test
    if subjects == "all" or (split_name is None and not dataset.published_test):
        return dataset.subjects
    return data.split(dataset, split_name or "published", validation=0).test


def _trained_on(path: Path, dataset: Dataset) -> set[str]:
    """The people of this data set whom the model saw, by the manifest beside it; nobody where there is none."""
    from edgehar.models import read_origin

    origin = read_origin(path)
    return set() if origin is None else set(origin.trained_on(dataset))


def _measure(path: Path, dataset: Dataset, people: tuple[str, ...], runtime: str | None) -> Evaluation:
    from edgehar.evaluation import evaluate
    from edgehar.runtimes import open_model

    opened = open_model(path, runtime=runtime)
    windows = _windows(dataset, opened.contract, people)
    try:
        probabilities = _predict(opened, windows, path.name)
        evaluation = evaluate(probabilities, windows.y, windows.subject, windows.labels)
        return replace(evaluation, transitions=_transitions(opened, dataset, people, probabilities))
    finally:
        opened.close()


def _transitions(runtime: Any, dataset: Dataset, people: tuple[str, ...], ordinary: Any) -> Unfamiliar | None:
    """What the model says of these people's postural transitions; None where there are none, or it knows them."""
    from edgehar import data
    from edgehar.evaluation.confidence import unfamiliar

    if set(data.TRANSITIONS) & set(runtime.contract.labels):
        return None
    windows = data.transition_windows(dataset, runtime.contract).of_subjects(people)
    if not len(windows):
        return None
    return unfamiliar(_predict(runtime, windows, "transitions"), windows.y, windows.labels, ordinary)


def _windows(dataset: Dataset, contract: Contract, people: tuple[str, ...]) -> Windows:
    from edgehar import data

    windows = data.cut_windows(dataset, contract).of_subjects(people)
    if not len(windows):
        raise DataError(
            f"expected windows of {', '.join(contract.labels)} in {dataset.name}, got none: the labelled stretches "
            f"are shorter than {contract.window} samples at {contract.rate_hz:g} Hz, or the people have other labels"
        )
    return windows


def _predict(runtime: Any, windows: Windows, name: str) -> Any:
    """Probabilities float32 (W, classes), with a progress bar on standard error."""
    import numpy as np

    parts = []
    with progress(name) as tick:
        for start in range(0, len(windows), 256):
            parts.append(runtime.predict(windows.x[start : start + 256]))
            tick(start, len(windows))
    return np.concatenate(parts)


def _print(measured: dict[str, Evaluation], dataset: str) -> None:
    from edgehar.report.evaluation import print_evaluation, print_summary

    if len(measured) == 1:
        for name, item in measured.items():
            print_evaluation(item, f"{name} on {dataset}")
        return
    print_summary(measured, dataset)
    print("per class, person and confusion: evaluate one file of the bundle", file=sys.stderr)


def _plot(measured: dict[str, Evaluation], folder: Path) -> None:
    from edgehar.report.evaluation import plot_confusion, plot_subjects
    from edgehar.report.reliability_plot import plot_reliability

    for name, item in measured.items():
        stem = name.replace(".", "_")
        plot_confusion(item, folder / f"{stem}_confusion.png", name)
        plot_subjects(item, folder / f"{stem}_people.png", name)
        plot_reliability(item.confidence, folder / f"{stem}_reliability.png", name)
        print(f"wrote {folder / stem}_confusion.png, …_people.png and …_reliability.png", file=sys.stderr)
