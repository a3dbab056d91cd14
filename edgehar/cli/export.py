"""`edgehar export`: a trained model as one bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset

if TYPE_CHECKING:
    from edgehar.bundle.write import Result
    from edgehar.contract import Contract
    from edgehar.data import DataSource, Windows

#: Samples between decisions where nothing is said: a second at 20 Hz.
DEFAULT_HOP = 20


@click.command()
@click.option("--model", "source", default="cnn", show_default=True, help="A shipped model's name or a .keras file.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bundle"), show_default=True, help="Folder.")
@click.option("--int8", is_flag=True, help="Add the full-integer TFLite model, the QDQ ONNX model and the C source.")
@click.option("--explain", is_flag=True, help="With --int8: what int8 costs by layer and by person, as explain.json.")
@click.option("--float16", is_flag=True, help="Add a TFLite model with float16 weights.")
@click.option("--dynamic", is_flag=True, help="Add a TFLite model with int8 weights and float activations.")
@click.option(
    "--io", type=click.Choice(["int8", "float"]), default="int8", show_default=True, help="Of the int8 model."
)
@click.option(
    "--streaming", is_flag=True, help="With --int8: add a TFLite model that computes only what is new at --hop."
)
@click.option("--hop", "hops", type=int, multiple=True, help="Of the streaming model, samples; may be repeated [20].")
@click.option("--c", "c_asked", is_flag=True, help="Fail where the C engine does not cover the model; implies --int8.")
@click.option(
    "--c-kernels",
    "--c-target",
    "c_kernels",
    type=click.Choice(["portable", "dsp", "mve"]),
    default="portable",
    show_default=True,
    help="Kernels of the C source: dsp for Cortex-M4, M7 and M33, mve for M55.",
)
@click.option("--c-hop", type=int, help="C source for the incremental engine at this hop; whole windows otherwise.")
@click.option(
    "--c-schedule",
    type=click.Choice(["hop", "spread"]),
    default="hop",
    show_default=True,
    help="With --c-hop: compute when a decision is due, or as samples arrive.",
)
@click.option(
    "--c-name",
    default="model",
    show_default=True,
    help="Word that names the C files and symbols, so that several models live in one image.",
)
@click.option("--c-engine", is_flag=True, help="Put the engine into c/ too: a folder that compiles by itself.")
@click.option(
    "--temperature",
    default="1",
    show_default=True,
    help="Folded into the last layer: a number, or 'fitted' in training.",
)
@click.option("--calibration", default="300", show_default=True, help="Number of windows, or a .npy of them.")
@click.option(
    "--gate", "bounds", default="0.5,98", show_default=True, help="Points lost at most, % agreement at least."
)
@click.option("--no-gate", is_flag=True, help="Measure without judging.")
@click.option("--split", "split_name", default=None, help="Test people; by default those the model was not trained on.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of tables.")
@data_options()
def command(
    source: str,
    out: Path,
    int8: bool,
    explain: bool,
    float16: bool,
    dynamic: bool,
    io: str,
    streaming: bool,
    hops: tuple[int, ...],
    c_asked: bool,
    c_kernels: str,
    c_hop: int | None,
    c_schedule: str,
    c_name: str,
    c_engine: bool,
    temperature: str,
    calibration: str,
    bounds: str,
    no_gate: bool,
    split_name: str | None,
    as_json: bool,
    data: DataSource,
) -> None:
    """Export a trained model to TFLite and ONNX, measure what was written, and gate its quality.

    Exit status 1 where a quantised model loses more than the gate allows; the files are kept and marked.
    """
    from edgehar import models
    from edgehar.bundle.gate import Gate, require_pass
    from edgehar.bundle.write import CSource, Options, export_bundle
    from edgehar.compile.c.names import Names
    from edgehar.compile.plan import check_hop
    from edgehar.convert.temperature import parse_temperature
    from edgehar.report.progress import stage

    int8 = int8 or c_asked
    if (c_asked or c_engine) and io == "float":
        raise click.UsageError("expected --io int8 with --c and --c-engine: the engine takes the full-integer model")
    if (c_engine or c_name != "model") and not int8:
        raise click.UsageError("expected --c or --int8 with --c-engine and --c-name: they shape the C source")
    if explain and not int8:
        raise click.UsageError("expected --int8 with --explain: it compares the int8 model with the float one")
    if streaming and (not int8 or io == "float"):
        raise click.UsageError("expected --int8 and --io int8 with --streaming: it rewrites the full-integer model")
    if hops and not streaming:
        raise click.UsageError("expected --streaming with --hop; the whole-window models take any hop")
    contract = models.read_contract(models.resolve(source))
    wanted = tuple(dict.fromkeys(hops)) or (min(DEFAULT_HOP, contract.window),) if streaming else ()
    for hop in wanted if c_hop is None else (*wanted, c_hop):
        check_hop(hop, contract.window)
    gate = None if no_gate else Gate.parse(bounds)
    c = CSource(c_asked or c_engine, c_kernels, c_hop, c_schedule, Names(c_name).name, c_engine)
    options = Options(int8, explain, float16, dynamic, float_io=io == "float", hops=wanted, c=c, gate=gate)
    # Whatever can be wrong with the arguments shows before TensorFlow is imported.
    with stage("reading the recordings") as on_step:
        divisor = parse_temperature(temperature, models.resolve(source))
        dataset = load_dataset(data)
        training, test, origin = _people(source, dataset, contract, split_name)
        origin["temperature"] = divisor
        windows = _calibration(calibration, training, contract) if int8 else None
        on_step("reading the model")
        model, contract = models.load(source)
        model = model if divisor == 1 else models.fold_temperature(model, divisor)
        result = export_bundle(
            model, contract, out, options, test=test, calibration=windows, origin=origin, on_step=on_step
        )
    _print(result, as_json)
    require_pass(result.rows)


def _people(
    source: str, dataset: Any, contract: Contract, split_name: str | None
) -> tuple[Windows, Windows, dict[str, Any]]:
    """Windows of training and of test people, and where they come from."""
    from edgehar import models
    from edgehar.convert.people import training_split
    from edgehar.data import cut_windows, require_trainable
    from edgehar.files import sha256_file

    path = models.resolve(source)
    people = training_split(path, dataset, split_name)
    windows = cut_windows(dataset, contract)
    training = windows.of_subjects(people.train + people.validation)
    test = windows.of_subjects(people.test)
    require_trainable(training)
    origin = {
        "model": path.name,
        "model_sha256": sha256_file(path),
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "training_people": list(people.train + people.validation),
        "test_people": list(people.test),
        "test_windows": len(test),
    }
    return training, test, origin


def _calibration(text: str, training: Windows, contract: Contract) -> Any:
    from edgehar.convert.calibration import from_file, select

    return select(training, int(text)) if text.isdigit() else from_file(text, contract)


def _print(result: Result, as_json: bool) -> None:
    from edgehar.report import export_tables

    if as_json:
        click.echo((result.folder / "manifest.json").read_text(encoding="utf-8"), nl=False)
    else:
        export_tables.show(result)
