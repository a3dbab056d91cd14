"""`edgehar.model_cards`: what a person must know of the weights that ship."""

from __future__ import annotations

from edgehar.models.cards import ModelCard, read_cards


def model_cards(name: str | None = None) -> tuple[ModelCard, ...]:
    """Who, where worn, labels, figures, licence of the data, and what it must not be used for.

    Args:
        name: of a shipped model; None for all of them.
    Raises:
        EdgeharError: no shipped model of that name.
    """
    return read_cards(name)
