"""Planning: which activations survive a hop, how often each layer fires, and where everything lies in memory.

A network is split at one tensor. Layers before it run on the sample stream without end; the tensor's columns
over the window are kept as a history; layers behind it are run on that history at every decision. Split at
the input, this is the whole-window engine. An activation may be kept where padding is valid and the hop is a
multiple of the strides before it: then it depends only on samples that both windows hold, at the same phase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgehar.compile.exercise import BUDGETS, exercise
from edgehar.compile.kernel_path import KernelPath, load_kernel_path
from edgehar.compile.network import Layer, Network, macs
from edgehar.compile.schedule import Edge, Firing, Schedule
from edgehar.compile.scratch import aligned, place_scratch
from edgehar.compile.work import UNLIMITED, work_of
from edgehar.errors import EdgeharError

SCHEDULES = ("hop", "spread")
#: Layers at the end that may wait for the decision, where there is room for them: a dense layer and its softmax.
LAST_LAYERS = 2
#: Kinds whose work is a step for each value, which counts no multiply-accumulate.
_ONE_BY_ONE = ("table", "scale", "offset", "prelu", "multiply", "join", "gather")


@dataclass(frozen=True)
class EnginePlan:
    """How the engine runs one network.

    Attributes:
        network: what is planned.
        kernel_path: whose scratch and block sizes are counted.
        hop: samples between decisions; None where any hop goes (whole-window engine).
        schedule: `hop`: work when a decision is due; `spread`: work as samples arrive.
        split: layers that run continuously; 0 is the whole-window engine.
        edges, firings: what `Schedule` runs, one firing for each layer.
        source: edges that take samples, where split > 0.
        replayed: edges that are filled from the history at a decision; `history` columns of `history_channels`.
        result: the edge that holds the probabilities; it belongs to no layer.
        capacity: columns that each edge must hold.
        fired: outputs that each layer computes for a decision, once the stream is steady.
        late: those of `fired` that are computed after the last sample has come.
        budget: what a sample may bring about at most before a decision is due, under `spread`; see `work.PathWork`.
        worst_work, whole_work: of the largest push between two decisions, and of all of them, in the same unit.
        advance: columns of the history that a hop brings, under `spread`; else 0.
        offsets, history_offset, work_offsets, state_bytes: layout of the memory.
        keeps: `Scratch.keeps`.
    """

    network: Network
    kernel_path: KernelPath
    hop: int | None
    schedule: str
    split: int
    edges: tuple[Edge, ...]
    firings: tuple[Firing, ...]
    source: tuple[int, ...]
    replayed: tuple[int, ...]
    result: int
    history: int
    capacity: tuple[int, ...]
    fired: tuple[int, ...]
    late: tuple[int, ...]
    budget: int
    worst_work: int
    whole_work: int
    advance: int
    offsets: tuple[int, ...]
    history_offset: int
    work_offsets: tuple[int, ...]
    state_bytes: int
    keeps: tuple[int, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates per decision, in the steady state."""
        return sum(firing.macs * n for firing, n in zip(self.firings, self.fired, strict=True))

    @property
    def late_macs(self) -> int:
        """Multiply-accumulates between the last sample and its decision."""
        return sum(firing.macs * n for firing, n in zip(self.firings, self.late, strict=True))


def make_plan(
    network: Network, *, kernels: str = "portable", hop: int | None = None, schedule: str = "hop"
) -> EnginePlan:
    """Plan the whole-window engine (hop None) or the cheapest incremental one for a hop.

    Where no layer's output survives the hop, the plan is the whole-window engine's (`split` is 0).

    Raises:
        EdgeharError: a hop that is not an integer from 1 to the window, or an unknown schedule or kernel path.
    """
    window = network.tensors[network.source].columns
    if schedule not in SCHEDULES:
        raise EdgeharError(f"expected a schedule of {', '.join(SCHEDULES)}, got {schedule!r}")
    if hop is not None:
        check_hop(hop, window)
    path = load_kernel_path(kernels)
    split = 0 if hop is None else best_split(network, hop)
    most = max(_best_block(network, path, layer) for layer in network.layers)
    if hop is None or split == 0:
        return _lay_out(network, path, hop, schedule, split, most)
    if schedule == "hop":
        return _lay_out(network, path, hop, schedule, split, most)
    return _spread_out(network, path, hop, split, most)


def _spread_out(network: Network, path: KernelPath, hop: int, split: int, most: int) -> EnginePlan:
    """The plan whose largest push is the smallest: small blocks are shared out more evenly, large ones cost less."""
    best: EnginePlan | None = None
    push = work_of(path.name).push
    for size in range(1, most + 1):
        whole = _lay_out(network, path, hop, "spread", split, size)
        largest = max(firing.block_work for firing in whole.firings)
        if best and push + largest >= best.worst_work:
            break
        for factor in BUDGETS:
            for waiting in (0, LAST_LAYERS):
                budget = int(whole.whole_work / hop * factor) - push
                if budget < max(firing.block_work for firing in whole.firings[: len(whole.firings) - waiting]):
                    continue  # a block that never fits waits for the decision, with all behind it
                plan = _lay_out(network, path, hop, "spread", split, size, budget, waiting)
                if not best or (plan.worst_work, plan.whole_work) < (best.worst_work, best.whole_work):
                    best = plan
    return best or _lay_out(network, path, hop, "spread", split, most)


def check_hop(hop: int, window: int) -> None:
    """Raise EdgeharError unless the hop is an integer from 1 to the window."""
    if not isinstance(hop, int) or isinstance(hop, bool) or not 1 <= hop <= window:
        raise EdgeharError(f"expected a hop of 1 to {window} samples, got {hop!r}")


def _strides(network: Network, split: int) -> dict[int, int]:
    """Samples between two columns, for the input and the outputs of the first `split` layers."""
    strides = {network.source: 1}
    for layer in network.layers[:split]:
        strides[layer.output] = max(strides[i] for i in layer.inputs) * layer.stride
    return strides


def splits(network: Network, hop: int) -> list[int]:
    """Numbers of leading layers that may run continuously at this hop; 0 is always among them."""
    found = [0]
    for index, layer in enumerate(network.layers):
        if why_whole(layer):
            break
        stride = _strides(network, index + 1)[layer.output]
        later = {i for other in network.layers[index + 1 :] for i in other.inputs}
        before = {other.output for other in network.layers[:index]} | {network.source}
        if hop % stride == 0 and not later & before:
            found.append(index + 1)
    return found


def why_whole(layer: Layer) -> str | None:
    """Why a layer can only run on whole windows; None where it can run on a stream without end."""
    if layer.kind == "softmax" or layer.reduces or layer.stride == 0:
        return "takes the whole window"
    if layer.pad_left or layer.pad_right:
        return "pads, so that its columns at the window's ends are others in the next window"
    if layer.operand is not None and len(layer.operand) > 1:
        return "has a constant for each column of the window"
    return None


def best_split(network: Network, hop: int, allowed: Callable[[int], bool] | None = None) -> int:
    """The split with the fewest multiply-accumulates per decision; among equals, the one that has the fewest values
    to look up, scale or copy, then the smallest history.

    Args:
        allowed: whether a number of leading layers, not 0, may run continuously; None: any that can.
    """

    def cost(split: int) -> tuple[int, int, int]:
        needed, strides = needed_columns(network, split), _strides(network, split)
        work, values = 0, 0
        for index, layer in enumerate(network.layers):
            columns = needed[layer.output]
            if index < split:
                columns = min(columns, hop // strides[layer.output])
            work += columns * macs(layer, network.tensors)
            if layer.kind in _ONE_BY_ONE:
                values += columns * network.tensors[layer.output].channels
        kept = network.tensors[split_tensor(network, split)]
        return work, values, kept.columns * kept.channels

    return min((split for split in splits(network, hop) if not (split and allowed) or allowed(split)), key=cost)


def split_tensor(network: Network, split: int) -> int:
    """The tensor at which the network is split: the one whose columns over the window are kept as the history."""
    return network.layers[split - 1].output if split else network.source


def needed_columns(network: Network, split: int) -> dict[int, int]:
    """Columns of each tensor that a decision needs; the split tensor's are needed in full."""
    kept = split_tensor(network, split)
    needed = {network.result: 1, kept: network.tensors[kept].columns}
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        outputs = needed[layer.output]
        for slot, tensor in enumerate(layer.inputs):
            columns = network.tensors[tensor].columns
            if not layer.reduces:
                reach = layer.passed_over(slot) + (outputs - 1) * layer.stride + layer.kernel - layer.pad_left
                columns = min(columns, reach)
            if tensor != kept or index < split:
                needed[tensor] = max(needed.get(tensor, 0), columns)
    return needed


def _best_block(network: Network, path: KernelPath, layer: Layer) -> int:
    """Output columns that a layer computes best at once."""
    if layer.kind == "softmax":
        return 1
    channels = network.tensors[layer.inputs[0]].channels
    # A mean puts out one column in all.
    output = 0 if layer.reduces else network.tensors[layer.output].channels
    block = path.positions(layer.stride * channels, output)
    # Two columns of a pool at once gain less than their memory is worth.
    return 1 if "pool" in layer.kind and block < 3 else block


def _lay_out(
    network: Network,
    path: KernelPath,
    hop: int | None,
    schedule: str,
    split: int,
    positions: int,
    budget: int = UNLIMITED,
    waiting: int = 0,
) -> EnginePlan:
    """Edges, firings, buffer sizes and addresses of one split."""
    edges, firings, reads = _pipeline(network, path, hop, split, positions, waiting)
    kept = split_tensor(network, split)
    history = network.tensors[kept].columns
    replayed = reads[kept]
    source = reads[network.source] if split else ()
    result = reads[network.result][0]
    brought = min((hop or 0) // _strides(network, split)[kept], history)
    advance = brought if split and schedule == "spread" else 0
    work = work_of(path.name)
    trial = Schedule(edges, firings, source, replayed, split, history, advance, work.push, work.decision)
    done = exercise(trial, network.tensors[network.source].columns, hop, schedule, split, budget)
    capacity = tuple(trial.high)

    place = aligned(8 + 6 * len(edges) + 2 * len(firings))
    offsets = []
    for edge, columns in zip(edges, capacity, strict=True):
        offsets.append(place)
        place += aligned(columns * network.tensors[edge.tensor].channels)
    history_offset = place
    place += aligned(history * network.tensors[kept].channels)
    strides = _strides(network, split)
    singly = [hop is not None and hop // strides.get(layer.output, hop + 1) == 1 for layer in network.layers]
    scratch = place_scratch(network, path, firings, singly, place)
    return EnginePlan(
        network, path, hop, schedule, split, edges, firings, source, replayed, result, history, capacity,
        done.fired, done.late, budget, done.worst, done.whole, advance, tuple(offsets), history_offset,
        scratch.offsets, scratch.end, scratch.keeps,
    )  # fmt: skip


def _pipeline(
    network: Network, path: KernelPath, hop: int | None, split: int, positions: int, waiting: int
) -> tuple[tuple[Edge, ...], tuple[Firing, ...], dict[int, tuple[int, ...]]]:
    """Edges sorted by the tensor that fills them, the firings, and the edges that read each tensor."""
    needed = needed_columns(network, split)
    # A tensor before the split delivers as many columns per decision as are needed, or all where windows overlap.
    advance = {tensor: 0 if hop is None else hop // stride for tensor, stride in _strides(network, split).items()}
    delivered = {tensor: min(columns, needed[tensor]) for tensor, columns in advance.items()}
    if split:
        delivered[network.source] = advance[network.source]
    grouped = [
        advance[layer.output] > needed[layer.output] or any(delivered[i] < advance[i] for i in layer.inputs)
        for layer in network.layers[:split]
    ]
    edges: list[Edge] = []
    reads: dict[int, tuple[int, ...]] = {}
    slots: dict[tuple[int, int], int] = {}
    for tensor in (network.source, *(layer.output for layer in network.layers)):
        first = len(edges)
        for index, layer in enumerate(network.layers):
            for slot, operand in enumerate(layer.inputs):
                if operand != tensor:
                    continue
                slots[index, slot] = len(edges)
                edges.append(_edge(network, index, slot, split, delivered, needed))
        if tensor == network.result:
            edges.append(Edge(tensor, len(network.layers)))
        reads[tensor] = tuple(range(first, len(edges)))
    firings, work = [], work_of(path.name)
    for index, layer in enumerate(network.layers):
        endless = index < split and not grouped[index]
        outputs = network.tensors[layer.inputs[0]].columns if layer.reduces else needed[layer.output]
        # Two columns that are summed up at once cost hardly more than one.
        block = min(2 * positions if layer.reduces else positions, _best_block(network, path, layer), outputs)
        firings.append(
            Firing(
                inputs=tuple(slots[index, slot] for slot in range(len(layer.inputs))),
                output=() if index == split - 1 else reads[layer.output],
                kernel=layer.kernel,
                stride=layer.stride,
                positions=block,
                outputs=0 if endless else outputs,
                reduces=layer.reduces,
                macs=macs(layer, network.tensors),
                works=tuple(work.block(layer, network.tensors, count) for count in range(block + 1)),
                end_work=work.end(layer, network.tensors),
                waits=index >= max(split, len(network.layers) - waiting),
            )
        )
    return tuple(edges), tuple(firings), reads


def _edge(
    network: Network, index: int, slot: int, split: int, delivered: dict[int, int], needed: dict[int, int]
) -> Edge:
    layer: Layer = network.layers[index]
    tensor, padded = layer.inputs[slot], layer.pad_left or layer.pad_right
    return Edge(
        tensor,
        index,
        lead=layer.passed_over(slot),
        inputs=network.tensors[tensor].columns if padded else 0,
        pad_left=layer.pad_left,
        pad_right=layer.pad_right,
        drop=delivered[tensor] - needed[layer.output] * layer.stride if index < split else 0,
    )
