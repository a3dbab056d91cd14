"""Model cards of the shipped weights: who, where worn, labels, figures, licences of the data, what they are not for."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from edgehar.models.registry import shipped, shipped_names
from edgehar.schema import read_json

_FOLDER = Path(__file__).parent
_TEXTS, _FIGURES = _FOLDER / "cards.toml", _FOLDER / "figures.csv"


@dataclass(frozen=True)
class CardFigure:
    """What was measured, quantised to int8 unless `on` says otherwise.

    Attributes:
        on: people and protocol.
        accuracy, macro_f1: 0 … 1; None where it was not measured.
    """

    on: str
    accuracy: float | None
    macro_f1: float | None


@dataclass(frozen=True)
class ModelCard:
    """One shipped model.

    Attributes:
        worn: where.
        people: whose recordings made it.
        unseen: on whom its figures are.
        data: citation and licence of each set of recordings.
        not_for: what it must not be used for.
    """

    name: str
    placement: str
    worn: str
    people: str
    unseen: str
    labels: tuple[str, ...]
    front_end: str
    parameters: int
    figures: tuple[CardFigure, ...]
    data: tuple[tuple[str, str], ...]
    not_for: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def placement_of(name: str) -> str:
    """`waist`, `pocket` or `wrist` of a shipped model; the waist has no mark in the name."""
    return name.partition("-")[2] or "waist"


def read_cards(name: str | None = None) -> tuple[ModelCard, ...]:
    """The card of a shipped model, or all of them, by placement and size; raises EdgeharError for an unknown name."""
    if name is not None:
        return (_card(shipped(name).stem),)
    cards = [_card(each) for each in shipped_names()]
    order = ("waist", "pocket", "wrist")
    return tuple(sorted(cards, key=lambda card: (order.index(card.placement), card.parameters)))


def _card(name: str) -> ModelCard:
    texts = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    place = placement_of(name)
    own, manifest = texts[place], read_json(shipped(name).with_suffix(".json"), dict)
    with _FIGURES.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["model"] == name]
    figures = (CardFigure(row["on"], _number(row["accuracy"]), _number(row["macro_f1"])) for row in rows)
    return ModelCard(
        name=name,
        placement=place,
        worn=own["worn"],
        people=own["people"],
        unseen=own["unseen"],
        labels=tuple(manifest["contract"]["labels"]),
        front_end=manifest["contract"].get("front_end", "none"),
        parameters=manifest["model"]["parameters"],
        figures=tuple(figures),
        data=tuple((texts["data"][each]["citation"], texts["data"][each]["licence"]) for each in own["data"]),
        not_for=(own["not_for"], texts["all"]["not_for"]),
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
