"""Which instructions an emulated core executes, and how often: by a plugin of QEMU, which is built here.

The plugin is firmware_ref/port/qemu/count_plugin.c; it counts between one function's entry and another's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from edgehar.benchmark.cycles import Executed
from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError


def missing_plugin() -> str | None:
    """None where instructions can be told apart here, else one line that says what is missing."""
    if shutil.which("cc") is None:
        return "an estimate of cycles needs a C compiler for this machine; on Debian or Ubuntu: apt-get install gcc"
    if "-plugin" not in _said("qemu-system-arm", "--help"):
        return "an estimate of cycles needs a qemu-system-arm that loads plugins, such as Debian's"
    return None


def plugin_option(image: Path, folder: Path, *, start: str, stop: str, skip: int) -> str:
    """Build the plugin, and give QEMU's option that loads it for an image.

    Args:
        image: ELF file; its section .text is counted.
        folder: where the plugin and its counts go.
        start, stop: counting begins where the one function is entered and ends where the other is.
        skip: entries of `start` that pass without counting.

    Raises:
        EdgeharError: the compiler fails, or the image has no such functions.
    """
    source, library = engine_dir() / "port" / "qemu" / "count_plugin.c", folder / "count_plugin.so"
    # Their interface has a number: 1 up to QEMU 8, 2 since.
    found = re.search(r"version (\d+)", _said("qemu-system-arm", "--version"))
    version = 2 if found and int(found[1]) > 8 else 1
    command = ["cc", "-O2", "-shared", "-fPIC", f"-DEDGEHAR_PLUGIN_VERSION={version}", str(source), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EdgeharError(f"cannot build {source.name}: {(done.stderr.splitlines() or ['cc failed'])[0]}")
    symbols = re.findall(r"^([0-9a-f]+) [Tt] (\S+)$", _said("arm-none-eabi-nm", str(image)), re.MULTILINE)
    at = {name: int(address, 16) & ~1 for address, name in symbols}
    section = re.search(
        r"^\s*\d+ \.text\s+(\w+)\s+(\w+)", _said("arm-none-eabi-objdump", "-h", str(image)), re.MULTILINE
    )
    if section is None or start not in at or stop not in at:
        raise EdgeharError(f"expected an image with the functions {start} and {stop}, got {image.name}")
    low = int(section[2], 16)
    words = {"low": low, "high": low + int(section[1], 16), "start": at[start], "stop": at[stop], "skip": skip}
    return ",".join([str(library), *(f"{key}={value:#x}" for key, value in words.items()), f"out={_counts(folder)}"])


def read_executed(image: Path, folder: Path) -> list[Executed]:
    """What the plugin counted in the last run, in the order of addresses."""
    lines = [line.split() for line in _counts(folder).read_text(encoding="utf-8").splitlines()]
    counts = {int(address, 16): (int(times), int(jumps)) for address, times, jumps in lines}
    listing = _said("arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(image))
    # Some instructions of Helium are new to the disassembler: they have no name.
    rows = re.findall(r"^ *([0-9a-f]+):\t([^\s@]*)[ \t]*([^@;\n]*)", listing, re.MULTILINE)
    code = {int(address, 16): (name, operands.strip()) for address, name, operands in rows}
    return [Executed(at, *code[at], *counts[at]) for at in sorted(counts)]


def _counts(folder: Path) -> Path:
    return folder / "executed.txt"


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
