"""`edgehar plan`: what an incremental step saves."""

from __future__ import annotations

from pathlib import Path

import click

from edgehar.cli.layout import Command


@click.command(cls=Command)
@click.argument("model", default="bundle", type=click.Path(path_type=Path))
@click.option("--hop", type=int, default=20, show_default=True, help="Samples between decisions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(model: Path, hop: int, as_json: bool) -> None:
    """Show which activations survive a hop, and the work and the state of a decision.

    MODEL is an int8 .tflite or a bundle folder (default: ./bundle).
    """
    from edgehar.bundle import open_bundle
    from edgehar.compile.incremental_plan import figures
    from edgehar.compile.read import read_network
    from edgehar.files import dump_json
    from edgehar.models import find_contract
    from edgehar.report.plan_table import print_plan
    from edgehar.report.tables import results_console

    path = model if model.is_file() else open_bundle(model).file("model_int8.tflite")
    contract = find_contract(path)
    plan = figures(read_network(path), hop)
    if as_json:
        click.echo(dump_json(plan), nl=False)
    else:
        print_plan(plan, 20.0 if contract is None else contract.rate_hz, results_console())
