"""`edgehar.export`: a trained model as one bundle."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from edgehar import data, models
from edgehar.api.recordings import Read, Recordings, open_dataset, source_of
from edgehar.bundle.gate import Gate
from edgehar.bundle.signature import load_private_key
from edgehar.bundle.write import CSource, ExportResult, Options, export_bundle
from edgehar.channels import ACCELERATION, channels_text
from edgehar.claims import claimed
from edgehar.compile.plan import check_hop
from edgehar.contract import Contract
from edgehar.convert.calibration import Calibration, from_file, select
from edgehar.convert.people import own_origin, training_split
from edgehar.convert.temperature import parse_temperature
from edgehar.convert.worn import fit_placement
from edgehar.data import Dataset, DataSource, Windows
from edgehar.data.polyphase import make_polyphase
from edgehar.errors import EdgeharError
from edgehar.extras import require
from edgehar.files import require_folder, sha256_file
from edgehar.package import KINDS, package_files
from edgehar.package.library import SENSOR_HZ, read_library, require_readable

#: A number of windows of training people, or a `.npy` of windows.
CalibrationSource: TypeAlias = int | str | os.PathLike[str]


def export(
    model: str | os.PathLike[str] = "cnn",
    out: str | os.PathLike[str] = "bundle",
    *,
    dataset: Recordings | None = None,
    int8: bool = True,
    float16: bool = False,
    dynamic: bool = False,
    float_io: bool = False,
    explain: bool = False,
    hops: Sequence[int] = (),
    c: CSource | None = None,
    temperature: float | str = 1,
    calibration: CalibrationSource = 300,
    gate: Gate | None = Gate(),  # noqa: B008 (frozen)
    split: str | None = None,
    web: bool = False,
    packages: Sequence[str] = (),
    sign: str | os.PathLike[str] | None = None,
    read: Read = DataSource.open,
    on_step: Callable[[str], None] = lambda step: None,
) -> ExportResult:
    """Convert a model to TFLite, ONNX and C, run what was written on unseen people, and write it as one folder.

    Args:
        model: the name of a shipped model, or a `.keras` file with its contract.
        out: the bundle's folder; files of an earlier export in it are replaced, others stay.
        dataset: for calibration, gate and golden windows; None for the recordings of the model's own training.
        int8: the full-integer `.tflite`, the QDQ `.onnx` and the C source.
        float16, dynamic: also the `.tflite` with float16 weights; with int8 weights and float activations.
        float_io: float32 input and output of the int8 `.tflite`; there is no C source and no incremental model then.
        explain: also `explain.json`, what int8 costs by layer and by person.
        hops: samples between decisions; an incremental `.tflite`, which computes only what is new, for each.
        c: how the C source is written.
        temperature: folded into the last layer: a positive number, or `fitted` for the one of the training.
        calibration: number of windows of training people, or a `.npy` of float32 (N, window, channels).
        gate: bounds for the quantised models; None measures without judging.
        split: test people by this split instead of the training's own; see `edgehar.data.split`.
        web: also `web/`, a page that runs the int8 model on a phone's own sensor, for any https server.
        packages: `arduino`, `zephyr`, `cmake`, `platformio`, `esp-idf`, `micropython`: also `packages/KIND/`, engine
            and model as such a library, with an example for an LSM6DSO at 52 Hz, for which `c.sensor_hz` is set.
        sign: PEM of an Ed25519 private key, which signs the manifest; see `edgehar.verify`.
        read: opens the recordings, for those who show progress.
        on_step: called with what is being done.
    Returns:
        what was written and measured. A model under the gate is written and marked: see `ExportResult.passed`.
    Raises:
        EdgeharError: options that exclude each other, no such model, or a model that cannot be converted.
        DataError: no recordings: the model's own are not known or not there, and no others are given.
        MissingExtra: TensorFlow or another package of the extra `export` is not installed, said before any work.
    """
    require("export", "tensorflow", "onnx", "tf2onnx", "onnxruntime", "sklearn")
    c = _packaged(c or CSource(), packages)
    key = None if sign is None else load_private_key(sign)
    require_folder(out)
    path = models.resolve(os.fspath(model))
    contract = models.read_contract(path)
    options = Options(int8, explain, float16, dynamic, float_io, tuple(dict.fromkeys(hops)), c, gate)
    _check(options, contract)
    if packages:
        require_readable(contract)
    if web:
        _check_web(options, contract)
    divisor = parse_temperature(str(temperature), path)
    on_step("reading the recordings")
    given = None if dataset is None else open_dataset(dataset, read)
    recordings = models.open_recordings(path, given, read)
    people = _people(path, recordings, contract, split, None if dataset is None else source_of(dataset))
    windows = _calibration(calibration, people.training, contract) if int8 else None
    on_step("reading the model")
    network, contract = models.load(os.fspath(model))
    known = models.read_origin(path)
    turn = "" if known is None else known.turn
    network = network if divisor == 1 else models.fold_temperature(network, divisor)
    with claimed(out):
        result = export_bundle(
            network,
            contract,
            Path(out),
            options,
            test=people.test,
            calibration=windows,
            origin={**people.origin, "temperature": divisor},
            worn=lambda found: fit_placement(people.training, found, turn),
            on_step=on_step,
            notes=people.notes,
            key=key,
            more=partial(_more, path, contract, web, packages, on_step),
        )
    return replace(result, unseen=people.unseen)


def _check(options: Options, contract: Contract) -> None:
    """Whatever can be wrong with the options shows before the recordings are read and TensorFlow is imported."""
    if options.explain and not options.int8:
        raise EdgeharError("expected int8 with explain: it compares the int8 model with the float one")
    if options.hops and (not options.int8 or options.float_io):
        raise EdgeharError("expected int8 without float input and output for an incremental model: it rewrites the "
                           "full-integer one")  # fmt: skip
    if options.c != CSource() and (not options.int8 or options.float_io):
        raise EdgeharError("expected int8 without float input and output for the C source: it is the full-integer one")
    for hop in options.hops if options.c.hop is None else (*options.hops, options.c.hop):
        check_hop(hop, contract.window)
    if options.c.sensor_hz is not None:
        make_polyphase(options.c.sensor_hz, contract.rate_hz)


def _check_web(options: Options, contract: Contract) -> None:
    if contract.channels != ACCELERATION:
        raise EdgeharError(
            "expected a model of x, y and z of the acceleration for the page, which reads a phone's accelerometer; got "
            f"the channels {channels_text(contract.channels)}"
        )
    if not options.int8 or options.float_io:
        raise EdgeharError("expected int8 without float input and output for the page: it runs the full-integer model")
    from edgehar.web.build import tools

    tools()


def _packaged(c: CSource, packages: Sequence[str]) -> CSource:
    """The C source as packages need it: the examples' sensor has 52 Hz, and the model's files their usual names."""
    unknown = sorted(set(packages) - set(KINDS))
    if unknown:
        raise EdgeharError(f"expected packages out of {', '.join(KINDS)}, got {', '.join(unknown)}")
    if not packages:
        return c
    if c.sensor_hz not in (None, SENSOR_HZ) or c.name != "model":
        raise EdgeharError(
            f"expected packages with a sensor rate of {SENSOR_HZ:g} Hz, which their example has, and the name model"
        )
    return replace(c, asked=True, sensor_hz=SENSOR_HZ)


def _more(
    model: Path, contract: Contract, web: bool, packages: Sequence[str], on_step: Callable[[str], None], stage: Path
) -> dict[str, bytes]:
    """The page and the packages, made of the finished int8 model and its C source in `stage`."""
    found: dict[str, bytes] = {}
    if web:
        from edgehar.web.site import INT8, page_files, page_model

        on_step("the page")
        made = page_files([page_model(stage / INT8, model.stem)])
        found |= {f"web/{name}": content for name, content in made.items()}
    if packages:
        library = read_library(stage / "c", contract)
        for kind in packages:
            on_step(f"package for {kind}")
            found |= {f"packages/{kind}/{name}": content for name, content in package_files(kind, library).items()}
    return found


@dataclass(frozen=True)
class _Shares:
    """Windows of training and of test people, where they come from, what must be said of them.

    `unseen` says whether the model, as far as it tells, was trained on none of the test people.
    """

    training: Windows
    test: Windows
    origin: dict[str, object]
    notes: tuple[str, ...]
    unseen: bool


def _people(path: Path, dataset: Dataset, contract: Contract, split: str | None, given: DataSource | None) -> _Shares:
    chosen = training_split(path, dataset, split)
    windows = data.cut_windows(dataset, contract)
    trained = chosen.train + chosen.validation
    training, test = windows.of_subjects(trained), windows.of_subjects(chosen.test)
    data.require_trainable(training)
    notes: tuple[str, ...] = ()
    if not len(test):
        why = "nobody is kept for a test" if not chosen.test else "the test people have no window of its labels"
        notes = (f"{why}: gate and golden windows are of the training people, and the figures flatter",)
        test = training
    known = own_origin(path, dataset)
    seen = set() if known is None else {*known.train, *known.validation}
    if among := seen & set(chosen.test):
        notes += (f"the model was trained on {len(among)} of {len(chosen.test)} test people: the figures flatter",)
    source = given or (None if known is None else known.source)
    origin = {
        "model": path.name,
        "model_sha256": sha256_file(path),
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "training_people": list(trained),
        "test_people": list(chosen.test),
        "test_windows": 0 if test is training else len(test),
    }
    if source is not None and source != DataSource("hapt"):
        origin["dataset_source"] = source.to_dict()
    return _Shares(training, test, origin, notes, unseen=not notes)


def _calibration(wanted: CalibrationSource, training: Windows, contract: Contract) -> Calibration:
    text = os.fspath(wanted) if not isinstance(wanted, int) else str(wanted)
    return select(training, int(text)) if text.isdigit() else from_file(text, contract)
