"""What a sensor at its own rate costs on an emulated Cortex-M, beside samples at the model's rate. Never time."""

from __future__ import annotations

from pathlib import Path

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import find_int8
from edgehar.files import temporary_folder


def measure_sensing(source: Path, target: str, sensor_hz: float) -> dict[str, int]:
    """Instructions of one output, a sample at the model's rate that decides nothing.

    Args:
        source: a bundle with an int8 model, or an int8 `.tflite`.
        target: one of `qemu.BOARDS`.
        sensor_hz: the sensor's rate.
    Returns:
        `instructions_plain`, of a sensor at the model's rate: its push, axes, unit and int8; and what the filter adds
        to it, with all that each of the sensor's samples takes: `instructions_untimed` and `instructions_timed`.
    Raises:
        EdgeharError: tools are missing, or the engine does not cover the model or the rate.
    """
    from edgehar.compile.c import write_c

    board = qemu.board(target)
    with temporary_folder() as folder:
        write_c(find_int8(source), folder, kernels=board.kernel, sensor_hz=sensor_hz)
        image = qemu.build(board.core, "sensor", folder, model=folder)
        said = dict(line.split()[:2] for line in qemu.run(board.core, image, []))
    outputs = int(said["outputs"])
    each = {
        key: round(qemu.instructions(board.core, int(said[key])) / outputs) for key in ("plain", "untimed", "timed")
    }
    return {
        "instructions_plain": each["plain"],
        "instructions_untimed": each["untimed"] - each["plain"],
        "instructions_timed": each["timed"] - each["plain"],
    }
