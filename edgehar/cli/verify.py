"""`edgehar verify`: whether a bundle is whole, and made by whom it should be."""

from __future__ import annotations

from pathlib import Path

import click

from edgehar.cli.layout import Command
from edgehar.cli.output import note

#: Names of files that nobody vouches for, at most: what `make -C bundle/c` builds is many.
SHOWN = 6


@click.command(cls=Command)
@click.argument("bundle", default="bundle", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="Ed25519 public key (PEM) whose owner must have signed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(bundle: Path, key: Path | None, as_json: bool) -> None:
    """Verify size and SHA-256 of every file of BUNDLE (default: ./bundle), its contracts, and its signature.

    Without --key it says whether the bundle is whole, not who made it. Exit status 1 where a check fails.
    """
    from edgehar.api.verify import UNCHECKED, UNSIGNED, verify
    from edgehar.files import dump_json

    result = verify(bundle, key=key)
    if result.strangers:
        names = ", ".join(result.strangers[:SHOWN]) + (", … (all with --json)" if len(result.strangers) > SHOWN else "")
        note(f"{len(result.strangers)} files are not in the manifest; nothing vouches for them: {names}")
    if as_json:
        click.echo(dump_json(result.to_dict()), nl=False)
        return
    words = {
        UNSIGNED: "not signed: whole, whoever made it",
        UNCHECKED: "signed, not checked: give the public key with --key",
    }.get(result.signature, f"signed by the key {result.key}")
    click.echo(f"{result.files} files, {result.bytes:,} bytes, as the manifest says; {words}")
