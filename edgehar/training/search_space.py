"""What a search may draw, what it may spend, and when a candidate is given up."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.models import build
from edgehar.models.family import ConvBlock, columns, spec
from edgehar.training.cost import Cost, cost

if TYPE_CHECKING:
    import optuna

#: What a budget may name: attributes of `Cost`.
SPENT = ("flash", "macs", "ram")

#: Blocks of a candidate, at least and at most.
FEWEST, MOST = 2, 5

#: The network that costs least of all that can be drawn with a single stride for the whole second.
SMALLEST = spec([ConvBlock("conv", 8, 5, 20), ConvBlock("sep", 8, 3)])

#: Rivals without which nobody is given up.
QUORUM = 3

_FACTORS = {"": 1.0, "k": 1e3, "M": 1e6}


def read_budget(text: str) -> dict[str, int]:
    """A budget as in `flash=24k,macs=500k`; k is 1000, M a million.

    Raises:
        EdgeharError: not of that form, an unknown name, or a name twice.
    """
    budget: dict[str, int] = {}
    for part in text.split(","):
        name, _, amount = (piece.strip() for piece in part.partition("="))
        digits, factor = (amount[:-1], amount[-1]) if amount[-1:] in ("k", "M") else (amount, "")
        try:
            value = float(digits) * _FACTORS[factor]
        except ValueError:
            value = math.nan
        if name not in SPENT or name in budget or not 1 <= value < math.inf:
            raise EdgeharError(f"expected a budget as in flash=24k,macs=500k out of {', '.join(SPENT)}; got {part!r}")
        budget[name] = int(value)
    return budget


def draw(trial: optuna.Trial) -> list[ConvBlock]:
    """The blocks that an Optuna trial proposes.

    The strides are the factors 2, 2 and 5 of a second's 20 samples, each given to one block or to none, so
    that every proposal's total stride divides the second.
    """
    count = trial.suggest_int("blocks", FEWEST, MOST)
    strides = [1] * count
    for name, factor in (("half", 2), ("quarter", 2), ("fifth", 5)):
        at = trial.suggest_int(name, 0, MOST)
        if at < count:
            strides[at] *= factor
    blocks = []
    for index, stride in enumerate(strides):
        kind = trial.suggest_categorical(f"kind_{index}", ["sep", "conv"]) if index else "conv"
        filters = trial.suggest_int(f"filters_{index}", 8, 64, step=8)
        kernel = trial.suggest_int(f"kernel_{index}", 3, 11, step=2)
        blocks.append(ConvBlock(kind, filters, kernel, stride))
    return blocks


def cost_of(arch: str, contract: Contract) -> Cost:
    """The cost of an architecture by name; raises as `models.build`."""
    return cost(build(arch, contract, seed=0))


def excess(
    blocks: Sequence[ConvBlock], budget: Mapping[str, int], contract: Contract
) -> tuple[Cost | None, dict[str, float]]:
    """Cost, and by how much each part of it is over the budget (0 or less: within), before any training.

    The cost is None where the window is too short for the blocks; that counts as an excess of 1.
    """
    try:
        columns(list(blocks), contract)
    except ContractError:
        return None, {"window": 1.0}
    found = cost_of(spec(list(blocks)), contract)
    return found, {name: getattr(found, name) / limit - 1 for name, limit in budget.items()}


def rungs(epochs: int) -> tuple[int, ...]:
    """Epochs after which a candidate may be given up: a quarter and a half of the schedule."""
    return tuple(sorted({epoch for epoch in (epochs // 4, epochs // 2) if 0 < epoch < epochs}))


def gives_up(loss: float, rivals: Sequence[float]) -> bool:
    """Whether a candidate stops at a rung: its validation loss is worse than its rivals' median.

    Args:
        loss: least validation loss up to the rung.
        rivals: the same of earlier candidates that cost no more, in flash and in multiply-accumulates. Only
            these may end it: a network that is worse than cheaper ones is on its way out of the front, while
            a worse but cheaper one may still be on it.
    Source: successive halving (Jamieson and Talwalkar, AISTATS 2016), asynchronous as in Li et al., "A System
        for Massively Parallel Hyperparameter Tuning", MLSys 2020, with half kept; the restriction to cheaper
        rivals is ours, since Optuna's pruners take one objective only.
    """
    return len(rivals) >= QUORUM and loss > statistics.median(rivals)
