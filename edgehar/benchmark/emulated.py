"""What a model costs on an emulated Cortex-M: instructions, code, constants, RAM and stack. Never time."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark import qemu
from edgehar.benchmark.cycles import TABLES, Estimate, estimate
from edgehar.benchmark.executed import missing_plugin, plugin_option, read_executed
from edgehar.benchmark.stack import deepest_stack
from edgehar.errors import EdgeharError
from edgehar.files import temporary_folder

if TYPE_CHECKING:
    from edgehar.benchmark.results import LayerJson, TargetJson

#: Decisions that are counted; before them, the stream is brought to its steady state.
DECISIONS = 6
#: EDGEHAR_DECISION of edgehar.h.
DECISION = 1
#: `enum edgehar_reason`.
REASONS = (None, "score", "placement")


@dataclass(frozen=True)
class Push:
    """What one `edgehar_push` gave, where it gave anything.

    Attributes:
        status: `enum edgehar_status`.
        label, raw: of the decision; 0 with another status.
        reason: why the label is unsure, as a `Decision` says it.
        instructions: of this push.
        since: instructions of all pushes since the last decision, this one included.
        worst: of the longest of these.
        time_us: of the decision's newest sample.
        p: probabilities in units of 1/256.
        scores: smoothed, in units of 1/32768.
    """

    status: int
    label: int
    reason: str | None
    raw: int
    instructions: int
    since: int
    worst: int
    time_us: int
    p: tuple[int, ...]
    scores: tuple[int, ...]


@dataclass(frozen=True)
class Replay:
    """What an image printed and wrote.

    Attributes:
        pushes: those that gave a decision or a flush, in order.
        stack: bytes of stack that the deepest push used.
        layers: (instructions, firings, columns) of each layer, where the image counts them.
    """

    pushes: tuple[Push, ...]
    stack: int
    layers: tuple[tuple[int, int, int], ...]

    @property
    def decisions(self) -> tuple[Push, ...]:
        """The pushes that gave a decision."""
        return tuple(push for push in self.pushes if push.status == DECISION)


def measure(
    source: Path, target: str, *, hop: int | None = None, schedule: str = "hop", decisions: int = DECISIONS
) -> TargetJson:
    """Count what one decision costs.

    Args:
        source: a bundle with an int8 model, or an int8 `.tflite`.
        target: one of `qemu.BOARDS`.
        hop: samples between decisions for the incremental engine; None for the whole-window engine.
        schedule: `hop` or `spread`, of the incremental engine.
        decisions: how many are averaged.

    Returns:
        one row: `target`, `engine`, `instructions` (whole-window engine: of the push that decides; incremental: of all
        pushes since the last decision), `instructions_after_last_sample`, `instructions_worst_push` and
        `instructions_mean_push` (of all pushes between two decisions), `instructions_least_push` (what the layers
        alone ask of the worst push, whatever the order: `compile.bound`; None of whole windows), `cycles_estimate` and
        `cycles_error` for the same as `instructions` (None where the core's manual or this machine does not tell; see
        `cycles`),
        `instructions_per_mac`, `code_bytes`,
        `constant_bytes`, `model_bytes`, `ram_bytes` (all without the stack), `stack_bytes` (painted),
        `stack_bytes_static` (by -fstack-usage) and `layers`.

    Raises:
        EdgeharError: tools are missing, the model does not fit the board, or the engine does not cover it.
    """
    from edgehar.compile.bound import least_worst
    from edgehar.compile.kernel_path import load_kernel_path
    from edgehar.compile.plan import make_plan
    from edgehar.compile.read import read_network

    board = qemu.board(target)
    qemu.require_tools()
    tflite = find_int8(source)
    network = read_network(tflite)
    plan = make_plan(network, kernels=board.kernel, hop=hop, schedule=schedule)
    taken = network.tensors[network.source]
    window = taken.columns
    step = hop or window
    steady = window + 3 * window // step * step
    samples = made_up_samples(steady + decisions * step, taken.channels)
    with temporary_folder() as folder:
        image = build_image(tflite, board.core, folder, hop=hop, schedule=schedule)
        replayed = replay(board.core, image, samples, step, folder)
        counted_pushes, shared = (len(samples) - steady, decisions) if plan.split else (1, 1)
        cycles = _estimate(board.core, image, samples, step, folder, len(samples) - counted_pushes)
        profile = qemu.build(board.core, "profile", folder, model=folder)
        begin = replay(board.core, profile, samples[:steady], step, folder).layers
        profiled = replay(board.core, profile, samples, step, folder).layers
        sizes = section_sizes(image)
        kernels = {*plan.kernel_path.kernels.values(), *load_kernel_path("portable").kernels.values()}
        static = deepest_stack(image, folder, "edgehar_push", kernels, ("edgehar_spread",))
    counted = replayed.decisions[-decisions:]
    late = round(float(np.mean([push.instructions for push in counted])))
    worst = max(push.worst for push in counted)
    everything = round(float(np.mean([push.since for push in counted])))
    nominal = [network.tensors[layer.output].columns for layer in network.layers]
    macs = sum(n * firing.macs for n, firing in zip(nominal, plan.firings, strict=True))
    macs = plan.macs if plan.split else macs
    instructions = everything if plan.split else late
    counts = [(after[0] - before[0], after[2] - before[2]) for before, after in zip(begin, profiled, strict=True)]
    least = least_worst(plan, [spent / max(made, 1) for spent, made in counts]) if plan.split else None
    return {
        "target": board.core,
        "engine": f"incremental hop {hop} ({schedule})" if plan.split else "whole window",
        "instructions": instructions,
        "instructions_after_last_sample": late,
        "cycles_estimate": None if cycles is None else round(cycles.cycles / shared),
        "cycles_error": None if cycles is None else round(cycles.error / shared),
        "instructions_worst_push": worst,
        "instructions_mean_push": round(everything / step),
        "instructions_least_push": None if least is None else round(least),
        "macs": macs,
        "instructions_per_mac": round(instructions / macs, 4) if macs else None,
        "code_bytes": sizes[".text"],
        "constant_bytes": sizes[".rodata"],
        "model_bytes": sizes[".model"],
        "ram_bytes": sizes[".data"] + sizes[".bss"],
        "stack_bytes": replayed.stack,
        "stack_bytes_static": static,
        "layers": [
            _layer_row(f"{index} {layer.kind}", firing.macs, *count, decisions)
            for index, (layer, firing, count) in enumerate(zip(network.layers, plan.firings, counts, strict=True))
        ],
    }


def _estimate(
    target: str, image: Path, samples: NDArray[np.float32], hop: int, folder: Path, skip: int
) -> Estimate | None:
    """Cycles of all pushes but the first `skip`; None where nothing can be said."""
    if target not in TABLES or missing_plugin():
        return None
    plugin = plugin_option(image, folder, start="edgehar_push", stop="board_ticks", skip=skip)
    replay(target, image, samples, hop, folder, plugin=plugin)
    return estimate(target, read_executed(image, folder))


def _layer_row(name: str, macs: int, instructions: int, columns: int, decisions: int) -> LayerJson:
    """One layer of `measure`, a decision; `macs` is of one output column."""
    return {
        "layer": name,
        "instructions": round(instructions / decisions),
        "columns": round(columns / decisions, 2),
        "instructions_per_mac": round(instructions / columns / macs, 4) if macs and columns else None,
    }


def find_int8(source: Path) -> Path:
    """The int8 model of a bundle, or the `.tflite` itself."""
    if source.is_dir():
        from edgehar.bundle import open_bundle

        return open_bundle(source).file("model_int8.tflite")
    return source


def build_image(tflite: Path, target: str, folder: Path, *, hop: int | None = None, schedule: str = "hop") -> Path:
    """Compile a model for a core and link it with the engine and the replaying program; returns the image."""
    from edgehar.compile.c import write_c

    write_c(tflite, folder, kernels=qemu.board(target).kernel, hop=hop, schedule=schedule)
    return qemu.build(target, "image", folder, model=folder)


def made_up_samples(count: int, channels: int = 3) -> NDArray[np.float32]:
    """Samples with which to count: walking-like, float32 (count, channels), the same every time."""
    rng = np.random.default_rng(20)
    phase = np.arange(count)[:, None] * 2 * np.pi * 2.0 / 20.0 + np.arange(channels)
    samples = np.resize([1.0, 9.0, 2.0], channels) + 3 * np.sin(phase) + rng.standard_normal((count, channels))
    return np.asarray(samples, np.float32)


def replay(
    target: str,
    image: Path,
    samples: NDArray[np.float32],
    hop: int,
    folder: Path,
    times_us: Sequence[int] | None = None,
    plugin: str | None = None,
    words: Sequence[str | Path] = (),
) -> Replay:
    """Feed samples to an image.

    Args:
        target: the core that the image is for.
        image: made by `build_image`.
        samples: float32 (N, channels); not finite where the test wants it.
        hop: samples between decisions.
        folder: where samples.bin and results.bin go.
        times_us: one per sample; 20 Hz where absent.
        plugin: QEMU's option of a plugin; see `executed`.
        words: further ones of the image's command line.
    """
    records = np.zeros(len(samples), np.dtype([("values", "<f4", (samples.shape[1],)), ("time", "<u8")]))
    records["values"] = samples
    records["time"] = np.arange(len(samples)) * 50_000 if times_us is None else list(times_us)
    (folder / "samples.bin").write_bytes(records.tobytes())
    results = folder / "results.bin"
    lines = qemu.run(target, image, [folder / "samples.bin", results, str(hop), *words], plugin=plugin)
    said = {line.split()[0]: line.split()[1:] for line in lines if not line.startswith("layer ")}
    if "stack" not in said:
        raise EdgeharError(f"the image for {target} printed no stack: {' / '.join(lines[-3:])}")
    layers = [line.split()[2:] for line in lines if line.startswith("layer ")]
    return Replay(
        tuple(_pushes(target, results.read_bytes(), int(said["classes"][0]))),
        int(said["stack"][0]),
        tuple((qemu.instructions(target, int(t)), int(n), int(c)) for t, n, c in layers),
    )


def section_sizes(image: Path) -> dict[str, int]:
    """Bytes of each section; see firmware_ref/port/qemu/sections.ld for what lies in which."""
    listing = subprocess.run(["arm-none-eabi-size", "-A", str(image)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines() if line.startswith(".")]
    return {row[0]: int(row[1]) for row in rows}


def _pushes(target: str, data: bytes, classes: int) -> list[Push]:
    pushes, at = [], 0
    while at < len(data):
        status, label, reason, raw, ticks, since, worst, time_us = struct.unpack_from("<4i3IQ", data, at)
        at += 36
        p: tuple[int, ...] = ()
        scores: tuple[int, ...] = ()
        if status == DECISION:
            p = struct.unpack_from(f"<{classes}B", data, at)
            scores = struct.unpack_from(f"<{classes}i", data, at + classes)
            at += 5 * classes
        spent, total, most = (qemu.instructions(target, count) for count in (ticks, since, worst))
        pushes.append(Push(status, label, REASONS[reason], raw, spent, total, most, time_us, p, scores))
    return pushes
