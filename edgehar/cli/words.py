"""Names and numbers that an option takes as one word, parted by commas."""

from __future__ import annotations

import click


def words(text: str) -> tuple[str, ...]:
    """`sitting,standing` as names, without the blanks around them: the `type` of an option.

    Raises:
        click.BadParameter: an empty name.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise click.BadParameter(f"expected names parted by commas, as in A,B; got {text!r}")
    return names


def numbers(text: str) -> tuple[float, ...]:
    """`0.6,9.1,0.4` as numbers: the `type` of an option.

    Raises:
        click.BadParameter: something else between the commas.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected numbers parted by commas, as in 0.6,9.1,0.4; got {text!r}") from None
