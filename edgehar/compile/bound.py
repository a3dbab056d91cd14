"""What no order of firing can avoid: work that depends on the newest samples is done in the last pushes, or never.

With W(k) what a decision needs of what depends on its k newest samples, some push takes W(k) / k at least, for every k
up to the hop; and a block that is not cut takes its own. W(hop) / hop is the mean of all pushes.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgehar.compile.plan import EnginePlan, needed_columns


def ages(plan: EnginePlan) -> list[list[int]]:
    """For each column that a decision computes, the samples that came after the newest that it depends on.

    Returns:
        a list for each layer (of a reduction: its input columns), 0 … hop - 1 each: what is older was there before the
        hop began.
    """
    assert plan.hop is not None
    network, needed = plan.network, needed_columns(plan.network, plan.split)
    newest = {network.source: list(range(network.tensors[network.source].columns))}
    last = len(newest[network.source]) - 1
    found = []
    for index, layer in enumerate(network.layers):
        of = [newest[tensor] for tensor in layer.inputs]
        if layer.reduces:
            columns, made = of[0], [max(of[0])]
        else:
            made = []
            for column in range(needed[layer.output]):
                reach = [
                    min(
                        layer.passed_over(slot) + column * layer.stride + layer.kernel - 1 - layer.pad_left,
                        len(one) - 1,
                    )
                    for slot, one in enumerate(of)
                ]
                made.append(max(one[max(0, at)] for one, at in zip(of, reach, strict=True)))
            columns = made
        newest[layer.output] = made
        if index < plan.split:
            # The others were computed for an earlier window.
            columns = columns[max(0, len(columns) - plan.fired[index]) :]
        found.append([min(last - at, plan.hop - 1) for at in columns])
    return found


def least_worst(plan: EnginePlan, columns: Sequence[float]) -> float:
    """What the largest push takes at least, whatever the order of firing.

    Args:
        columns: what a column of each layer takes; of a reduction, an input column.
    """
    assert plan.hop is not None
    by_age = [0.0] * plan.hop
    for found, cost in zip(ages(plan), columns, strict=True):
        for age in found:
            by_age[age] += cost
    total, least = 0.0, 0.0
    for samples, work in enumerate(by_age, 1):
        total += work
        least = max(least, total / samples)
    return least
