"""Writing a bundle: every artefact of one trained model, measured and hashed."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehar import __version__
from edgehar.bundle import FORMAT as BUNDLE_FORMAT
from edgehar.bundle import MANIFEST
from edgehar.bundle.gate import Gate, JudgedFile, judge
from edgehar.bundle.golden import golden
from edgehar.bundle.incremental import incremental_readme, write_incremental
from edgehar.bundle.publish import publish
from edgehar.bundle.readme import bundle_readme
from edgehar.bundle.signature import sign
from edgehar.compile.incremental_plan import hop_note
from edgehar.compile.read import read_network
from edgehar.contract import Contract, PlacementLimits
from edgehar.convert import metadata, onnx, tflite
from edgehar.convert.calibration import Calibration, Coverage, coverage
from edgehar.convert.explain import Explanation, explain
from edgehar.convert.fold import fold_normalisation
from edgehar.data import Windows
from edgehar.errors import ContractError, MissingExtra
from edgehar.files import dump_json, sha256_bytes, sha256_file, temporary_folder, write_bytes, write_json
from edgehar.models import keras_file
from edgehar.schema import read_json
from edgehar.versions import installed

if TYPE_CHECKING:
    import keras
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Packages whose version can change a byte of the bundle.
PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "onnx", "tf2onnx", "onnxruntime", "tflite-micro", "numpy")


@dataclass(frozen=True)
class CSource:
    """How to write the C source: see `edgehar.compile.c.write_c`.

    Attributes:
        asked: a model that the engine does not cover is an error; otherwise the bundle goes without.
        engine: put the engine's sources beside it.
        sensor_hz: a sensor's rate, from which the device filters to the model's; None: it has the model's.
        blob: write the model as one block of bytes, too.
    """

    asked: bool = False
    kernels: str = "portable"
    hop: int | None = None
    schedule: str = "hop"
    name: str = "model"
    engine: bool = False
    sensor_hz: float | None = None
    blob: bool = False


@dataclass(frozen=True)
class Options:
    """What to write beside the float `.tflite` and `.onnx`.

    Attributes:
        int8: the full-integer `.tflite`, the QDQ `.onnx` and the C source.
        explain: `explain.json`, what int8 costs by layer and by person; needs `int8`.
        float16, dynamic: the `.tflite` with float16 weights; with int8 weights and float activations.
        float_io: float32 input and output of the int8 `.tflite` (no C source then).
        hops: an incremental `.tflite` for each; needs `int8` without `float_io`.
        c: how the C source is written, which comes with `int8` without `float_io`.
        gate: bounds for quantised models, None to measure without judging.
    """

    int8: bool = False
    explain: bool = False
    float16: bool = False
    dynamic: bool = False
    float_io: bool = False
    hops: tuple[int, ...] = ()
    c: CSource = field(default_factory=lambda: CSource())
    gate: Gate | None = field(default_factory=Gate)


@dataclass(frozen=True)
class ExportResult:
    """What was written and measured.

    Attributes:
        folder: the bundle.
        rows: one for each model file, on the test people.
        coverage: of the calibrated ranges, on windows of those people.
        sizes: file -> bytes.
        arena: bytes that TFLite-Micro needs for the int8 model; None where it was not measured.
        explanation: what int8 costs by layer and by person, where it was asked for.
        notes: what a reader of the figures must know, one line each.
        unseen: whether, as far as the model says, none of the test people was trained on.
        judged: whether there was a gate.
    """

    folder: Path
    rows: list[JudgedFile]
    coverage: list[Coverage]
    sizes: dict[str, int]
    arena: int | None
    explanation: Explanation | None = None
    notes: tuple[str, ...] = ()
    unseen: bool = True
    judged: bool = True

    @property
    def passed(self) -> bool:
        """Whether every file is within the gate."""
        return not any(row.failures for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: what manifest.json says, the notes, and where the bundle is."""
        manifest: dict[str, Any] = read_json(self.folder / MANIFEST, dict)
        return {**manifest, "folder": str(self.folder), "notes": list(self.notes)}


def export_bundle(
    model: keras.Model,
    contract: Contract,
    folder: Path,
    options: Options,
    *,
    test: Windows,
    calibration: Calibration | None,
    origin: dict[str, object],
    worn: Callable[[Contract], PlacementLimits | None] = lambda contract: None,
    on_step: Callable[[str], None] = lambda step: None,
    notes: tuple[str, ...] = (),
    key: Ed25519PrivateKey | None = None,
    more: Callable[[Path], Mapping[str, bytes]] | None = None,
) -> ExportResult:
    """Convert, run, measure and write; two calls with equal arguments write equal bytes.

    Args:
        model: keras.Model as trained.
        test: windows of people who were not trained on: for the gate, the coverage and the golden windows.
        calibration: needed for `options.int8`.
        origin: where the model and the windows come from, for the manifest.
        worn: how training people wore the device, in the codes of the int8 model whose contract it is called with.
        on_step: called with what is being done.
        notes: kept in the result.
        key: signs the manifest.
        more: called with the folder of the finished models; files by name that the bundle holds as well.
    Raises:
        EdgeharError: the folder cannot be written, or the model cannot be converted.
    """
    description = metadata.describe(contract)
    with temporary_folder() as stage:
        on_step("model.keras")
        keras_file.save(model, contract, stage / "model.keras")
        raw, raw_contract = fold_normalisation(model, contract)
        made, contracts = _artefacts(raw, raw_contract, options, calibration, worn, description, on_step)
        for name, content in made.items():
            write_bytes(stage / name, content)
        models = {name: stage / name for name in ("model.keras", *made)}
        rows = judge(models, test, options.gate, lambda name: on_step(f"{name} on test people"))
        int8 = stage / "model_int8.tflite" if options.int8 else None
        final = contracts.get("model_int8.tflite", raw_contract)
        on_step("golden windows")
        write_json(stage / "golden.json", golden(test, stage / "model.keras", int8))
        write_json(stage / "contract.json", final.to_dict())
        write_bytes(stage / "labels.txt", metadata.labels_text(contract).encode())
        quality = _coverage(made, test, on_step)
        explanation = None
        if options.explain and int8 is not None:
            explanation = explain(stage / "model_float.tflite", int8, test, on_step)
            write_json(stage / "explain.json", explanation.to_dict())
        arena, unknown = _arena(made, options, on_step)
        notes += unknown
        c_source = _c_source(stage, options, on_step)
        notes += _c_notes(stage, options, c_source)
        incremental = []
        for hop in options.hops:
            on_step(f"incremental model of hop {hop}")
            incremental.append(write_incremental(stage, hop, final))
        best = made.get("model_int8.tflite", made["model_float.tflite"])
        page = bundle_readme(
            contract,
            description,
            metadata.operators(best),
            int8=final.input_quantisation,
            arena=arena,
            c_source="refused" not in c_source,
            c_engine=options.c.engine,
        )
        if incremental:
            page += incremental_readme(final, *incremental)
        write_bytes(stage / "README.md", page.encode())
        for name, content in ({} if more is None else more(stage)).items():
            write_bytes(stage / name, content)
        manifest = _manifest(stage, final, options, rows, quality, arena, calibration, origin, made)
        manifest["c_source"] = c_source
        if incremental:
            manifest["streaming"] = incremental  # the format's word, older than ours
        write_json(stage / "manifest.json", manifest)
        if key is not None:
            sign(stage, key)
        publish(stage, folder)
    sizes = {name: entry["bytes"] for name, entry in manifest["files"].items()}
    return ExportResult(folder, rows, quality, sizes, arena, explanation, notes, judged=options.gate is not None)


def _artefacts(
    model: keras.Model,
    contract: Contract,
    options: Options,
    calibration: Calibration | None,
    worn: Callable[[Contract], PlacementLimits | None],
    description: str,
    on_step: Callable[[str], None],
) -> tuple[dict[str, bytes], dict[str, Contract]]:
    """The model files by name, and of each `.tflite` the contract with its own scales."""
    wanted = {"model_float.tflite": "float"}
    wanted |= {"model_float16.tflite": "float16"} if options.float16 else {}
    wanted |= {"model_dynamic.tflite": "dynamic"} if options.dynamic else {}
    wanted |= {"model_int8.tflite": "int8"} if options.int8 else {}
    made: dict[str, bytes] = {}
    contracts: dict[str, Contract] = {}
    for name, kind in wanted.items():
        on_step(name)
        windows = None if calibration is None else calibration.x
        content = tflite.convert(model, contract, kind, calibration=windows, float_io=options.float_io)
        contracts[name] = metadata.with_quantisation(contract, content)
        if kind == "int8":
            contracts[name] = replace(contracts[name], placement=worn(contracts[name]))
        made[name] = metadata.finish(content, contracts[name], description)
    on_step("model.onnx")
    made["model.onnx"] = onnx.convert(model, contract, description)
    if options.int8 and calibration is not None:
        on_step("model_int8.onnx")
        made["model_int8.onnx"] = onnx.quantise(made["model.onnx"], contract, calibration.x, description)
    return made, contracts


def _c_source(stage: Path, options: Options, on_step: Callable[[str], None]) -> dict[str, object]:
    """Write the C source where it can be; what was written, or why not, for the manifest."""
    if not options.int8 or options.float_io:
        return {"refused": "needs a full-integer model (--int8 with --io int8)"}
    from edgehar.compile.c import write_c, write_engine

    on_step("C source")
    c = options.c
    try:
        write_c(
            stage / "model_int8.tflite", stage / "c", kernels=c.kernels, hop=c.hop, schedule=c.schedule, name=c.name,
            sensor_hz=c.sensor_hz, blob=c.blob,
        )  # fmt: skip
    except ContractError as error:
        if options.c.asked:
            raise
        return {"refused": str(error)}
    if c.engine:
        write_engine(stage / "c")
    defaults = asdict(CSource())
    later = {"sensor_hz", "blob"}  # stand in a manifest only where they say something
    return {k: v for k, v in asdict(c).items() if k != "asked" and not (k in later and v == defaults[k])}


def _c_notes(stage: Path, options: Options, c_source: dict[str, object]) -> tuple[str, ...]:
    """Why there is no C source, or why its hop saves nothing."""
    if not options.int8 or options.float_io:
        return ()
    if "refused" in c_source:
        return (f"no C source: {c_source['refused']}",)
    file = stage / "model_int8.tflite"
    note = None if options.c.hop is None else hop_note(read_network(file), options.c.hop)
    notes = () if note is None else (note,)
    if not options.c.blob:
        return notes
    return *notes, "the model blob has no placement, takes no profile and has no filter for a sensor at another rate"


def _coverage(made: dict[str, bytes], test: Windows, on_step: Callable[[str], None]) -> list[Coverage]:
    if "model_int8.tflite" not in made:
        return []
    on_step("coverage of the calibration")
    return coverage(made["model_float.tflite"], made["model_int8.tflite"], test.x)


def _arena(
    made: dict[str, bytes], options: Options, on_step: Callable[[str], None]
) -> tuple[int | None, tuple[str, ...]]:
    """The arena of the int8 model, and a note where TFLite-Micro could not tell."""
    if "model_int8.tflite" not in made or options.float_io:
        return None, ()
    from edgehar.runtimes.arena import ArenaUnknown, arena_bytes

    on_step("arena of TFLite-Micro")
    try:
        return arena_bytes(made["model_int8.tflite"]), ()
    except MissingExtra:
        return None, ()
    except ArenaUnknown as error:
        return None, (str(error),)


def _manifest(
    stage: Path,
    contract: Contract,
    options: Options,
    rows: list[JudgedFile],
    quality: list[Coverage],
    arena: int | None,
    calibration: Calibration | None,
    origin: dict[str, object],
    made: dict[str, bytes],
) -> dict[str, Any]:
    """Everything a reader must know of the bundle; no date, so that two exports are equal."""
    files = {
        path.relative_to(stage).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
        for path in sorted(stage.rglob("*"))
        if path.is_file()
    }
    used = None
    if options.int8 and calibration is not None:
        indices = list(calibration.indices)
        used = {
            "source": calibration.source,
            "windows": len(calibration.x),
            "indices": indices,
            "indices_sha256": sha256_bytes(dump_json(indices).encode()),
            "samples_sha256": calibration.sha256,
        }
    return {
        "format": BUNDLE_FORMAT,
        "generator": f"edgehar {__version__}",
        "versions": {**installed(PACKAGES), "python": platform.python_version()},
        "origin": origin,
        "contract": contract.to_dict(),
        "files": files,
        "operators": {name: metadata.operators(content) for name, content in made.items() if name.endswith(".tflite")},
        "tflm_arena_bytes": arena,
        "calibration": used,
        "coverage": [asdict(entry) for entry in quality],
        "gate": {
            "bounds": None if options.gate is None else asdict(options.gate),
            "passed": not any(row.failures for row in rows),
            "rows": [asdict(row) for row in rows],
        },
    }
