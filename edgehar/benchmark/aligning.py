"""Alignment and profile on an emulated Cortex-M: what they give, and what they cost there. Never time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import Replay, find_int8, made_up_samples, replay, section_sizes
from edgehar.compile.c import write_c
from edgehar.files import temporary_folder
from edgehar.models.carried import find_contract

_RESULT = struct.Struct("<3I9h2x")
#: Samples between decisions, and of a stream, whose last half is counted.
HOP, SAMPLES = 20, 1_600
#: EDGEHAR_FLUSH_ALIGNED of edgehar.h.
ALIGNED = 7


@dataclass(frozen=True)
class AlignRun:
    """What the core gave.

    Attributes:
        found: samples until the rotation was known; 0 where it never was.
        rotation: 3 × 3 in Q14, row by row.
        instructions: of all samples until then; `turn`: of the rotation.
    """

    found: int
    rotation: tuple[int, ...]
    instructions: int
    turn: int


def run_streams(
    streams: Sequence[NDArray[np.int64]], gravity: tuple[int, int, int], target: str, folder: Path
) -> list[AlignRun]:
    """Tell walking and rotation of streams (N, 3) in Q8, one after the other, in one run of the emulator.

    Args:
        gravity: what to turn it to, Q14.
    Raises:
        EdgeharError: tools are missing, or the image ends with an error.
    """
    image = qemu.build(target, "align", folder)
    content = b""
    for stream in streams:
        rows = np.zeros((len(stream), 4), "<i2")
        rows[:, :3] = stream
        content += struct.pack("<i4h", len(stream), *gravity, 0) + rows.tobytes()
    (folder / "streams.bin").write_bytes(content)
    qemu.run(target, image, [folder / "streams.bin", folder / "results.bin"])
    return [
        AlignRun(found, tuple(rotation), qemu.instructions(target, ticks), qemu.instructions(target, turn))
        for found, ticks, turn, *rotation in _RESULT.iter_unpack((folder / "results.bin").read_bytes())
    ]


def measure_aligning(source: Path, target: str) -> dict[str, int]:
    """What a sample costs beyond the model itself, where a profile's last layer runs and alignment waits for walking.

    Args:
        source: a bundle with an int8 model, or an int8 `.tflite`.
        target: one of `qemu.BOARDS`.
    Returns:
        `waiting_instructions` of a sample, on average, while nobody walks and everything moves, which is the most;
        `aligned_instructions` of one when the rotation is known; `ram_bytes` of both together; `code_bytes`.
    Raises:
        EdgeharError: as `run_streams`.
    """
    noise = np.random.default_rng(21).normal((1, 9, 2), 2.5, (SAMPLES, 3)).astype(np.float32)
    walking = made_up_samples(SAMPLES)
    with temporary_folder() as name:
        runs, sizes = {}, {}
        for kind, defines in (("plain", {}), ("personal", {"DEFINES": "-DEDGEHAR_REPLAY_PERSONAL"})):
            folder = name / kind
            folder.mkdir()
            path = find_int8(source)
            write_c(path, folder, kernels=qemu.board(target).kernel, contract=find_contract(path))
            image = qemu.build(target, "image", folder, model=folder, **defines)
            runs[kind] = [_cost(replay(target, image, some, HOP, folder)) for some in (noise, walking)]
            sizes[kind] = section_sizes(image)
    (waiting, was), (turned, were) = ((runs["personal"][index][0], runs["plain"][index][0]) for index in range(2))
    assert not runs["personal"][0][1] and runs["personal"][1][1] and not runs["plain"][1][1]
    more = {key: sizes["personal"][key] - sizes["plain"][key] for key in (".text", ".data", ".bss")}
    return {
        "waiting_instructions": round(waiting - was),
        "aligned_instructions": round(turned - were),
        "ram_bytes": more[".data"] + more[".bss"],
        "code_bytes": more[".text"],
    }


def _cost(run: Replay) -> tuple[float, bool]:
    """Instructions of a sample in the stream's last half, and whether it was aligned before."""
    last = [push.since for push in run.decisions[-SAMPLES // 2 // HOP :]]
    return float(np.mean(last)) / HOP, any(push.status == ALIGNED for push in run.pushes)
