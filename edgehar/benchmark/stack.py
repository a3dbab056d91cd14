"""The deepest stack that an image can need, from the compiler's frame sizes and the linked code's calls."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from functools import cache
from pathlib import Path

#: What calls a model's `share` and no other pointer.
SHARING = ("edgehar_engine_feed", "edgehar_engine_decide")
_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_CALL = re.compile(r"\tb(?:l|lx|\.w|\.n)?\t[0-9a-f]+ <([^>+]+)>")
_REGISTERS = re.compile(r"\t(v?push|v?stmdb)(?:\.w)?\t(?:sp!, )?\{([^}]+)\}")
_RESERVE = re.compile(r"\tsubw?(?:\.w)?\tsp, (?:sp, )?#(\d+)")


def deepest_stack(
    image: Path, objects: Path, entry: str, indirect: Collection[str], shared: Collection[str] = ()
) -> int:
    """Bytes of the longest chain of frames below `entry`.

    C functions have the size that `-fstack-usage` gives; those in assembly, what they push. The engine does not
    recurse.

    Args:
        image: ELF file, linked.
        objects: folder with the compiler's `.su` files.
        entry: the function called.
        indirect: functions that a call through a pointer may reach.
        shared: those that it reaches instead where one of `SHARING` calls.
    """
    listing = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(image)], capture_output=True, text=True, check=True
    ).stdout
    frames, calls = _read(listing)
    frames.update(_compiler_frames(objects, frames))

    @cache
    def depth(name: str) -> int:
        reached = shared if name in SHARING else indirect
        below = set(reached) & set(frames) if "*" in calls[name] else set()
        below |= calls[name] & set(frames) - {name}
        return frames[name] + max((depth(other) for other in below), default=0)

    return depth(entry)


def _read(listing: str) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Bytes pushed and functions called by each function of a disassembly; `*` is a call through a pointer."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    name = ""
    for line in listing.splitlines():
        if found := _FUNCTION.match(line):
            name = found[1]
            frames[name], calls[name] = 0, set()
        elif not name:
            continue
        elif found := _CALL.search(line):
            calls[name].add(found[1])
        elif "\tblx\t" in line:
            calls[name].add("*")
        elif found := _REGISTERS.search(line):
            frames[name] += _register_bytes(found[2], 8 if found[1].startswith("v") else 4)
        elif found := _RESERVE.search(line):
            frames[name] += int(found[1])
    return frames, calls


def _register_bytes(registers: str, size: int) -> int:
    count = 0
    for part in registers.split(","):
        ends = [re.sub(r"\D", "", end) for end in part.split("-")]
        count += int(ends[1]) - int(ends[0]) + 1 if len(ends) == 2 and all(ends) else 1
    return count * size


def _compiler_frames(objects: Path, linked: Collection[str]) -> dict[str, int]:
    """Frame sizes by linked name; a clone such as `run.constprop.0` has its original's.

    Of static functions of one name in several files, as in what the engine is compiled to a second time, the largest.
    """
    sizes: dict[str, int] = {}
    for path in sorted(objects.glob("*.su")):
        for line in path.read_text(encoding="utf-8").splitlines():
            where, size, _ = line.split("\t")
            name = where.rsplit(":", 1)[1]
            sizes[name] = max(int(size), sizes.get(name, 0))
    return {name: sizes[name.split(".")[0]] for name in linked if name.split(".")[0] in sizes}
