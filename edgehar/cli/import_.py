"""`edgehar import`: a Keras network made elsewhere as a `.keras` with its contract."""

from __future__ import annotations

from pathlib import Path

import click

from edgehar.cli.layout import Command
from edgehar.cli.words import numbers, words


@click.command("import", cls=Command)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--labels", type=words, metavar="A,B,C", help="In the order of the outputs; LabelEncoder sorts by the alphabet."
)
@click.option("--rate", "rate_hz", type=float, metavar="HZ", help="Samples a second of its windows.")
@click.option("--mean", type=numbers, metavar="M[,M,M]", help="Of its training's (x - mean) / std, one or per channel.")
@click.option("--std", type=numbers, metavar="S[,S,S]", help="Of the same.")
@click.option(
    "--channels",
    metavar="A,B",
    help="What a sample is, as acc,gyro or acc.magnitude (default: acc, its x, y and z); units m/s^2, rad/s, uT.",
)
@click.option(
    "--contract",
    "contract_file",
    type=click.Path(path_type=Path),
    metavar="JSON",
    help="In place of labels, rate, mean, std and channels.",
)
@click.option("--window", type=int, help="Samples, where the network leaves them open.")
@click.option(
    "--unit", type=click.Choice(["m/s^2", "g"]), default="m/s^2", show_default=True, help="That it was trained on."
)
@click.option(
    "--sign",
    type=click.Choice(["android", "ios"]),
    default="android",
    show_default=True,
    help="That it was trained with: at rest the axis that points up reads +9.8 on Android, -1 g on iOS.",
)
@click.option(
    "--order",
    type=click.Choice(["samples", "axes"]),
    default="samples",
    show_default=True,
    help="Of its input: x0,y0,z0,x1,… or x0,x1,…,y0,y1,…, as where [xs, ys, zs] was reshaped.",
)
@click.option("--logits", is_flag=True, help="Its last layer has no softmax: put one behind it.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("own.keras"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: Path,
    labels: tuple[str, ...] | None,
    rate_hz: float | None,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    channels: str | None,
    contract_file: Path | None,
    window: int | None,
    unit: str,
    sign: str,
    order: str,
    logits: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Give MODEL, a .keras or .h5 that Keras saved, the contract that every other command asks for.

    The network stays as it is; what is written is compared with it on 64 windows. Every assumption goes to standard
    error: a wrong unit, sign or order costs the accuracy and raises no error.
    """
    from edgehar.api.import_model import import_model
    from edgehar.contract import Contract
    from edgehar.errors import ContractError
    from edgehar.files import dump_json
    from edgehar.schema import read_json

    result = import_model(
        model,
        out,
        labels=labels,
        rate_hz=rate_hz,
        mean=mean,
        std=std,
        contract=None if contract_file is None else read_json(contract_file, Contract, error=ContractError),
        window=window,
        unit=unit,
        sign=sign,
        order=order,
        logits=logits,
        channels=channels,
    )
    for sentence in result.assumed:
        click.echo(f"taken: {sentence}", err=True)
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
    else:
        click.echo(f"{result.path}: the same model, probabilities within {result.difference:.1e} on 64 windows")
