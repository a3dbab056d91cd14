"""What an incremental step computes, what it keeps for the next one, and what that saves.

A step takes `hop` new samples. Of each tensor it makes the columns that are new, and keeps as state as many of
the latest as the next step's layers will read again. Which layers can work this way, and up to which one it
pays, is the C planner's answer (`edgehar.compile.plan`): the .tflite and the C engine cut the network alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from edgehar.compile.c.emit import memory_bytes
from edgehar.compile.network import Layer, Network, macs
from edgehar.compile.plan import best_split, check_hop, make_plan, split_tensor, why_whole

#: What a network must be to run on a stream.
WAY_TO_STREAM = (
    "valid padding and strides that divide the hop are what survives, and causal padding where only the last step is "
    "read (x[:, -1] in place of a mean)"
)

#: Hops shown beside the one asked for.
NEAR = 3


@dataclass(frozen=True)
class Flow:
    """One tensor in a step: `new` columns are made, `kept` columns are state from the step before.

    Attributes:
        tensor: index into `Network.tensors`.
        new, kept: columns.
    """

    tensor: int
    new: int
    kept: int


@dataclass(frozen=True)
class StepPlan:
    """How a step of `hop` samples runs a network.

    Attributes:
        split: leading layers that compute new columns only; the rest sees the whole window.
        split_tensor: tensor (index into `Network.tensors`) that is kept over the whole window for the rest.
        flows: of the input and of the first `split` layers' outputs, by tensor.
        takes: columns that each of the first `split` layers reads of each operand.
    """

    network: Network
    hop: int
    split: int
    split_tensor: int
    flows: dict[int, Flow]
    takes: tuple[int, ...]

    @property
    def computed(self) -> tuple[int, ...]:
        """Output columns that each layer computes in a step."""
        tensors = self.network.tensors
        return tuple(
            self.flows[layer.output].new if index < self.split else tensors[layer.output].columns
            for index, layer in enumerate(self.network.layers)
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a step."""
        network = self.network
        return sum(n * macs(layer, network.tensors) for n, layer in zip(self.computed, network.layers, strict=True))

    @property
    def ordered(self) -> tuple[Flow, ...]:
        """The flows in the order of the network, which is that of the states."""
        tensors = (self.network.source, *(layer.output for layer in self.network.layers[: self.split]))
        return tuple(self.flows[tensor] for tensor in tensors)

    @property
    def state_bytes(self) -> int:
        """Bytes that a step hands to the next one."""
        return sum(flow.kept * self.network.tensors[flow.tensor].channels for flow in self.flows.values())

    @property
    def note(self) -> str | None:
        """Why a step saves nothing, where that is so."""
        if self.macs < whole_macs(self.network):
            return None
        if self.split == 0:
            why = first_whole(self.network, self.hop)
            return f"no layer's output survives a hop of {self.hop}: every step runs the whole window, since {why}"
        return f"a hop of {self.hop} leaves nothing to reuse: every step runs the whole window"


def plan_step(network: Network, hop: int) -> StepPlan:
    """Plan a step.

    Raises:
        EdgeharError: a hop that is not an integer from 1 to the window.
    """
    check_hop(hop, network.tensors[network.source].columns)
    split = best_split(network, hop, lambda split: _can_step(network, split))
    kept = split_tensor(network, split)
    advance = {network.source: hop}
    for layer in network.layers[:split]:
        advance[layer.output] = advance[layer.inputs[0]] // layer.stride
    # Counted from the window's newest column backwards: how many columns of a tensor a step reads.
    read = {kept: network.tensors[kept].columns}
    takes = [0] * split
    for index in reversed(range(split)):
        layer = network.layers[index]
        made = min(advance[layer.output], read[layer.output])
        for slot, operand in enumerate(layer.inputs):
            takes[index] = (made - 1) * layer.stride + layer.kernel + _unread(network, layer, slot)
            read[operand] = max(read.get(operand, 0), takes[index])
    flows = {}
    for tensor, columns in read.items():
        new = hop if tensor == network.source else min(advance[tensor], columns)
        flows[tensor] = Flow(tensor, new, max(0, columns - new))
    return StepPlan(network, hop, split, kept, flows, tuple(takes))


def _can_step(network: Network, split: int) -> bool:
    """Whether a .tflite may be cut behind so many layers: between two operators, each of which can run on a piece of
    a window, and at a tensor of which the rest sees every column."""
    kept = network.tensors[split_tensor(network, split)]
    dense = any(layer.name.startswith("FULLY_CONNECTED") for layer in network.layers[:split])
    # A slice that leaves out the newest columns would have to take older ones of a piece.
    late = any(layer.name.startswith("STRIDED_SLICE") and layer.kernel > 1 for layer in network.layers[:split])
    return kept.index >= 0 and kept.first == 0 and not dense and not late


def first_whole(network: Network, hop: int) -> str:
    """The first layer that cannot run on the stream at this hop, and why."""
    strides = {network.source: 1}
    for layer in network.layers:
        why = why_whole(layer)
        stride = max(strides[operand] for operand in layer.inputs) * layer.stride
        if why:
            return f"{layer.name} {why}"
        if hop % stride:
            return f"{layer.name} has a column every {stride} samples, and another phase in the next window"
        strides[layer.output] = stride
    return f"{network.layers[0].name} leaves nothing to reuse"


def _unread(network: Network, layer: Layer, slot: int) -> int:
    """Newest columns of a window that the layer never reads, because its stride does not reach them."""
    reach = (network.tensors[layer.output].columns - 1) * layer.stride + layer.kernel
    return network.tensors[layer.inputs[slot]].columns - layer.passed_over(slot) - reach


def whole_macs(network: Network) -> int:
    """Multiply-accumulates of a whole window, every column counted."""
    return sum(network.tensors[layer.output].columns * macs(layer, network.tensors) for layer in network.layers)


class LayerFigures(TypedDict):
    """One layer in `PlanFigures`: columns of its output, those that survive a hop or are computed, and their cost."""

    layer: str
    columns: int
    channels: int
    survive: int
    computed: int
    macs_whole: int
    macs: int
    state_bytes: int
    incremental: bool


class NearHop(TypedDict):
    """The cost of another hop."""

    hop: int
    macs: int
    macs_per_sample: int


class PlanFigures(TypedDict):
    """What `figures` gives; `c_engine` has macs, late_macs and memory_bytes by schedule."""

    hop: int
    window: int
    channels: int
    macs_whole: int
    macs: int
    input_state_bytes: int
    state_bytes: int
    note: str | None
    layers: list[LayerFigures]
    near: list[NearHop]
    c_engine: dict[str, dict[str, int]]


def figures(network: Network, hop: int) -> PlanFigures:
    """The plan of a hop as JSON-ready values: for people as a table, and for the manifest.

    `layers` and `state_bytes` are the incremental .tflite's; `c_engine` has the C engine's own (portable kernels),
    which computes only the columns that its last layers read, and keeps its buffers in the same memory.
    """
    plan = plan_step(network, hop)
    window = network.tensors[network.source].columns
    rows: list[LayerFigures] = []
    for index, (layer, computed) in enumerate(zip(network.layers, plan.computed, strict=True)):
        output = network.tensors[layer.output]
        flow = plan.flows.get(layer.output)
        rows.append(
            {
                "layer": layer.name,
                "columns": output.columns,
                "channels": output.channels,
                "survive": output.columns - computed,
                "computed": computed,
                "macs_whole": output.columns * macs(layer, network.tensors),
                "macs": computed * macs(layer, network.tensors),
                "state_bytes": 0 if flow is None else flow.kept * output.channels,
                "incremental": index < plan.split,
            }
        )
    source = plan.flows[network.source]
    engine = {schedule: make_plan(network, hop=hop, schedule=schedule) for schedule in ("hop", "spread")}
    return {
        "hop": hop,
        "window": window,
        "channels": network.tensors[network.source].channels,
        "macs_whole": whole_macs(network),
        "macs": plan.macs,
        "input_state_bytes": source.kept * network.tensors[network.source].channels,
        "state_bytes": plan.state_bytes,
        "note": plan.note,
        "layers": rows,
        "near": near(network, hop),
        "c_engine": {
            name: {"macs": found.macs, "late_macs": found.late_macs, "memory_bytes": memory_bytes(found)}
            for name, found in engine.items()
        },
    }


def hop_note(network: Network, hop: int) -> str | None:
    """Why the C engine saves nothing at this hop, and the hops near it that do; None where it saves.

    Raises:
        EdgeharError: a hop that is not an integer from 1 to the window.
    """
    window = network.tensors[network.source].columns
    check_hop(hop, window)
    if best_split(network, hop):
        return None
    saving = [other for other in range(1, window) if best_split(network, other)]
    closest = sorted(sorted(saving, key=lambda other: (abs(other - hop), other))[:NEAR])
    why = (
        f"no layer's output survives a hop of {hop}: the C source computes the whole window at every decision, since "
        f"{first_whole(network, hop)}"
    )
    if not closest:
        return f"{why}, as it would at any hop; {WAY_TO_STREAM}"
    return f"{why}; hops near it that save work: {', '.join(map(str, closest))} (see edgehar plan)"


def near(network: Network, hop: int) -> list[NearHop]:
    """The cheapest hops per sample between three quarters and five quarters of the one asked for, and that one."""
    window = network.tensors[network.source].columns
    reach = max(2, hop // 4)
    candidates = {
        other: plan_step(network, other).macs for other in range(max(1, hop - reach), min(window, hop + reach) + 1)
    }
    best = sorted(candidates, key=lambda other: (candidates[other] / other, other))[:NEAR]
    return [
        {"hop": other, "macs": candidates[other], "macs_per_sample": round(candidates[other] / other)}
        for other in sorted({*best, hop})
    ]
