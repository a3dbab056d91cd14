"""What the pages and snippets of a bundle say of a sample."""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.channels import ACCELERATION, AXES, Channel
from edgehar.contract import Contract


def sample_words(contract: Contract) -> dict[str, str]:
    """Words for the templates: what a sample is, at length and in short, and its values as arguments."""
    names = _names(contract.channels)
    usual = contract.channels == ACCELERATION
    short = "x, y, z in m/s²"
    if not usual:
        short = ", ".join(f"{one.name} in {_unit(one)}" for one in contract.channels)
    frame = f"gravity included, {contract.sign.capitalize()} sign" if usual else "Android's axes and signs"
    return {
        "channels": str(len(names)),
        "sample": f"{short} ({frame})",
        "short": short,
        "unit": "m/s²" if usual else "the units of the contract's channels",
        "zeros": f"({', '.join('0' for _ in names)},)" if len(names) == 1 else f"({', '.join('0' for _ in names)})",
        "names": ", ".join(names),
        "kotlin_names": ", ".join(f"{name}: Float" for name in names),
        "cpp_names": ", ".join(f"float {name}" for name in names),
    }


def _names(channels: Sequence[Channel]) -> list[str]:
    """Names of the values that any language takes."""
    return list(AXES) if tuple(channels) == ACCELERATION else [one.name.replace(".", "_") for one in channels]


def _unit(channel: Channel) -> str:
    return {"m/s^2": "m/s²", "uT": "µT"}.get(channel.unit, channel.unit)
