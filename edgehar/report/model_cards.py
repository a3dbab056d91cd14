"""Model cards: a table of all that ship, and one in whole."""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.models.cards import CardFigure, ModelCard
from edgehar.report.tables import NOTHING, percent, results_console, terminal_table


def print_cards(cards: Sequence[ModelCard]) -> None:
    """Print a line for each model."""
    rows = []
    for card in cards:
        first = card.figures[0] if card.figures else CardFigure(NOTHING, None, None)
        rows.append([card.name, card.placement, f"{card.parameters:,}", first.on, percent(first.accuracy), _f1(first)])
    columns = ["model", "worn at", "parameters", "measured on", "accuracy %", "macro-F1"]
    console = results_console()
    console.print(terminal_table("Weights that ship", columns, rows))
    console.print("more of one, with licences and what it is not for: edgehar models NAME", soft_wrap=True)


def print_card(card: ModelCard) -> None:
    """Print everything that there is to know of one."""
    console = results_console()
    front = "" if card.front_end == "none" else f"; front end {card.front_end}"
    lines = [
        f"{card.name}: {card.parameters:,} parameters{front}",
        f"worn: {card.worn}",
        f"labels: {', '.join(card.labels)}",
        f"people: {card.people}",
    ]
    lines += [f"data: {citation}. Licence: {licence}" for citation, licence in card.data]
    lines += [f"not for: {text}" for text in card.not_for]
    lines.append(f"figures, int8, on {card.unseen}:" if card.figures else "figures: none recorded")
    lines += [f"  {one.on}: accuracy {percent(one.accuracy)} %, macro-F1 {_f1(one)}" for one in card.figures]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _f1(figure: CardFigure) -> str:
    return NOTHING if figure.macro_f1 is None else f"{figure.macro_f1:.3f}"
