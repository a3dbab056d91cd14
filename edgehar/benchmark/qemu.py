"""Building images for emulated Cortex-M boards and running them.

QEMU runs with `-icount shift=0`: one instruction takes one nanosecond of its clock, so that a board timer
counts instructions, exactly and repeatably. Nothing here is time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError

PACKAGES = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm")


@dataclass(frozen=True)
class Board:
    """An emulated board.

    Attributes:
        core: name of the processor, as in `--target`.
        machine: QEMU's name of the board.
        per_tick: instructions in one tick of the board's timer, 1e9 / clock in Hz.
        kernel: kernel path that the core runs.
    """

    core: str
    machine: str
    per_tick: Fraction
    kernel: str


BOARDS = {
    board.core: board
    for board in (
        Board("cortex-m0", "microbit", Fraction(125, 2), "thumb"),
        Board("cortex-m3", "mps2-an385", Fraction(40), "thumb2"),
        Board("cortex-m4", "mps2-an386", Fraction(40), "dsp"),
        Board("cortex-m7", "mps2-an500", Fraction(40), "dsp"),
        Board("cortex-m33", "mps2-an505", Fraction(50), "dsp"),
        Board("cortex-m55", "mps3-an547", Fraction(125, 4), "mve"),
    )
}


def board(target: str) -> Board:
    """The board of a `--target`, with or without the prefix `cortex-`.

    Raises:
        EdgeharError: no such target.
    """
    name = target if target.startswith("cortex-") else f"cortex-{target}"
    if name not in BOARDS:
        raise EdgeharError(f"expected a target out of {', '.join(BOARDS)}, got {target!r}")
    return BOARDS[name]


def missing_tools() -> str | None:
    """None where images can be built and run here, else one line that says what to install."""
    absent = [tool for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "make") if shutil.which(tool) is None]
    if not absent and not _has_newlib():
        absent = ["newlib for arm-none-eabi"]
    if not absent:
        return None
    return f"emulated targets need {', '.join(absent)}; on Debian or Ubuntu: apt-get install {' '.join(PACKAGES)} make"


def require_tools() -> None:
    """Raise EdgeharError with the line of `missing_tools`, if there is one."""
    line = missing_tools()
    if line:
        raise EdgeharError(line)


def build(target: str, goal: str, folder: Path, *, model: Path | None = None, **settings: str) -> Path:
    """Build an image with the port's Makefile.

    Args:
        target: the core.
        goal: `image` for the model's engine, `kernels` for one kernel path.
        folder: where objects and the image go.
        model: folder with one generated model, for `image`.
        settings: further variables of the Makefile.

    Returns:
        The image. `folder` also holds the map and the `.su` files of stack usage.

    Raises:
        EdgeharError: no tools, the model does not fit the board, or the compiler refuses; the message ends
            with the first complaint.
    """
    require_tools()
    core = board(target).core
    command = [
        "make",
        "-s",
        "-C",
        str(engine_dir() / "port" / "qemu"),
        goal,
        f"CPU={core}",
        f"BUILD={folder.resolve()}",
    ]
    command += [f"MODEL={model.resolve()}"] if model else []
    command += [f"{key}={value}" for key, value in settings.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise build_error(target, "the image", done.stderr)
    short = core.removeprefix("cortex-")
    return folder / (f"edgehar-{short}.elf" if goal == "image" else f"{goal}-{short}.elf")


def build_error(target: str, what: str, complaints: str) -> EdgeharError:
    """The error to raise where compiler or linker refused, from what they wrote: the first complaint that says why."""
    core = board(target).core
    over = re.search(r"region `(\w+)' overflowed by (\d+) bytes", complaints)
    if over:
        return EdgeharError(
            f"{what} needs {int(over[2]):,} bytes more {over[1]} than {board(target).machine} ({core}) has; "
            "take a smaller model or another target"
        )
    written = [line.strip() for line in complaints.splitlines() if line.strip()]
    why = [line for line in written if "error" in line.lower() or "undefined reference" in line]
    return EdgeharError(f"cannot build {what} for {core}: {(why or written or ['no word of why'])[0]}")


def run(
    target: str, image: Path, arguments: Sequence[str | Path], *, plugin: str | None = None, timeout_s: float = 300.0
) -> list[str]:
    """Run an image to its end.

    Args:
        target: the core that the image is for.
        image: ELF file.
        arguments: words of the image's command line; paths are files of this machine.
        plugin: option of a plugin; see `executed`.
        timeout_s: seconds after which a hanging image is stopped.

    Returns:
        The lines that it printed.

    Raises:
        EdgeharError: it exits with another status than 0, hangs, or its timer is not calibrated as expected.
    """
    require_tools()
    where = board(target)
    words = [image.name, *(str(word) for word in arguments)]
    if any(" " in word or "," in word for word in words):
        raise EdgeharError(f"expected paths without blanks and commas for the emulator, got {words}")
    semihosting = ",".join(["enable=on", "target=native", *(f"arg={word}" for word in words)])
    command = ["qemu-system-arm", "-M", where.machine, "-nographic", "-monitor", "none", "-serial", "none"]
    command += ["-icount", "shift=0", "-semihosting-config", semihosting, "-kernel", str(image)]
    command += ["-plugin", plugin] if plugin else []
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout_s, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise EdgeharError(f"the image for {where.core} did not end within {timeout_s:g} s: {image}") from error
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line]
    if done.returncode:
        raise EdgeharError(f"the image for {where.core} ended with status {done.returncode}: {' / '.join(lines[-3:])}")
    _check_calibration(where, lines)
    return lines


def instructions(target: str, ticks: int) -> int:
    """Instructions in a number of timer ticks, to within one tick."""
    return int(ticks * board(target).per_tick)


def _has_newlib() -> bool:
    done = subprocess.run(["arm-none-eabi-gcc", "-print-file-name=libc.a"], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip()).is_absolute()


def _check_calibration(where: Board, lines: list[str]) -> None:
    """Compare the loop of known length that every image runs with this board's ratio."""
    for line in lines:
        if line.startswith("calibration "):
            _, loop, ticks = line.split()
            if abs(int(loop) / where.per_tick - int(ticks)) > 2:
                raise EdgeharError(
                    f"expected {float(where.per_tick):g} instructions per tick on {where.machine}, got "
                    f"{int(loop) / int(ticks):.3f}; another version of QEMU has another clock there"
                )
            return
    raise EdgeharError(f"the image for {where.core} printed no calibration: {' / '.join(lines[:3])}")
