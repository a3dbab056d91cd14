"""`edgehar models`: the weights that ship, and what a person must know of them."""

from __future__ import annotations

import click

from edgehar.cli.layout import Command


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, as_json: bool) -> None:
    """List the weights that ship, or print the card of one.

    A card says who it was made with, where it is worn, its labels and figures, the licence of the recordings, and
    what it must not be used for.
    """
    from edgehar.api.models import model_cards
    from edgehar.files import dump_json
    from edgehar.report.model_cards import print_card, print_cards

    cards = model_cards(name)
    if as_json:
        click.echo(dump_json([card.to_dict() for card in cards]), nl=False)
    elif name is not None:
        print_card(cards[0])
    else:
        print_cards(cards)
