"""`edgehar export`: a trained model as one bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehar.cli.data_options import data_options, reader
from edgehar.cli.layout import Command, given
from edgehar.cli.output import note

if TYPE_CHECKING:
    from edgehar.data import DataSource

#: Samples between decisions where nothing is said: a second at 20 Hz.
DEFAULT_HOP = 20


@click.command(
    cls=Command,
    groups={
        "Model": ("source", "temperature"),
        "Formats": ("int8", "float16", "dynamic", "io", "incremental", "hops"),
        "C source": ("c_asked", "c_kernels", "c_hop", "c_schedule", "c_name", "c_engine", "c_blob", "sensor_rate"),
        "Quality": ("calibration", "bounds", "no_gate", "explain"),
    },
)
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
    "--incremental", is_flag=True, help="With --int8: add a TFLite model that computes only what is new at --hop."
)
@click.option("--streaming", "incremental", is_flag=True, hidden=True)  # its name before 0.2
@click.option("--hop", "hops", type=int, multiple=True, help="Of the incremental model, samples; may be repeated [20].")
@click.option("--c", "c_asked", is_flag=True, help="Fail where the C engine does not cover the model; implies --int8.")
@click.option(
    "--c-kernels",
    "--c-target",
    "c_kernels",
    type=click.Choice(["portable", "thumb", "thumb2", "dsp", "mve", "riscv", "vector"]),
    default="portable",
    show_default=True,
    help="Kernels of the C source: thumb for Cortex-M0, thumb2 for M3, dsp for M4, M7 and M33, mve for M55, riscv for "
    "rv32im.",
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
    "--c-blob",
    is_flag=True,
    help="Add c/model.blob, the model as one file that firmware loads at run time; implies --c.",
)
@click.option(
    "--sensor-rate",
    type=float,
    help="Hz: the C source filters from this sensor's rate to the model's; without it, the sensor has the model's.",
)
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
@click.option(
    "--package", "packages", multiple=True, metavar="KIND",
    help="Add packages/KIND/, a library for arduino, zephyr, cmake, platformio, esp-idf or micropython; implies --c.",
)  # fmt: skip
@click.option("--web", is_flag=True, help="Add web/, a page that runs the int8 model on a phone; implies --int8.")
@click.option(
    "--sign", type=click.Path(path_type=Path), metavar="KEY",
    help="Ed25519 private key (PEM) that signs the manifest; `edgehar verify --key` checks it.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of tables.")
@data_options(default=None)
@click.pass_context
def command(
    context: click.Context,
    source: str,
    out: Path,
    int8: bool,
    explain: bool,
    float16: bool,
    dynamic: bool,
    io: str,
    incremental: bool,
    hops: tuple[int, ...],
    c_asked: bool,
    c_kernels: str,
    c_hop: int | None,
    c_schedule: str,
    c_name: str,
    c_engine: bool,
    c_blob: bool,
    sensor_rate: float | None,
    temperature: str,
    calibration: str,
    bounds: str,
    no_gate: bool,
    split_name: str | None,
    packages: tuple[str, ...],
    web: bool,
    sign: Path | None,
    as_json: bool,
    data: DataSource | None,
) -> None:
    """Export a trained model to TFLite and ONNX, measure what was written, and gate its quality.

    Calibration and gate take the recordings that the model was trained with, unless --dataset names others. Exit
    status 1 where a quantised model loses more than the gate allows; the files are kept and marked.
    """
    from edgehar import models
    from edgehar.api.export import export
    from edgehar.bundle.gate import Gate, require_pass
    from edgehar.bundle.write import CSource
    from edgehar.compile.c.names import Names
    from edgehar.files import dump_json
    from edgehar.report import export_tables
    from edgehar.report.progress import stage

    c_asked = c_asked or c_blob or bool(packages)
    int8 = int8 or c_asked or web
    if web and io == "float":
        raise click.UsageError("expected --io int8 with --web: the page runs the full-integer model")
    if (c_asked or c_engine) and io == "float":
        raise click.UsageError("expected --io int8 with --c and --c-engine: the engine takes the full-integer model")
    if explain and not int8:
        raise click.UsageError("expected --int8 with --explain: it compares the int8 model with the float one")
    if incremental and (not int8 or io == "float"):
        raise click.UsageError("expected --int8 and --io int8 with --incremental: it rewrites the full-integer model")
    told = given(context)
    for name in ("io", "calibration"):
        if name in told and not int8:
            raise click.UsageError(f"expected --int8 with --{name}: it shapes the full-integer model")
    if no_gate and "bounds" in told:
        raise click.UsageError("expected --gate or --no-gate, got both")
    if hops and not incremental:
        raise click.UsageError("expected --incremental with --hop; the whole-window models take any hop")
    if incremental and not hops:
        hops = (min(DEFAULT_HOP, models.read_contract(models.resolve(source)).window),)
    c = CSource(c_asked or c_engine, c_kernels, c_hop, c_schedule, Names(c_name).name, c_engine, sensor_rate, c_blob)
    if c != CSource() and (not int8 or io == "float"):
        raise click.UsageError(
            "expected --c or --int8 (and --io int8) with --c-… and --sensor-rate: they shape the C source"
        )
    gate = None if no_gate else Gate.parse(bounds)
    with stage() as on_step:
        result = export(
            source,
            out,
            dataset=data,
            int8=int8,
            float16=float16,
            dynamic=dynamic,
            float_io=io == "float",
            explain=explain,
            hops=hops,
            c=c,
            temperature=temperature,
            calibration=calibration,
            gate=gate,
            split=split_name,
            web=web,
            packages=packages,
            sign=sign,
            read=reader(lambda done, total: None),
            on_step=on_step,
        )
    for sentence in result.notes:
        note(sentence)
    if c.asked and "c_kernels" not in told:
        note(
            "the C source has portable kernels, for any core; --c-kernels dsp (Cortex-M4, M7, M33), thumb (M0), "
            "thumb2 (M3), mve (M55) or riscv takes fewer instructions"
        )
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
    else:
        export_tables.show(result)
    require_pass(result.rows)
