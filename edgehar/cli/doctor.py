"""`edgehar doctor`: what is installed, what is missing for which command, and how to get it."""

from __future__ import annotations

import click

from edgehar.cli.layout import Command


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(as_json: bool) -> None:
    """Say what is installed, what is missing for which command, and how to get it.

    Looks for Python packages, compilers and emulators; runs and imports none of them, and always exits 0.
    """
    from edgehar.api.doctor import doctor
    from edgehar.files import dump_json

    found = doctor()
    if as_json:
        click.echo(dump_json(found.to_dict()), nl=False)
        return
    from edgehar.report.doctor_table import print_doctor

    print_doctor(found)
